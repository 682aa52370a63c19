"""The Celery application: ``celery -A tests.benchmarks.minimal.worker``."""

import os

from celery import Celery

from hireops import broker

broker.register()  # for machines that have no other one
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.minimal.settings")

app = Celery("minimal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tests.benchmarks.minimal"])
