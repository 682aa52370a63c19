"""Filling tables for benchmarks: by SQL, on both databases."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Model


@dataclass(frozen=True)
class Dialect:
    """Where SQLite and PostgreSQL differ; ``{rows}`` and ``{seconds}`` are filled in."""

    numbers: str
    moment: str
    as_json: str
    afterwards: str


DIALECTS = {
    "PostgreSQL": Dialect(
        numbers="numbers(n) AS (SELECT * FROM generate_series(1, {rows}))",
        moment="now() - make_interval(secs => {seconds})",
        as_json="::jsonb",
        afterwards="VACUUM ANALYZE",
    ),
    "SQLite": Dialect(
        numbers="RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})",
        moment="strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({seconds}) || ' seconds')",
        as_json="",
        afterwards="PRAGMA optimize",
    ),
}


def dialect() -> Dialect:
    return DIALECTS["PostgreSQL" if connection.vendor == "postgresql" else "SQLite"]


def multiply(row: Model, times: int, /, **differ: str) -> None:
    """``times`` rows like this one. ``differ`` has SQL for columns that differ, by ``n`` from 1 on."""
    quoted = connection.ops.quote_name
    table = quoted(row._meta.db_table)
    names = [str(field.column) for field in row._meta.local_fields if not field.primary_key]
    values = ", ".join(differ.get(name, f"alike.{quoted(name)}") for name in names)
    columns = ", ".join(quoted(name) for name in names)
    numbers = dialect().numbers.format(rows=times)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {numbers} INSERT INTO {table} ({columns})"
            f" SELECT {values} FROM numbers, {table} alike WHERE alike.id = {row.pk} ORDER BY n"
        )
