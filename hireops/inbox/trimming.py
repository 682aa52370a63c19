"""Throwing away what old events said, by the month. The events stay: they tell one that comes once more.

What took effect is kept for ``INBOX_KEEP_DAYS`` after the month in which it came; what did not, and may yet
be replayed, is taken out of that month first, and kept for ``INBOX_KEEP_UNHANDLED_DAYS`` after it came. The
content of an event that waits to be handled is never touched. Attempts go with their month after that.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from hireops.database import clock, months
from hireops.inbox.event_queries import EventQuery, by_index, ids_between
from hireops.inbox.models import MONTHLY, Attempt, Conflict, Event, EventContent

PIECE = 500
NOT_HANDLED = (Event.State.UNHANDLED, Event.State.FAILED, Event.State.UNREADABLE, Event.State.SET_ASIDE)
IS_DUE = Q(event__not_before__isnull=False)


def trim() -> None:
    """In many short transactions. Cut off, the next night goes on."""
    now = clock.now()
    long_ago = now - timedelta(days=settings.INBOX_KEEP_UNHANDLED_DAYS)
    first_kept = months.month_of(now - timedelta(days=settings.INBOX_KEEP_DAYS))
    months.make_ahead(*MONTHLY)
    # Before the others are looked at: one of these may fail for good meanwhile, and is to be kept longer.
    of_due = set(EventContent.objects.filter(IS_DUE).values_list("month", flat=True))
    _keep_longer(first_kept)
    months.drop_before(EventContent, first_kept, but=of_due)
    _delete_what_took_effect_since(months.begins(first_kept))
    _delete_what_nobody_replayed(long_ago)
    _empty_other_contents()
    months.drop_before(Attempt, months.month_of(long_ago))


def _keep_longer(first_kept: int) -> None:
    """What is not handled is no longer of its month."""
    over = EventContent.objects.filter(month__gt=months.KEPT, month__lt=first_kept)
    for state in NOT_HANDLED:
        for piece in _ids_in_pieces(state, until=months.begins(first_kept), content__month__gt=months.KEPT):
            over.filter(event__in=piece).exclude(IS_DUE).update(month=months.KEPT)


def _delete_what_took_effect_since(until: datetime) -> None:
    """Of what was kept longer."""
    _after, end = ids_between(EventQuery(until=until))
    kept = EventContent.objects.filter(month=months.KEPT, event__lt=end)
    handled = kept.filter(event__state=Event.State.HANDLED).values_list("pk", flat=True)
    while piece := list(handled[:PIECE]):
        _delete(piece)


def _delete_what_nobody_replayed(long_ago: datetime) -> None:
    for state in NOT_HANDLED:
        for piece in _ids_in_pieces(state, until=long_ago, content__isnull=False):
            _delete(piece)


def _ids_in_pieces(state: Event.State, *, until: datetime, **content: object) -> Iterator[list[int]]:
    """Of events that came before that in this state, with such content, the oldest first."""
    after, end = ids_between(EventQuery(until=until))
    while True:
        rows = by_index("state", state, after=after, before=end).reverse()
        piece = list(rows.filter(received_at__lt=until, **content).values_list("pk", flat=True)[:PIECE])
        if not piece:
            return
        yield piece
        after = piece[-1]


def _delete(piece: list[int]) -> None:
    """Whoever replays one of them at this moment either comes first or is refused."""
    with transaction.atomic():
        over = Event.objects.select_for_update().filter(pk__in=piece, not_before=None)
        ids = list(over.values_list("pk", flat=True))
        EventContent.objects.filter(event__in=ids).delete()


def _empty_other_contents() -> None:
    """That came under the id of an event whose own is gone."""
    kept = Exists(EventContent.objects.filter(event=OuterRef("event")))
    Conflict.objects.exclude(kept).exclude(raw=b"").update(raw=b"", payload=None)
