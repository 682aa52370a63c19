"""From–to filters of lists: of days, by the clock of the house, and of amounts. Both bounds are inclusive.

``received_at_from=2026-11-01&received_at_to=2026-11-20`` is a range of a list's address, and so is
``received_at_in=this_month``, which means another month when the next one has come. Every date column in a
``list_filter`` has such a filter; one of amounts is ``("sum", AmountRange)``. A bound that can't be read
shows no rows and says so: to leave it out would show more than was asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk import figures

FROM, TO, IN, OF = "_from", "_to", "_in", "_of"  # OF: what kind of amount
PARTS = (FROM, TO, IN, OF)
PLACES = {PAGE_VAR, "before"}  # where in a list somebody is, which another range has nothing to do with
ONE_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1970, 9998
LARGEST = Decimal(10) ** 16  # of a column with 18 digits, two of them decimals
HALF_WIDTH = {0xFEE0 + ord(character): character for character in "0123456789+-,./"} | {
    ord("−"): "-",
    ord("年"): "-",
    ord("月"): "-",
    ord("日"): None,
}


class UnreadableBoundError(ValueError):
    """As a sentence for staff."""


Bound = TypeVar("Bound", date, Decimal)


@dataclass(frozen=True)
class Range(Generic[Bound]):
    """``None`` is open."""

    first: Bound | None = None
    last: Bound | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None

    @property
    def is_backwards(self) -> bool:
        return self.first is not None and self.last is not None and self.first > self.last


class RangeFilter(admin.ListFilter):
    """What both kinds have in common. ``name`` begins the parameters, ``problem`` says what can't be read."""

    template = "admin/desk/range_filter.html"
    name: str
    first_label, last_label = _("From"), _("To")
    input_type = "text"
    input_mode = ""
    has_ready_made = False  # choices beside its fields
    problem = ""
    range: Range[Any] = Range()

    def take(self, request: HttpRequest, params: dict[str, Any]) -> None:
        """Takes its own parameters out of ``params``, which are those of the address."""
        names = [str(name) for name in self.expected_parameters()]
        asked = {name: params.pop(name, [""])[-1].strip() for name in names}
        self.given = {name: text for name, text in asked.items() if text}
        self.others = [
            (name, value)
            for name, values in request.GET.lists()
            for value in values
            if name not in {*names, *PLACES}
        ]
        try:
            self.range = self.asked()
        except UnreadableBoundError as unreadable:
            said = {"filter": capfirst(str(self.title)), "problem": unreadable}
            self.problem = gettext("%(filter)s: %(problem)s") % said

    def asked(self) -> Range[Any]:
        """Raises ``UnreadableBoundError``."""
        found = Range(*(self._bound(self.name + part) for part in (FROM, TO)))
        if found.is_backwards:
            raise UnreadableBoundError(gettext("The range ends before it begins. Exchange the two."))
        return found

    def _bound(self, parameter: str) -> Any:
        return self.read(text) if (text := self.given.get(parameter, "")) else None

    def read(self, text: str) -> Any:
        """One bound. Raises ``UnreadableBoundError``."""
        raise NotImplementedError

    def written(self, bound: Any) -> str:
        """As its field takes it."""
        return str(bound)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.name + part for part in (FROM, TO)]

    # --- For the template

    @property
    def fields(self) -> list[dict[str, str]]:
        """The two fields, with what was typed where it can't be read."""
        bounds = ((FROM, self.first_label, self.range.first), (TO, self.last_label, self.range.last))
        return [
            {
                "name": self.name + part,
                "label": str(label),
                "value": self.given.get(self.name + part, "") if bound is None else self.written(bound),
            }
            for part, label, bound in bounds
        ]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        without: dict[str, Any] = dict.fromkeys(map(str, self.expected_parameters()))
        yield {
            "selected": not self.given,
            "query_string": changelist.get_query_string(without),
            "display": gettext("All"),
        }
        yield from self.ready_made(changelist, without)
        if self.is_typed:
            yield {"selected": True, "query_string": "", "display": self.in_words(), "typed": True}

    @property
    def is_typed(self) -> bool:
        return any(self.name + part in self.given for part in (FROM, TO))

    def ready_made(self, changelist: ChangeList, without: Mapping[str, Any]) -> Iterator[Any]:
        """Further choices, as Django's filters give them."""
        return iter(())

    def in_words(self) -> str:
        if self.problem:
            return " – ".join(field["value"] for field in self.fields)
        bounds = (self.range.first, self.range.last)
        first, last = (None if each is None else self.shown(each) for each in bounds)
        if last is None:
            return gettext("from %(first)s") % {"first": first}
        if first is None:
            return gettext("up to %(last)s") % {"last": last}
        return first if first == last else gettext("%(first)s to %(last)s") % {"first": first, "last": last}

    def shown(self, bound: Any) -> str:
        return self.written(bound)


class FieldRange(RangeFilter, admin.FieldListFilter):
    """Of a column of the list's own table."""

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, Any],
        model: Any,
        model_admin: Any,
        *,
        field_path: str,
    ) -> None:
        self.name = field_path
        super().__init__(field, request, params.copy(), model, model_admin, field_path)
        self.take(request, params)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(self.condition()) if self.range else queryset

    def condition(self) -> Q:
        raise NotImplementedError


# --- Days


def _month(any_day: date) -> Range[date]:
    first = any_day.replace(day=1)
    return Range(first, (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY)


# By its name in the address: what it is called, and its days as of today.
READY_MADE: Mapping[str, tuple[str | Promise, Callable[[date], Range[date]]]] = {
    "today": (_("Today"), lambda today: Range(today, today)),
    "yesterday": (_("Yesterday"), lambda today: Range(today - ONE_DAY, today - ONE_DAY)),
    "past_7_days": (_("Past 7 days"), lambda today: Range(today - 6 * ONE_DAY, today)),
    "this_month": (_("This month"), _month),
    "last_month": (_("Last month"), lambda today: _month(today.replace(day=1) - ONE_DAY)),
    "this_year": (
        _("This year"),
        lambda today: Range(today.replace(month=1, day=1), today.replace(month=12, day=31)),
    ),
}


def read_day(text: str) -> date:
    """``2026-11-01``, ``2026/11/1`` or ``2026年11月1日``. Raises ``UnreadableBoundError``."""
    parts = text.translate(HALF_WIDTH).replace("/", "-").replace(".", "-").split("-")
    try:
        year, month, day = (int(part) for part in parts)
        found = date(year, month, day)
    except ValueError:
        raise UnreadableBoundError(
            gettext("“%(text)s” is no day. Write it like 2026-11-01.") % {"text": text[:40]}
        ) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UnreadableBoundError(
            gettext("%(day)s is outside of the years %(first)s to %(last)s.")
            % {"day": found, "first": FIRST_YEAR, "last": LAST_YEAR}
        )
    return found


def moments(days: Range[date]) -> tuple[datetime | None, datetime | None]:
    """From when, and before when: midnights of the house's clock."""
    since = None if days.first is None else _midnight(days.first)
    until = None if days.last is None else _midnight(days.last + ONE_DAY)
    return since, until


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class DateRange(FieldRange):
    """Days, of a column of dates or of times."""

    input_type = "date"
    has_ready_made = True

    def expected_parameters(self) -> list[str | None]:
        return [self.name + part for part in (FROM, TO, IN)]

    def asked(self) -> Range[date]:
        if not self.is_typed and (name := self.given.get(self.name + IN)):
            if name not in READY_MADE:
                raise UnreadableBoundError(
                    gettext("“%(text)s” is no period that this list knows.") % {"text": name[:40]}
                )
            _label, days_of = READY_MADE[name]
            return days_of(figures.today())
        return super().asked()

    def read(self, text: str) -> date:
        return read_day(text)

    def condition(self) -> Q:
        path = self.field_path
        if not isinstance(self.field, models.DateTimeField):
            bounds = {f"{path}__gte": self.range.first, f"{path}__lte": self.range.last}
        else:
            since, until = moments(self.range)
            bounds = {f"{path}__gte": since, f"{path}__lt": until}
        return Q(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})

    def ready_made(self, changelist: ChangeList, without: Mapping[str, Any]) -> Iterator[Any]:
        chosen = "" if self.is_typed else self.given.get(self.name + IN, "")
        for name, (label, _days) in READY_MADE.items():
            yield {
                "selected": name == chosen,
                "query_string": changelist.get_query_string({**without, self.name + IN: name}),
                "display": label,
            }


# --- Amounts


def read_amount(text: str) -> Decimal:
    """``1,234.50``. Raises ``UnreadableBoundError``."""
    plain = text.translate(HALF_WIDTH).replace(",", "").replace(" ", "").replace("\u00a0", "")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or "e" in plain.lower():
        raise UnreadableBoundError(
            gettext("“%(text)s” is no amount. Write it like 1,234.50.") % {"text": text[:40]}
        )
    if abs(found) >= LARGEST or found != found.quantize(Decimal("0.01")):
        raise UnreadableBoundError(
            gettext("“%(text)s” is too long: at most 16 digits, and two after the point.")
            % {"text": text[:40]}
        )
    return found


class AmountFilter(RangeFilter):
    """Bounds that are amounts."""

    first_label, last_label = _("Lowest"), _("Highest")
    input_mode = "decimal"

    def read(self, text: str) -> Decimal:
        return read_amount(text)

    def shown(self, bound: Decimal) -> str:
        return f"{bound:,}"

    def bounds_of(self, column: str) -> Q:
        """The rows whose ``column`` is within the range."""
        bounds = {f"{column}__gte": self.range.first, f"{column}__lte": self.range.last}
        return Q(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})


class AmountRange(AmountFilter, FieldRange):
    """Of a column with amounts."""

    def condition(self) -> Q:
        return self.bounds_of(self.field_path)


admin.FieldListFilter.register(
    lambda field: isinstance(field, models.DateField), DateRange, take_priority=True
)


def column_of(parameter: str) -> str:
    """``received_at`` for ``received_at_from``; "" for what is no part of a range."""
    return next((parameter.removesuffix(part) for part in PARTS if parameter.endswith(part)), "")


def days_asked(parameters: Mapping[str, Any], column: str) -> Range[date]:
    """What an address asks for of a column of dates; an empty range for what can't be read."""
    chosen = READY_MADE.get(str(parameters.get(column + IN, "")))
    given = [str(parameters.get(column + part, "")) for part in (FROM, TO)]
    if not any(given):
        return chosen[1](figures.today()) if chosen else Range()
    try:
        return Range(*(read_day(text) if text else None for text in given))
    except UnreadableBoundError:
        return Range()
