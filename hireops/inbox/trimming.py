"""Throwing away the content of old events. The rows stay: they tell an event that comes once more.

What took effect keeps its content for ``INBOX_KEEP_DAYS`` after that; what did not, and may yet be replayed,
for ``INBOX_KEEP_UNHANDLED_DAYS`` after it arrived. An event that waits to be handled is never touched.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from hireops.database import clock
from hireops.inbox.event_queries import EventQuery, by_index, ids_between
from hireops.inbox.models import Conflict, Event

PIECE = 500
NOT_HANDLED = (Event.State.UNHANDLED, Event.State.FAILED, Event.State.UNREADABLE, Event.State.SET_ASIDE)


def trim() -> int:
    """How many events were emptied, in many short transactions."""
    now = clock.now()
    emptied = _trim_handled(now - timedelta(days=settings.INBOX_KEEP_DAYS))
    long_ago = now - timedelta(days=settings.INBOX_KEEP_UNHANDLED_DAYS)
    return emptied + sum(_trim_unhandled(state, long_ago) for state in NOT_HANDLED)


def _trim_handled(before: datetime) -> int:
    emptied = 0
    old = Event.objects.filter(handled_at__lt=before, trimmed_at=None).order_by("handled_at")
    while piece := list(old.values_list("pk", flat=True)[:PIECE]):
        emptied += _empty(piece)
    return emptied


def _trim_unhandled(state: Event.State, before: datetime) -> int:
    emptied, (after, end) = 0, ids_between(EventQuery(until=before))
    while True:
        old = by_index("state", state, after=after, before=end).reverse()
        old = old.filter(received_at__lt=before, trimmed_at=None, not_before=None)
        piece = list(old.values_list("pk", flat=True)[:PIECE])
        if not piece:
            return emptied
        emptied += _empty(piece)
        after = piece[-1]


def _empty(piece: list[int]) -> int:
    """Whoever replays one of them at this moment either comes first or is refused."""
    with transaction.atomic():
        over = Event.objects.select_for_update().filter(pk__in=piece, not_before=None, trimmed_at=None)
        ids = list(over.values_list("pk", flat=True))
        Conflict.objects.filter(event__in=ids).update(raw=b"", payload=None)
        return Event.objects.filter(pk__in=ids).update(raw=b"", payload=None, trimmed_at=clock.now())
