"""Figures of days, counted once by a worker and kept, so that no page ever counts what charts show.

A day that is over seldom changes, so the cost of a chart is that of its days, however many rows are behind
them. Apps register a ``Series`` each; ``bring_up_to_date`` counts what is missing or may still change.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

from django.utils import timezone

from hireops.database import clock
from hireops.desk.models import DailyFigures

# A row that was stored with a day's last moment may be committed a little later.
OVER_AFTER = timedelta(minutes=10)
LOOKED_AT_AGAIN_AFTER = timedelta(hours=1)
# The first time goes back for months; what is left after this time is left to the next minute.
NO_LONGER_THAN_S = 20
DAYS_AT_ONCE = 31
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """Of how many rows, and what they amount to where they are amounts."""

    count: int = 0
    sum: Decimal = Decimal()

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(self.count + other.count, self.sum + other.sum)


# From a moment on to before another one; by key, which is a currency, a type or the like.
Counting = Callable[[datetime, datetime], Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class Series:
    """``days`` are counted back from today. For ``settles`` after its end a day may still change.

    ``changed`` gives the days whose figures have changed since a moment, however long ago they were.
    """

    name: str
    count: Counting
    days: int
    settles: timedelta = timedelta()
    changed: Callable[[datetime], AbstractSet[date]] = lambda since: frozenset()


@dataclass(frozen=True, slots=True)
class Counted:
    """``by_day`` has each day that was counted; ``at`` is when the newest was, None if none ever was."""

    by_day: Mapping[date, Mapping[str, Figure]] = field(default_factory=dict)
    at: datetime | None = None

    def between(self, first: date, last: date) -> dict[str, Figure]:
        """By key, of the days from ``first`` to ``last``, both included."""
        found: dict[str, Figure] = {}
        for number in range((last - first).days + 1):
            for key, figure in self.by_day.get(first + number * DAY, {}).items():
                found[key] = found.get(key, Figure()) + figure
        return found


_series: dict[str, Series] = {}

# Of a day its figures and when they were counted, as they are kept.
Kept = tuple[date, Mapping[str, Any], datetime]
# While all series are read together: nothing until the first is asked for, then what is kept of each.
_together: ContextVar[dict[str, list[Kept]] | None] = ContextVar("together", default=None)


def register(series: Series) -> Series:
    if series.name in _series:
        raise ValueError(f"{series.name} is registered already")
    _series[series.name] = series
    return series


def today() -> date:
    return timezone.localdate(clock.now())


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of one day to the end of another, by the clock of the pages."""
    return _midnight(first), _midnight(last + DAY)


@contextmanager
def read_together() -> Iterator[None]:
    """Within it one query reads all series, for who shows most of them."""
    token = _together.set({})
    try:
        yield
    finally:
        _together.reset(token)


def counted(series: Series) -> Counted:
    """All that is kept of its days."""
    first = today() - series.days * DAY
    kept = [each for each in _kept(series) if each[0] > first]
    by_day = {day: {key: _read(figure) for key, figure in found.items()} for day, found, _at in kept}
    return Counted(by_day, max((at for _day, _figures, at in kept), default=None))


def _kept(series: Series) -> Iterable[Kept]:
    together = _together.get()
    if together is None:
        return _rows([series])[series.name]
    if not together:
        together.update(_rows([*_series.values(), series]))
    return together.get(series.name, [])


def _rows(wanted: Sequence[Series]) -> Mapping[str, list[Kept]]:
    """By the name of their series."""
    days = max(series.days for series in wanted)
    rows = DailyFigures.objects.filter(
        series__in={series.name for series in wanted}, day__gt=today() - days * DAY
    )
    found: dict[str, list[Kept]] = defaultdict(list)
    for name, *kept in rows.values_list("series", "day", "figures", "counted_at"):
        found[name].append((kept[0], kept[1], kept[2]))
    return found


def bring_up_to_date() -> None:
    """The newest days first. Harmless while another worker does the same."""
    until = monotonic() + NO_LONGER_THAN_S
    for series in _series.values():
        days = _to_be_counted(series)
        while days and monotonic() < until:
            _count(series, days[:DAYS_AT_ONCE])
            days = days[DAYS_AT_ONCE:]


def is_behind() -> bool:
    """Whether a day has never been counted."""
    return any(len(counted(series).by_day) < series.days for series in _series.values())


def _to_be_counted(series: Series) -> list[date]:
    now, newest = clock.now(), today()
    rows = DailyFigures.objects.filter(series=series.name, day__gt=newest - series.days * DAY)
    last = dict(rows.values_list("day", "counted_at"))
    days = [newest - number * DAY for number in range(series.days)]
    changed = series.changed(max(last.values()) - OVER_AFTER) if last else frozenset()
    return [day for day in days if day in changed or _is_due(series, day, last.get(day), now)]


def _is_due(series: Series, day: date, counted_at: datetime | None, now: datetime) -> bool:
    if counted_at is None:
        return True
    over = _midnight(day + DAY) + OVER_AFTER
    if counted_at < over:
        return True
    return counted_at < over + series.settles and now - counted_at > LOOKED_AT_AGAIN_AFTER


def _count(series: Series, days: Sequence[date]) -> None:
    at = clock.now()  # before they are counted: what comes meanwhile is counted the next time
    DailyFigures.objects.bulk_create(
        [
            DailyFigures(series=series.name, day=day, figures=_figures(series, day), counted_at=at)
            for day in days
        ],
        update_conflicts=True,
        unique_fields=["series", "day"],
        update_fields=["figures", "counted_at"],
    )


def _figures(series: Series, day: date) -> dict[str, dict[str, int | str]]:
    return {key: _written(figure) for key, figure in series.count(*span(day, day)).items()}


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _written(figure: Figure) -> dict[str, int | str]:
    return {"count": figure.count, "sum": str(figure.sum)} if figure.sum else {"count": figure.count}


def _read(figure: Mapping[str, int | str]) -> Figure:
    return Figure(int(figure["count"]), Decimal(figure.get("sum", 0)))
