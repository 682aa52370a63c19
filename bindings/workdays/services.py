"""The calendar as it is in the database, and loading a year that has been announced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_noop

from bindings.models import WorkDay
from bindings.workdays.calendar import DAY, SATURDAY, Calendar, Promise, day_of_receipt
from bindings.workdays.notices import Notice
from hireops.database import clock, locks
from hireops.desk import audit

LOADING = "working calendar"


@dataclass(frozen=True, slots=True)
class Move:
    """Something that was promised for ``before`` and would then be promised for ``after``."""

    what: str
    before: date
    after: date
    is_provisional: bool


class Follower(Protocol):
    """Who has promised something by the calendar."""

    def moves(self, calendar: Calendar) -> Iterable[Move]:
        """What would move if this were the calendar."""

    def follow(self, calendar: Calendar, *, by: User, reason: str) -> int:
        """Moves it, in the caller's transaction; how much it was."""


_followers: list[Follower] = []


def register(follower: Follower) -> None:
    _followers.append(follower)


# --- Reading


def calendar(first: date, last: date) -> Calendar:
    """What is known of these days."""
    days = WorkDay.objects.filter(date__gte=first, date__lte=last)
    return Calendar(dict(days.values_list("date", "works")))


def calendar_for(days_of_receipt: Iterable[date], most_days: int) -> Calendar:
    """What is known of all days that a promise of so many working days may come to."""
    known = [*days_of_receipt]
    if not known:
        return Calendar({})
    return calendar(min(known), max(known) + timedelta(days=2 * most_days + 40))


def whole_calendar() -> Calendar:
    return Calendar(dict(WorkDay.objects.values_list("date", "works")))


def received_on(at: datetime) -> date:
    return day_of_receipt(at, zone=settings.PROMISE_TIME_ZONE, cutoff_hour=settings.PROMISE_CUTOFF_HOUR)


def local_day(at: datetime) -> date:
    """By the vendor's clock, without the cut-off hour."""
    return day_of_receipt(at, zone=settings.PROMISE_TIME_ZONE, cutoff_hour=24)


def today() -> date:
    return local_day(clock.now())


def promise(at: datetime, days: int) -> Promise:
    """For what was received at that moment."""
    received = received_on(at)
    return calendar_for([received], days).after(received, days)


def is_loaded(year: int) -> bool:
    return WorkDay.objects.filter(date=date(year, 12, 31)).exists()


# --- Loading a year


def calendar_with(notice: Notice) -> Calendar:
    """All that is known, and the year of the notice as it says."""
    known = whole_calendar().announced
    return Calendar({**known} | {day: works for day, (works, _name) in _days_of(notice).items()})


def moves(notice: Notice) -> list[Move]:
    """What would move if the notice were loaded."""
    then = calendar_with(notice)
    return [move for follower in _followers for move in follower.moves(then)]


def load(notice: Notice, *, by: User) -> int:
    """Load the year, or load it anew; how many promises have moved."""
    with transaction.atomic():
        locks.advisory_lock(LOADING)
        days = _days_of(notice)
        rows = [
            WorkDay(date=day, works=works, name=name, source=notice.source)
            for day, (works, name) in days.items()
        ]
        WorkDay.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["date"],
            update_fields=["works", "name", "source"],
        )
        last = WorkDay.objects.get(date=date(notice.year, 12, 31))
        calendar_now = whole_calendar()
        reason = f"{notice.year}: {notice.source}"
        moved = sum(follower.follow(calendar_now, by=by, reason=reason) for follower in _followers)
        audit.record(
            by=by,
            action=gettext_noop("working calendar loaded"),
            on=last,
            year=notice.year,
            source=notice.source,
            promises_moved=moved,
        )
    return moved


def _days_of(notice: Notice) -> Mapping[date, tuple[bool, str]]:
    """Each day of the year, and the days of the December before that belong to its first holiday."""
    days = {day: (day.weekday() < SATURDAY, "") for day in _every_day(notice.year)}
    return days | {each.day: (each.works, each.name) for each in notice.days}


def _every_day(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + number * DAY for number in range((date(year + 1, 1, 1) - first).days))
