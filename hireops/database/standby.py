"""Commits that wait for a standby, where PostgreSQL is told to wait for one (decision 0042)."""

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

# One that answers does so in milliseconds; Feishu's event is refused after 2.5 s.
AWAY_AFTER_S = 2
# Of sessions of another role the server tells nobody what they wait for, and hireops has one for all.
COMMITS = """
    SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - query_start)), 0),
        current_setting('synchronous_standby_names')
    FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event = 'SyncRep'
"""


@dataclass(frozen=True, slots=True)
class Commits:
    """``waiting``: so many sessions wait now, the longest for ``longest_s``; ``standbys``: "" if for none."""

    waiting: int = 0
    longest_s: float = 0
    standbys: str = ""

    @property
    def are_held_up(self) -> bool:
        return self.longest_s > AWAY_AFTER_S


def commits(connection: BaseDatabaseWrapper) -> Commits:
    """Asked by reading alone, so it is answered while nothing can be committed."""
    if connection.vendor != "postgresql":
        return Commits()
    with connection.cursor() as cursor:
        cursor.execute(COMMITS)
        waiting, longest, standbys = cursor.fetchone()
    return Commits(waiting, float(longest), standbys)
