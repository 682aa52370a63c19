"""What a day is: from midnight to midnight by the clock on the wall here, however many hours that are."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

ONE_DAY = timedelta(days=1)


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of the day, and the first that is not in it any more. Days meet without a gap."""
    return _midnight(day), _midnight(day + ONE_DAY)


def _midnight(day: date) -> datetime:
    # Where the clock is put forward at midnight, Python reads it as the moment of doing so; where an hour
    # comes twice, as the first of both. So every moment belongs to one day.
    return datetime.combine(day, time.min, timezone.get_default_timezone()).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day to which this moment belongs."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date()
