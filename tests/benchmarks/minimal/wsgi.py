"""The web server's entry: ``gunicorn tests.benchmarks.minimal.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.minimal.settings")
application = get_wsgi_application()
