"""Times as people write them into a table."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from django.conf import settings

_TIME = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:(?:T|\s++T?)\s*+(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*+(?P<offset>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?)?)?",
)


def read_moment(text: str, *, now: datetime) -> datetime | None:
    """``2026-11-02 14:30`` by the clock of the house, or by the offset that it names. None for no time.

    A day alone is its noon, or ``now`` if that is earlier on the same day.
    """
    written = _TIME.fullmatch(text.strip())
    if written is None:
        return None
    year, month, day = (int(written[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(written[name] or 0) for name in ("hour", "minute", "second"))
    try:
        at = time_of_day(hour, minute, second) if written["hour"] else time_of_day(12)
        moment = datetime.combine(datetime(year, month, day, tzinfo=UTC).date(), at, _zone(written["offset"]))
    except ValueError:
        return None
    is_today = not written["hour"] and moment.date() == now.astimezone(moment.tzinfo).date()
    return min(moment, now) if is_today else moment.astimezone(UTC)


def _zone(offset: str | None) -> tzinfo:
    if offset is None:
        return ZoneInfo(settings.TIME_ZONE)
    digits = re.sub(r"\D", "", offset)
    if not digits:
        return UTC
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])  # noqa: PLR2004  hours
    shift = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-shift if "-" in offset else shift)
