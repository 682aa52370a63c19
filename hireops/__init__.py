"""hireops: the back-office for partners of Feishu Hire."""

import os
import sys

import django.conf
from django.core.exceptions import ImproperlyConfigured


def configure() -> None:
    """Load the settings, or end the process with one line that names what is wrong with them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hireops.settings")
    try:
        _ = django.conf.settings.DEBUG
    except ImproperlyConfigured as mistake:
        sys.exit(f"hireops: {mistake}")
