"""How single values are written in templates, by the functions that pages use in Python."""

from datetime import datetime

from django import template

from hireops.database import clock
from hireops.desk import display

register = template.Library()


@register.filter
def counted(number: int | str) -> str:
    """``12,345``; what is no bare number (``1,000+``, a word) as it is."""
    return f"{number:,}" if type(number) is int else str(number)


@register.filter
def age(since: datetime) -> str:
    """``5 min``: how long it has been."""
    return display.duration(clock.now() - since)
