"""Statements that run for each event: PostgreSQL plans them once, SQLite lets them in before others."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

# SQLite has one writer. Whoever finds it busy looks again after 1, 2, 5, 10 … 100 ms, so that who has waited
# for longest comes in last. An event stays with the first two of these.
LOOKS_AGAIN_WITHIN_MS = 3


def execute_prepared(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a statement gives that is run again and again, with values for its ``%s``.

    PostgreSQL parses and plans it once for each connection, and half of its work is saved. A pooler that
    hands out another connection each time (``DATABASE_POOLER``) forgets that, or mistakes one for another.
    """
    if connection.vendor == "sqlite":
        with before_others() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    from psycopg import Cursor  # noqa: PLC0415 - only where PostgreSQL is in use

    connection.ensure_connection()
    link: Any = connection.connection
    prepare = settings.DATABASE_POOLER == "none"
    with connection.wrap_database_errors:
        done = Cursor(link).execute(statement, values, prepare=prepare)
        rows: list[tuple[Any, ...]] = done.fetchall() if done.description else []
        return rows


@contextmanager
def before_others() -> Iterator[Any]:
    """On SQLite: a cursor in a transaction that writes, begun as soon as another writer ends.

    It waits no longer than the ``busy_timeout`` of the connection, as any other.
    """
    with ExitStack() as stack:
        _begin_before_others(stack)
        yield stack.enter_context(connection.cursor())


def _begin_before_others(stack: ExitStack) -> None:
    connection.ensure_connection()
    link: Any = connection.connection
    (patience_ms,) = link.execute("PRAGMA busy_timeout").fetchone()
    until = monotonic() + patience_ms / 1000
    link.execute(f"PRAGMA busy_timeout = {LOOKS_AGAIN_WITHIN_MS}")
    try:
        while True:
            try:
                stack.enter_context(transaction.atomic())
            except OperationalError as error:
                if "locked" not in str(error) or connection.in_atomic_block or monotonic() > until:
                    raise
            else:
                return
    finally:
        link.execute(f"PRAGMA busy_timeout = {patience_ms}")
