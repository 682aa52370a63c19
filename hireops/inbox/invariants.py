"""What must always be true of events, as queries (design, promises 2 and 4)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q

from hireops.database import clock, months
from hireops.inbox.models import MONTHLY, Attempt, Event

HANDLED_ATTEMPTS = Count("attempts", filter=Q(attempts__outcome=Attempt.Outcome.HANDLED))


def broken_events() -> Iterator[str]:
    """One sentence for each event that is not as promised."""
    handled = Event.objects.filter(state=Event.State.HANDLED, handled_at__gte=_first_attempts())
    handled = handled.annotate(successes=HANDLED_ATTEMPTS)
    for event_id in handled.filter(successes=0).values_list("event_id", flat=True)[:100]:
        yield f"event {event_id} is handled, but no attempt says so"
    a_while_ago = clock.now() - timedelta(minutes=5)
    forgotten = Event.objects.filter(not_before__lt=a_while_ago)
    for event_id in forgotten.values_list("event_id", flat=True)[:100]:
        yield f"event {event_id} has been due for more than five minutes and no worker took it"
    never = Event.objects.filter(state=Event.State.PENDING, not_before=None)
    for event_id in never.values_list("event_id", flat=True)[:100]:
        yield f"event {event_id} is waiting, but nothing will ever take it"
    yield from _months_without_room()


def _months_without_room() -> Iterator[str]:
    """They are made by night, long before. An event for which there is none makes it, slowly."""
    if connection.vendor == "postgresql":
        coming = months.after(months.month_of(clock.now()))
        for table in MONTHLY:
            if coming not in months.partitions(table):
                yield f"{table._meta.db_table} has no room for the month {coming}: is beat running?"  # noqa: SLF001


def _first_attempts() -> datetime:
    """Attempts of before are dropped (``trimming``)."""
    long_ago = clock.now() - timedelta(days=settings.INBOX_KEEP_UNHANDLED_DAYS)
    return months.begins(months.after(months.month_of(long_ago)))
