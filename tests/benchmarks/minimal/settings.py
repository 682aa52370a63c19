"""No admin, no middleware, no logs. ``MINIMAL_RINGS`` is "yes" where a worker handles what was stored."""

import os

import environ

from tests.benchmarks.event_load import ENCRYPT_KEY, VERIFICATION_TOKEN

FEISHU_ENCRYPT_KEY = ENCRYPT_KEY
FEISHU_VERIFICATION_TOKEN = VERIFICATION_TOKEN
RINGS = os.environ.get("MINIMAL_RINGS") == "yes"

SECRET_KEY = "nothing-is-signed-with-this"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.benchmarks.minimal.urls"
INSTALLED_APPS = ["tests.benchmarks.minimal"]
MIDDLEWARE: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {"default": {**environ.Env.db_url_config(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}}

CELERY_BROKER_URL = os.environ["CELERY_BROKER_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# What was stored behind the last ring is found by this; every few seconds would do, if nobody waited.
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "tests.benchmarks.minimal.tasks.handle_all", "schedule": 1.0}}
CELERY_DB_REUSE_MAX = 1_000_000  # else Celery opens a connection to the database for each task
