"""The simulator's entry: ``gunicorn hireops.simulator.wsgi --bind 127.0.0.1:8100 --workers 1 --threads 16``.

Its memory is its truth, so exactly one process may serve it. A wrong environment ends it with one line.
"""

import os
import sys
from email.utils import formatdate

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from gunicorn import util

from hireops import GUNICORN_STOPS_FOR_GOOD, private_files

os.environ["DJANGO_SETTINGS_MODULE"] = "hireops.simulator.settings"
private_files.create_for_oneself()

try:
    application = get_wsgi_application()
    # Only now: these modules read the settings, which the line above may have found wanting.
    from hireops.simulator.delivery import Deliverer
    from hireops.simulator.world import the_world

    # The server writes the Date of each answer and lets nobody else do it; here it is the simulator's clock.
    util.http_date = lambda: formatdate(the_world().clock.now(), usegmt=True)
    Deliverer(the_world()).start()
except ImproperlyConfigured as mistake:
    sys.stderr.write(f"The simulator cannot start. {mistake}\n")
    raise SystemExit(GUNICORN_STOPS_FOR_GOOD) from None
