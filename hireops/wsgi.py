"""The web server's entry: ``gunicorn hireops.wsgi``."""

from django.core.wsgi import get_wsgi_application

from hireops import configure

configure()
application = get_wsgi_application()
