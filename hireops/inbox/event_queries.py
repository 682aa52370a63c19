"""Queries for events among ten million: each is answered by a range scan of one index.

Each searchable column has an index (column, id). A scan covers the rows with one value in that column, from
one id to another, newest first. It is written as a comparison of rows, ``(state, id) > ('failed', 0)``:
given ``state = 'failed'``, PostgreSQL may prefer to scan the primary key and filter, which reads millions of
rows when the matching ones are all old. For the same reason nothing here counts without an order.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from hireops.desk.ownership import Seen
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.inbox.registry import is_handled, labels

Events = QuerySet[Event]

# With two conditions, at most SCANNED rows that meet the rarer one are read, BATCH at a time, until ENOUGH of
# them meet the other one as well: enough to turn pages in.
SCANNED, BATCH, ENOUGH = 5000, 1000, 500
KEPT_LOOKED_AT = 10_000
LAST_ID = 2**63 - 1
EVERY_TYPE = Seen(frozenset(), is_all=True)
# Ids and times of arrival have the same order, except for rows that arrive within one another's seconds.
DISORDER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """``equal`` gives the values of indexed columns, ``since`` and ``until`` bound the time of arrival, and
    ``before`` is an id that all events precede.

    By their subject only events of the types in ``seen`` are found.
    """

    equal: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    before: int = LAST_ID
    seen: Seen = EVERY_TYPE


@dataclass(frozen=True, slots=True)
class EventPage:
    """``rows`` in their order. ``continue_before`` is an id if older events may match, too."""

    rows: Events
    continue_before: int | None = None


def by_index(column: str, value: str, *, after: int = 0, before: int = LAST_ID) -> Events:
    """The events with that value whose id lies between the two, newest first."""
    if connection.vendor == "sqlite":  # it has no rows to compare, and takes the index anyway
        return Event.objects.filter(**{column: value}, id__gt=after, id__lt=before).order_by("-id")
    place = Tuple(F(column), F("id"))
    return Event.objects.filter(
        TupleGreaterThan(place, (value, after)),
        TupleLessThan(place, (value, before)),
        **{f"{column}__isnull": False},  # without it, PostgreSQL does not use a partial index
    ).order_by(f"-{column}", "-id")


def could_be_handled_now() -> Counter[str]:
    """How many events of each type an earlier release kept because it did not know what to do with them.

    Of the newest KEPT_LOOKED_AT without a handler, and only those that still say something.
    """
    kept = by_index("state", Event.State.UNHANDLED).values("pk")[:KEPT_LOOKED_AT]
    handled = [name for name in labels() if is_handled(name)]
    found = Event.objects.filter(pk__in=kept, event_type__in=handled, content__isnull=False)
    return Counter(found.values_list("event_type", flat=True))


def find(query: EventQuery) -> EventPage:
    """The events that match, newest first."""
    after, before = ids_between(query)
    if len(query.equal) < 2:  # noqa: PLR2004
        scans = [by_index(column, value, after=after, before=before) for column, value in query.equal.items()]
        rows = scans[0] if scans else Event.objects.filter(id__gt=after, id__lt=before).order_by("-id")
        return EventPage(_within(rows, query))
    return _find_in_rarest(query, after, before)


def all_of(query: EventQuery) -> Events:
    """The same without an end, however long it takes to read them."""
    after, before = ids_between(query)
    rows = Event.objects.filter(**query.equal, id__gt=after, id__lt=before).order_by("-id")
    return _within(rows, query)


def _find_in_rarest(query: EventQuery, after: int, before: int) -> EventPage:
    """Two conditions have no common index: the rows with the rarer value are read, then filtered."""
    scans = [by_index(column, value, after=after, before=before) for column, value in query.equal.items()]
    ends = [rows.values_list("id", flat=True)[SCANNED - 1 : SCANNED].first() for rows in scans]
    (rarest, value), end = min(
        zip(query.equal.items(), ends, strict=True), key=lambda scanned: scanned[1] or 0
    )
    oldest = end - 1 if end else after
    ids: list[int] = []
    while len(ids) < ENOUGH:
        batch = by_index(rarest, value, after=oldest, before=before).values_list("id", *query.equal)[:BATCH]
        read = list(batch)
        ids += [row[0] for row in read if row[1:] == tuple(query.equal.values())]
        if len(read) < BATCH:
            return _page(ids, query, end)
        before = read[-1][0]
    return _page(ids, query, before)


def _page(ids: Collection[int], query: EventQuery, continue_before: int | None) -> EventPage:
    return EventPage(_within(Event.objects.filter(pk__in=ids).order_by("-id"), query), continue_before)


def _within(rows: Events, query: EventQuery) -> Events:
    """For rows between the ids of that time already: of those next to its ends some came before or after.

    PostgreSQL finds no index for a sum, and so does not collect a whole day from that of the times.
    """
    rows = rows.filter(query.seen.among("event_type")) if "subject" in query.equal else rows
    rows = rows.alias(
        came=F("received_at") + timedelta() if connection.vendor == "postgresql" else F("received_at")
    )
    rows = rows.filter(came__gte=query.since) if query.since else rows
    return rows.filter(came__lt=query.until) if query.until else rows


def ids_between(query: EventQuery) -> tuple[int, int]:
    """Ids outside of which no event arrived at the time that the query names."""
    after, before = 0, query.before
    by_time = Event.objects.values_list("id", flat=True)
    if query.since:
        earlier = by_time.filter(received_at__lt=query.since - DISORDER).order_by("-received_at")
        after = earlier.first() or 0
    if query.until:
        later = by_time.filter(received_at__gte=query.until + DISORDER).order_by("received_at")
        before = min(before, later.first() or LAST_ID)
    return after, before


def column_of(term: str, seen: Seen = EVERY_TYPE) -> dict[str, str] | None:
    """``{column: value}`` of the column that has as its whole value what somebody typed; None if none has.

    The subject counts only where it is that of an event whose type is in ``seen``.
    """
    if Event.objects.filter(event_id=term).exists():
        return {"event_id": term}
    named = {"event_type": _type_named(term), "tenant_key": _tenant_named(term)}
    for column in ("subject", "event_type", "tenant_key"):
        value = named.get(column) or term
        rows = by_index(column, value)
        if (rows.filter(seen.among("event_type")) if column == "subject" else rows)[:1]:
            return {column: value}
    return None


def _type_named(term: str) -> str | None:
    return next((event_type for event_type, label in labels().items() if label == term), None)


def _tenant_named(term: str) -> str | None:
    return Tenant.objects.filter(name=term).values_list("tenant_key", flat=True).first()
