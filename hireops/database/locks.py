"""Locks that are no rows, and how long a transaction may hold or wait for any."""

from django.db import connection

LOCK_TIMEOUT = "5s"


def advisory_lock(*names: str) -> None:
    """From here to the end of the transaction no other one of that name goes on, whatever rows there are.

    Several names are locked in their order, so that no two transactions wait for each other.

    What they write becomes visible in the order in which they got their turn. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name",
                [sorted(names)],
            )


def set_transaction_timeouts(seconds: int) -> None:
    """If this process falls silent in the middle of the transaction, PostgreSQL ends it, and its locks.

    And what waits for a row that somebody else holds for longer than ``LOCK_TIMEOUT`` is an
    ``OperationalError``. On SQLite, only the end of a process frees what it holds.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true), "
                "set_config('lock_timeout', %s, true)",
                [f"{seconds}s", LOCK_TIMEOUT],
            )
