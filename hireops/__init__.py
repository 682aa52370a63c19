"""hireops: the back-office for partners of Feishu Hire."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django.conf
from django.core.exceptions import ImproperlyConfigured

from hireops import private_files

VERSION = "0.1.0"

GUNICORN_STOPS_FOR_GOOD = 4  # with any other exit status it would start the worker again, for ever


def configure(status: int = 1) -> None:
    """What every process does first: its files are its own, and its settings are loaded, or it ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hireops.settings")
    private_files.create_for_oneself()
    with stopping_at_mistakes(status):
        _ = django.conf.settings.DEBUG


@contextmanager
def stopping_at_mistakes(status: int = 1) -> Iterator[None]:
    """What is wrong with the settings ends the process with one line that names it."""
    try:
        yield
    except ImproperlyConfigured as mistake:
        sys.stderr.write(f"hireops: {mistake}\n")
        raise SystemExit(status) from None
