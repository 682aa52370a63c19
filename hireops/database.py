"""The database's clock, and how long a caller is ready to wait for the database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from django.db import OperationalError, connection

SHORTEST_WAIT_S = 0.01
LONGEST_LOCK = "5s"


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


def let_go_after(seconds: int) -> None:
    """If this process falls silent in the middle of the transaction, PostgreSQL ends it, and its locks.

    And what waits for a row that somebody else holds for longer than ``LONGEST_LOCK`` is an
    ``OperationalError``. On SQLite, only the end of a process frees what it holds.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true), "
                "set_config('lock_timeout', %s, true)",
                [f"{seconds}s", LONGEST_LOCK],
            )


def rows_of(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a statement gives that is run again and again, with values for its ``%s``.

    PostgreSQL parses and plans it once for each connection, and half of its work is saved. A pooler that
    hands out another connection each time forgets that; ``DISABLE_SERVER_SIDE_CURSORS``, Django's setting
    for such poolers, is heeded.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    from psycopg import Cursor  # noqa: PLC0415 - only where PostgreSQL is in use

    connection.ensure_connection()
    link: Any = connection.connection
    prepare = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    with connection.wrap_database_errors:
        done = Cursor(link).execute(statement, values, prepare=prepare)
        rows: list[tuple[Any, ...]] = done.fetchall() if done.description else []
        return rows


class patience:  # noqa: N801 - used as a function, and with each event that is taken in
    """Inside, all queries together have ``seconds``; then Django's ``OperationalError`` is raised.

    The limit is kept on our side, because a database that hangs cannot keep its own
    ``statement_timeout``. After an ``OperationalError`` the connection is closed; the next query opens
    a new one (which waits for ``connect_timeout``, 2 s, at the most).
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        link: Any = connection
        link.health_check_done = True  # it would ask a dead database without any limit
        connection.ensure_connection()
        self._raw = link.connection
        if connection.vendor == "sqlite":
            (self._usual_ms,) = self._raw.execute("PRAGMA busy_timeout").fetchone()
            self._raw.execute(f"PRAGMA busy_timeout = {int(self.seconds * 1000)}")
        else:
            self._raw.wait = partial(_wait, self._raw, monotonic() + self.seconds)

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        if connection.vendor == "sqlite":
            self._raw.execute(f"PRAGMA busy_timeout = {self._usual_ms}")
        else:
            del self._raw.wait
        if kind and issubclass(kind, OperationalError):
            connection.close()


def _wait(raw: Any, deadline: float, exchange: Any, interval: float = 0.1) -> Any:
    return type(raw).wait(raw, exchange, interval, timeout=max(deadline - monotonic(), SHORTEST_WAIT_S))
