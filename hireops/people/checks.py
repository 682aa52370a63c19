"""What ``manage.py check --deploy`` says about signing in."""

from typing import Any

from django.conf import settings
from django.core import checks


def addresses_of_strangers_are_seen(**_: Any) -> list[checks.CheckMessage]:
    """Behind a proxy all wrong passwords seem to come from it, and lock out everybody who does too."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        text = "TRUSTED_PROXIES is 0, although a proxy adds TLS: wrong passwords of one lock out everybody."
        return [checks.Warning(text, hint="Set TRUSTED_PROXIES=1.", id="people.W001")]
    return []
