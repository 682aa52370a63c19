"""Finding events among ten million: every question is answered by one short walk along one index.

A walk goes over the rows with one value in one column, from one id to another, newest first; the index of
that column is (value, id). It is asked for as a comparison of rows, ``(state, id) > ('failed', 0)``, because
with ``state = 'failed'`` PostgreSQL may prefer to walk the primary key and filter, which reads millions of
rows when the wanted ones are all old. For the same reason nothing here counts without an order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.inbox.registry import labels

Events = QuerySet[Event]

# Of events that are wanted for two reasons at once, so many with the rarer one are looked at, piece by piece
# until there are enough to turn pages in.
LOOKED_AT, PIECE, ENOUGH = 5000, 1000, 500
LAST_ID = 2**63 - 1
# Ids and times of arrival have the same order, except for rows that arrive within one another's seconds.
DISORDER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Wanted:
    """``equal`` says which indexed columns have which value, ``since`` to ``before`` when it arrived.

    By their subject no events of the types in ``hidden`` are found.
    """

    equal: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    before: int = LAST_ID
    hidden: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """``rows`` in their order. ``looked_back_to`` is an id if there may be more before it."""

    rows: Events
    looked_back_to: int | None = None


def walk(column: str, value: str, *, after: int = 0, before: int = LAST_ID) -> Events:
    """The events with that value whose id lies between the two, newest first."""
    if connection.vendor == "sqlite":  # it has no rows to compare, and takes the index without being told
        return Event.objects.filter(**{column: value}, id__gt=after, id__lt=before).order_by("-id")
    place = Tuple(F(column), F("id"))
    return Event.objects.filter(
        TupleGreaterThan(place, (value, after)),
        TupleLessThan(place, (value, before)),
        **{f"{column}__isnull": False},  # what a partial index wants to hear
    ).order_by(f"-{column}", "-id")


def find(wanted: Wanted) -> Found:
    """The events that are wanted, newest first."""
    after, before = ids_between(wanted)
    if len(wanted.equal) < 2:  # noqa: PLR2004
        walks = [walk(column, value, after=after, before=before) for column, value in wanted.equal.items()]
        rows = walks[0] if walks else Event.objects.filter(id__gt=after, id__lt=before).order_by("-id")
        return Found(_within(rows, wanted))
    return _find_in_rarest(wanted, after, before)


def _find_in_rarest(wanted: Wanted, after: int, before: int) -> Found:
    """Two conditions have no common index: those with the rarer value are read and the others picked."""
    walks = [walk(column, value, after=after, before=before) for column, value in wanted.equal.items()]
    ends = [rows.values_list("id", flat=True)[LOOKED_AT - 1 : LOOKED_AT].first() for rows in walks]
    (rarest, value), end = min(
        zip(wanted.equal.items(), ends, strict=True), key=lambda walked: walked[1] or 0
    )
    oldest = end - 1 if end else after
    ids: list[int] = []
    while len(ids) < ENOUGH:
        piece = walk(rarest, value, after=oldest, before=before).values_list("id", *wanted.equal)[:PIECE]
        read = list(piece)
        ids += [row[0] for row in read if row[1:] == tuple(wanted.equal.values())]
        if len(read) < PIECE:
            return _found(ids, wanted, end)
        before = read[-1][0]
    return _found(ids, wanted, before)


def _found(ids: Collection[int], wanted: Wanted, looked_back_to: int | None) -> Found:
    return Found(_within(Event.objects.filter(pk__in=ids).order_by("-id"), wanted), looked_back_to)


def _within(rows: Events, wanted: Wanted) -> Events:
    rows = rows.exclude(event_type__in=wanted.hidden) if "subject" in wanted.equal else rows
    rows = rows.filter(received_at__gte=wanted.since) if wanted.since else rows
    return rows.filter(received_at__lt=wanted.until) if wanted.until else rows


def ids_between(wanted: Wanted) -> tuple[int, int]:
    """Ids outside of which no event arrived at the wanted time."""
    after, before = 0, wanted.before
    by_time = Event.objects.values_list("id", flat=True)
    if wanted.since:
        earlier = by_time.filter(received_at__lt=wanted.since - DISORDER).order_by("-received_at")
        after = earlier.first() or 0
    if wanted.until:
        later = by_time.filter(received_at__gte=wanted.until + DISORDER).order_by("received_at")
        before = min(before, later.first() or LAST_ID)
    return after, before


def meaning_of(term: str, hidden: Collection[str] = ()) -> dict[str, str] | None:
    """Which column has what somebody typed as its whole value. None if there is nothing like it.

    The subject counts only where it is that of an event whose type is not in ``hidden``.
    """
    if Event.objects.filter(event_id=term).exists():
        return {"event_id": term}
    named = {"event_type": _type_named(term), "tenant_key": _tenant_named(term)}
    for column in ("subject", "event_type", "tenant_key"):
        value = named.get(column) or term
        rows = walk(column, value)
        if (rows.exclude(event_type__in=hidden) if column == "subject" else rows)[:1]:
            return {column: value}
    return None


def _type_named(term: str) -> str | None:
    return next((event_type for event_type, label in labels().items() if label == term), None)


def _tenant_named(term: str) -> str | None:
    return Tenant.objects.filter(name=term).values_list("tenant_key", flat=True).first()
