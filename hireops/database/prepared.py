"""Statements that run for each event: PostgreSQL plans them once, SQLite lets them in before others."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection

# SQLite has one writer. Whoever finds it busy looks again after 1, 2, 5, 10 … 100 ms, so that who has waited
# for longest comes in last. An event stays with the first two of these.
LOOKS_AGAIN_WITHIN_MS = 3


def execute_prepared(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a statement gives that is run again and again, with values for its ``%s``.

    PostgreSQL parses and plans it once for each connection, and half of its work is saved. A pooler that
    hands out another connection each time (``DATABASE_POOLER``) forgets that, or mistakes one for another.
    """
    if connection.vendor == "sqlite":
        return _execute_before_others(statement, values)
    from psycopg import Cursor  # noqa: PLC0415 - only where PostgreSQL is in use

    connection.ensure_connection()
    link: Any = connection.connection
    prepare = settings.DATABASE_POOLER == "none"
    with connection.wrap_database_errors:
        done = Cursor(link).execute(statement, values, prepare=prepare)
        rows: list[tuple[Any, ...]] = done.fetchall() if done.description else []
        return rows


def _execute_before_others(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Within the ``busy_timeout`` of the connection, as any other statement."""
    connection.ensure_connection()
    link: Any = connection.connection
    (patience_ms,) = link.execute("PRAGMA busy_timeout").fetchone()
    until = monotonic() + patience_ms / 1000
    link.execute(f"PRAGMA busy_timeout = {LOOKS_AGAIN_WITHIN_MS}")
    try:
        while True:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    return list(cursor.fetchall())
            except OperationalError as error:
                if "locked" not in str(error) or connection.in_atomic_block or monotonic() > until:
                    raise
    finally:
        link.execute(f"PRAGMA busy_timeout = {patience_ms}")
