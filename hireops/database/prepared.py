"""Statements that run for each event: PostgreSQL plans them once, SQLite lets them in before others."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import Error, InterfaceError, connection, transaction

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
    """A cursor in a transaction that writes, on SQLite begun as soon as another writer ends.

    It waits no longer than the ``busy_timeout`` of the connection, as any other. Django does not know of the
    transaction: what is done inside is done with this cursor.
    """
    if connection.in_atomic_block or connection.vendor != "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    link = connection.connection
    try:
        with connection.wrap_database_errors:
            _begin_before_others(link)
        with connection.cursor() as cursor:
            yield cursor
        _commit(link)
    except BaseException:
        try:
            connection.rollback()
        except Error:
            connection.close()
        raise


def _commit(link: Any) -> None:
    if connection.connection is not link:
        raise InterfaceError("the connection was closed before what was written on it was committed")
    connection.commit()


def _begin_before_others(link: Any) -> None:
    """Past Django: what it raises keeps its cursor until the garbage is collected. After hundreds of looks
    whoever collects it ends the statements of other threads, and waits for each while those look again.
    """
    (patience_ms,) = link.execute("PRAGMA busy_timeout").fetchone()
    until = monotonic() + patience_ms / 1000
    link.execute(f"PRAGMA busy_timeout = {LOOKS_AGAIN_WITHIN_MS}")
    try:
        while not _begun(link, until):
            pass
    finally:
        link.execute(f"PRAGMA busy_timeout = {patience_ms}")


def _begun(link: Any, until: float) -> bool:
    try:
        link.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
            raise
        return False
    return True
