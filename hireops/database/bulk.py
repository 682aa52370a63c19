"""Writing hundreds of rows in one statement, where the ORM would spend its time on each value.

The rows travel as one JSON text, which both databases take apart by themselves. What a model's ``save`` does
for single values (defaults of Python, signals) is not done; defaults and constraints of the database are.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

Rows = Iterable[Sequence[Any]]


def insert(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """Rows with these columns, in their order."""
    _execute(_insert(model, columns), rows)


def insert_missing(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """As ``insert``; a row that is there already stays as it is, also one that somebody else makes now."""
    _execute(f"{_insert(model, columns)} WHERE true ON CONFLICT DO NOTHING", rows)


def update(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """Other values for rows that are there. Each row is its primary key, then a value for each column."""
    fields = [_field(model, "id"), *(_field(model, name) for name in columns)]
    values = ", ".join(
        f"{_quoted(field.column)} = given.value{number}" for number, field in enumerate(fields[1:], 1)
    )
    table = _table(model)
    statement = (
        f"UPDATE {table} SET {values} FROM ({_select(fields)}) AS given WHERE {table}.id = given.value0"  # noqa: S608
    )
    _execute(statement, rows)


def _insert(model: type[Model], columns: Sequence[str]) -> str:
    fields = [_field(model, name) for name in columns]
    names = ", ".join(_quoted(field.column) for field in fields)
    return f"INSERT INTO {_table(model)} ({names}) {_select(fields)}"


def _execute(statement: str, rows: Rows) -> None:
    if listed := list(rows):
        with connection.cursor() as cursor:
            cursor.execute(statement, [json.dumps(listed, default=_as_stored())])


def _as_stored() -> Callable[[object], str]:
    """How the values are written that JSON does not know."""
    as_stored = connection.ops.adapt_datetimefield_value
    return lambda value: str(as_stored(value) if isinstance(value, datetime) else value)  # or a Decimal


def _select(fields: Sequence[Any]) -> str:
    if connection.vendor == "sqlite":
        values = [f"json_extract(value, '$[{number}]') AS value{number}" for number, _ in enumerate(fields)]
        return f"SELECT {', '.join(values)} FROM json_each(%s)"  # noqa: S608 - our own names
    values = [f"{_cast(field, number)} AS value{number}" for number, field in enumerate(fields)]
    listed = "jsonb_array_elements(%s::jsonb) AS listed(each_row)"
    return f"SELECT {', '.join(values)} FROM {listed}"  # noqa: S608


def _cast(field: Any, number: int) -> str:
    kind = field.rel_db_type(connection) if field.is_relation else field.cast_db_type(connection)
    return f"each_row->{number}" if kind == "jsonb" else f"CAST(each_row->>{number} AS {kind})"


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)  # noqa: SLF001 - documented, in spite of its name


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)  # noqa: SLF001


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
