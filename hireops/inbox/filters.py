"""How the list of events is narrowed. No filter reads the table, neither for its choices nor for its rows:

each gives one condition, and ``hireops.inbox.event_queries`` finds the events that meet all of them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hireops.desk import ranges
from hireops.desk.lists import QuickChangeList, different_values
from hireops.desk.ownership import Seen
from hireops.feishu.models import Tenant
from hireops.inbox import event_queries
from hireops.inbox.models import Event
from hireops.inbox.registry import labels, seen_by

TENANTS_OFFERED = 50
DIGITS_OF_AN_ID = 18


class EventFilter(admin.SimpleListFilter):
    def has_output(self) -> bool:
        """Django would take no notice of a value where none is offered."""
        return super().has_output() or self.value() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset


class ColumnFilter(EventFilter):
    """One value of an indexed column."""

    column = ""


class StateFilter(ColumnFilter):
    title = _("state")
    parameter_name = "state__exact"
    column = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return Event.State.choices


class TypeFilter(ColumnFilter):
    """The types that are handled here, and those that came."""

    title = _("event type")
    parameter_name = column = "event_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        came = {event_type: event_type for event_type in different_values(Event, "event_type") if event_type}
        seen = seen_by(request.user)
        return [(name, label) for name, label in (came | labels()).items() if name in seen]


class TenantFilter(ColumnFilter):
    """The customers whose names come first; the others are found by name or key in the search field."""

    title = _("tenant")
    parameter_name = "tenant"
    column = "tenant_key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        known = Tenant.objects.exclude(tenant_key="").order_by("name", "id")[:TENANTS_OFFERED]
        return {tenant.tenant_key: str(tenant) for tenant in known}.items()


class DayFilter(EventFilter):
    """A day (``2026-11-21``) or an hour of it (``2026-11-21T13``), by the clock of the pages.

    Its hours are offered for a day that is chosen here or as a range of one day.
    """

    title = _("hour")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        days = ranges.days_asked(request.GET, "received_at")
        start = self._start()
        day = start.date() if start else days.first
        if day is None or (start is None and days.first != days.last):
            return []
        hours = [(f"{day}T{hour:02}", f"{day} {hour:02}:00–{hour:02}:59") for hour in range(24)]
        return [(str(day), str(day)), *hours]

    def span(self) -> tuple[datetime | None, datetime | None]:
        start = self._start()
        if not start:
            return None, None
        length = timedelta(hours=1) if "T" in (self.value() or "") else timedelta(days=1)
        return timezone.make_aware(start), timezone.make_aware(start + length)

    def _start(self) -> datetime | None:
        """Without its time zone; None for what is no day that a database can hold."""
        try:
            start = datetime.fromisoformat(self.value() or "").replace(tzinfo=None)
        except ValueError:
            return None
        return start if 1970 < start.year < 9999 else None  # noqa: PLR2004


class BeforeFilter(EventFilter):
    """Where the list goes on: events that arrived before the one with this number."""

    title = _("page")
    parameter_name = "before"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        value = self.used_parameters.get(self.parameter_name)
        return [(value, _("Older ones"))] if value else []

    def id(self) -> int:
        value = self.value() or ""
        is_id = value.isascii() and value.isdigit() and len(value) <= DIGITS_OF_AN_ID
        return int(value) if is_id else event_queries.LAST_ID


class EventChangeList(QuickChangeList):
    """Asks ``event_queries``; after the numbered pages, a link leads on from the last event shown."""

    event_page = event_queries.EventPage(Event.objects.none())

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        super().get_queryset(request, exclude_parameters)  # reads the filters from the address
        query = None if self.problems else self._event_query(seen_by(request.user))
        if query is None:
            return Event.objects.none()
        self.event_page = event_queries.find(query)
        return self.event_page.rows

    def whole(self, request: HttpRequest) -> QuerySet[Event]:
        """All events of the list, for whoever has the time to read as far as it goes."""
        query = self._event_query(seen_by(request.user))
        return Event.objects.none() if query is None else event_queries.all_of(query)

    def older(self) -> str:
        """The address of what is older than all that this page shows; empty where the list ends."""
        shown = list(self.result_list)
        if len(shown) == self.list_per_page:
            return self.get_query_string({"before": shown[-1].pk}, ["p"])
        if self.event_page.continue_before:
            return self.get_query_string({"before": self.event_page.continue_before}, ["p"])
        return ""

    def _event_query(self, seen: Seen) -> event_queries.EventQuery | None:
        """None if nothing can be that: two values in one column, or a search for what is not there."""
        searched = event_queries.column_of(self.query.strip(), seen) if self.query.strip() else {}
        if searched is None:
            return None
        equal = {
            each.column: value
            for each in self.filter_specs
            if isinstance(each, ColumnFilter) and (value := each.value())
        }
        if any(equal.get(column, value) != value for column, value in searched.items()):
            return None
        since, until = self._span()
        before = event_queries.LAST_ID
        for each in self.filter_specs:
            if isinstance(each, BeforeFilter):
                before = each.id()
        return event_queries.EventQuery({**equal, **searched}, since, until, before, seen)

    def _span(self) -> tuple[datetime | None, datetime | None]:
        """From when, and before when: what the days and the hour that are chosen have in common."""
        spans = [
            ranges.moments(each.range) for each in self.filter_specs if isinstance(each, ranges.DateRange)
        ]
        spans += [each.span() for each in self.filter_specs if isinstance(each, DayFilter)]
        starts = [since for since, _until in spans if since]
        ends = [until for _since, until in spans if until]
        return max(starts, default=None), min(ends, default=None)
