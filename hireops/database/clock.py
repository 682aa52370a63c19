"""The time by the database's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import connection

# What claims to be later than the moment at which it came by more than this, whatever clocks differ, is from
# the future: that is no time.
FROM_THE_FUTURE = timedelta(minutes=5)

# While it is held: nothing until somebody has asked, then that moment.
_held: ContextVar[list[datetime] | None] = ContextVar("held", default=None)


@contextmanager
def held() -> Iterator[None]:
    """Within it ``now`` is one moment, and asked for once: for a page whose figures belong together.

    For reading only. What is written, or measured against a lease, needs the moment at which it happens.
    """
    token = _held.set([])
    try:
        yield
    finally:
        _held.reset(token)


def now() -> datetime:
    """The time by the database's clock. Leases and due times of all processes are measured by this one."""
    if (moments := _held.get()) is None:
        return _asked()
    if not moments:
        moments.append(_asked())
    return moments[0]


def _asked() -> datetime:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
            stamp = datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
            # Times are compared as text there, and "12:00:01" of a stamp second sorts before "12:00:01.000".
            return stamp if stamp.microsecond else stamp + timedelta(microseconds=1)
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment.astimezone(UTC)
