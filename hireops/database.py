"""The database's clock, and how long a caller is ready to wait for the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from django.db import OperationalError, connection

SHORTEST_WAIT_S = 0.01


def now() -> datetime:
    """The time by the database's clock. Leases and due times of all processes are measured by this one."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
            told = datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
            # Times are compared as text there, and "12:00:01" of a whole second sorts before "12:00:01.000".
            return told if told.microsecond else told + timedelta(microseconds=1)
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment.astimezone(UTC)


def wait_for_turn(name: str) -> None:
    """From here to the end of the transaction no other one of that name goes on, whatever rows there are.

    What they write becomes visible in the order in which they got their turn. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Inside, all queries together have ``seconds``; then Django's ``OperationalError`` is raised.

    The limit is kept on our side, because a database that hangs cannot keep its own
    ``statement_timeout``. After an ``OperationalError`` the connection is closed; the next query opens
    a new one (which waits for ``connect_timeout``, 2 s, at the most).
    """
    link: Any = connection
    link.health_check_done = True  # it would ask a dead database without any limit
    connection.ensure_connection()
    limit = _sqlite_patience if connection.vendor == "sqlite" else _postgresql_patience
    try:
        with limit(seconds):
            yield
    except OperationalError:
        connection.close()
        raise


@contextmanager
def _sqlite_patience(seconds: float) -> Iterator[None]:
    raw: Any = connection.connection
    (usual_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {usual_ms}")


@contextmanager
def _postgresql_patience(seconds: float) -> Iterator[None]:
    from psycopg import Connection  # noqa: PLC0415 - only where PostgreSQL is in use

    raw: Any = connection.connection
    deadline = monotonic() + seconds

    def wait(exchange: Any, interval: float = 0.1) -> Any:
        return Connection.wait(raw, exchange, interval, timeout=max(deadline - monotonic(), SHORTEST_WAIT_S))

    raw.wait = wait
    try:
        yield
    finally:
        del raw.wait
