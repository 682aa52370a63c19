"""After a test that commits: the database as it was, by removing what is new instead of making all anew.

Django empties every table, sends ``post_migrate`` and reads a copy of the rest from JSON, which takes longer
than most tests. Here only tables are touched that have changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

Rows = list[tuple[Any, ...]]


class Baseline:
    """What the tables of a migrated database hold: most of them nothing."""

    def __init__(self) -> None:
        self._tables = connection.introspection.table_names()
        filled = self._filled()
        self._rows: dict[str, Rows] = {table: _rows_of(table) for table in filled}

    def restore(self) -> None:
        changed = [table for table in self._filled() if table not in self._rows]
        changed += [table for table, rows in self._rows.items() if _rows_of(table) != rows]
        if not changed:
            return
        with transaction.atomic(), without_triggers(changed):
            for table in changed:
                _execute(f'DELETE FROM "{table}"')
            for table in changed:
                _insert(table, self._rows.get(table, []))

    def _filled(self) -> list[str]:
        asked = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in self._tables)
        return [table for (table,) in _fetched(" UNION ALL ".join(asked))]


@contextmanager
def without_triggers(tables: list[str]) -> Iterator[None]:
    """In one transaction: nobody else ever sees these tables unguarded."""
    off, on = _on_sqlite(tables) if connection.vendor == "sqlite" else _on_postgresql(tables)
    for statement in off:
        _execute(statement)
    yield
    for statement in on:
        _execute(statement)


def _on_sqlite(tables: list[str]) -> tuple[list[str], list[str]]:
    triggers = [
        (name, text)
        for name, table, text in _fetched(
            "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
        )
        if table in tables
    ]
    return [f'DROP TRIGGER "{name}"' for name, _ in triggers], [text for _, text in triggers]


def _on_postgresql(tables: list[str]) -> tuple[list[str], list[str]]:
    """What is referred to is looked for before the triggers are back; they could not be put back later."""
    having = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    guarded = [table for (table,) in _fetched(having) if table in tables]
    off = [f'ALTER TABLE "{table}" DISABLE TRIGGER USER' for table in guarded]
    on = [f'ALTER TABLE "{table}" ENABLE TRIGGER USER' for table in guarded]
    return off, ["SET CONSTRAINTS ALL IMMEDIATE", *on]


def _rows_of(table: str) -> Rows:
    return _fetched(f'SELECT * FROM "{table}" ORDER BY 1')


def _insert(table: str, rows: Rows) -> None:
    if rows:
        values = ", ".join(["%s"] * len(rows[0]))
        with connection.cursor() as cursor:
            cursor.executemany(f'INSERT INTO "{table}" VALUES ({values})', rows)


def _fetched(sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
