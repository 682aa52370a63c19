"""What must be true of the guards at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db import connection

from hireops.guards.installed import differences


def guards_stand_as_declared() -> Iterator[str]:
    """None is missing, changed or disabled, and nothing else meddles with what is written."""
    return map(str, differences(connection))
