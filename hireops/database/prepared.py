"""Statements that PostgreSQL parses and plans once for each connection."""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def execute_prepared(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
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
