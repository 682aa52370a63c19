"""Counting working days. Pure: no database, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Promise:
    """A day, and whether it hangs on a year that has not been announced."""

    on: date
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """``announced``: whether each day that is known is worked on. Others are guessed by weekday."""

    announced: Mapping[date, bool]

    def works_on(self, day: date) -> bool:
        return self.announced.get(day, day.weekday() < SATURDAY)

    def after(self, received_on: date, days: int) -> Promise:
        """The last of so many working days. The day of receipt itself does not count."""
        day, is_provisional = received_on, False
        while days > 0:
            day += DAY
            is_provisional = is_provisional or day not in self.announced
            days -= self.works_on(day)
        return Promise(day, is_provisional)

    def between(self, first: date, last: date) -> int:
        """How many working days come after ``first``, up to and with ``last``."""
        length = (last - first).days
        return sum(self.works_on(first + number * DAY) for number in range(1, length + 1))


def day_of_receipt(at: datetime, *, zone: str, cutoff_hour: int) -> date:
    """By the vendor's clock. What comes at or after the cut-off hour counts as received on the day after; 24
    means that there is none."""
    local = at.astimezone(ZoneInfo(zone))
    late = cutoff_hour < 24 and local.time() >= time(cutoff_hour)  # noqa: PLR2004 - hours of a day
    return local.date() + DAY if late else local.date()
