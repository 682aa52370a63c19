"""The time by the database's clock."""

from datetime import UTC, datetime, timedelta

from django.db import connection

# What claims to be later than the moment at which it came by more than this, whatever clocks differ, is from
# the future: that is no time.
FROM_THE_FUTURE = timedelta(minutes=5)


def now() -> datetime:
    """The time by the database's clock. Leases and due times of all processes are measured by this one."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
            stamp = datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
            # Times are compared as text there, and "12:00:01" of a stamp second sorts before "12:00:01.000".
            return stamp if stamp.microsecond else stamp + timedelta(microseconds=1)
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment.astimezone(UTC)
