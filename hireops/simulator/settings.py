"""Django settings of the simulator's own process: pages and static files, no database, no other app."""

import secrets
from logging import LogRecord
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.log import CallbackFilter

from hireops.simulator.environment import read_environment

_environment = read_environment()

SECRET_KEY = secrets.token_urlsafe(48)  # signs nothing that has to outlive the process
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "hireops.simulator.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "django.contrib.messages", "csp", "hireops.simulator"]
MIDDLEWARE = [
    "hireops.simulator.middleware.OneProcessOnThisMachine",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hireops.simulator.middleware.PageLanguageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# hireops itself usually runs on another port of the same host, and cookies do not know ports.
CSRF_COOKIE_NAME = "simulator_csrf"
LANGUAGE_COOKIE_NAME = "simulator_language"
CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Strict"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

LANGUAGE_CODE = _environment.language
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).resolve().parent.parent.parent / "locale"]
USE_TZ = True
TIME_ZONE = _environment.time_zone

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"


def _has_traceback(record: LogRecord) -> bool:
    return record.exc_info is not None


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    # Refused calls answer 4xx and 5xx on purpose; the page shows them, the log need not.
    "filters": {"only bugs": {"()": CallbackFilter, "callback": _has_traceback}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"filters": ["only bugs"]},
        "websockets": {"level": "ERROR"},  # connections come and go; the control API shows them
    },
}
