"""The application of beat alone: ``celery -A hireops.beat beat``. It asks for tasks by name and by the clock.

It knows neither models nor tasks, which are most of what a worker has in memory.
"""

import subprocess
import sys
from typing import Any

import django.conf
from celery import Celery
from celery.signals import beat_init
from django.utils.log import configure_logging

from hireops import broker, configure, garbage

# Who knows all models of hireops has them for good, so a process of its own asks.
REFUSE_ROWS_OF_ANOTHER_APP = """
from hireops import configure, demo, stopping_at_mistakes
configure()
import django
django.setup()
with stopping_at_mistakes():
    demo.refuse_rows_of_another_app()
"""

configure()
configure_logging(django.conf.settings.LOGGING_CONFIG, django.conf.settings.LOGGING)
broker.register()

app = Celery("hireops", fixups=[])  # Django's would set up all apps
app.config_from_object("django.conf:settings", namespace="CELERY")


@beat_init.connect
def _gather_little_garbage(**_details: Any) -> None:
    garbage.leave_out_what_is_loaded()


@beat_init.connect
def _refuse_rows_of_another_app(**_details: Any) -> None:
    if django.conf.settings.DEMO:
        asked = subprocess.run([sys.executable, "-c", REFUSE_ROWS_OF_ANOTHER_APP], check=False)  # noqa: S603 - our own
        if asked.returncode:
            raise SystemExit(asked.returncode)
