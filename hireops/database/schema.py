"""The tables as they are, against what this code's statements take for granted."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

SHOWN = 5


def misfits(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """What this code's statements would fail on, such as ``inbox_event.state is gone``.

    A newer release that has migrated with a pause may leave that. What it has added and nobody need know of,
    such as a table or a column that may be empty, is none.
    """
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for model in apps.get_models(include_auto_created=True):
            options = model._meta  # noqa: SLF001  public API
            if not options.managed or options.proxy:
                continue
            if options.db_table in there:
                columns = {field.column for field in options.local_concrete_fields if field.column}
                yield from _misfits_of(connection, cursor, options.db_table, columns)
            else:
                yield f"{options.db_table} is gone"


def refuse_misfits(connection: BaseDatabaseWrapper) -> None:
    """``CommandError`` for a command that would end in an error of the database in the middle of its work."""
    if found := list(misfits(connection)):
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise CommandError(
            f"The tables are not those of this version: {'; '.join(found[:SHOWN])}{more}. Run manage.py "
            "migrate; if it has nothing to do, tables were removed by hand: restore the database."
        )


def _misfits_of(
    connection: BaseDatabaseWrapper, cursor: Any, table: str, columns: AbstractSet[str]
) -> Iterator[str]:
    there = {each.name: each for each in connection.introspection.get_table_description(cursor, table)}
    for column in sorted(columns - there.keys()):
        yield f"{table}.{column} is gone"
    for column in sorted(there.keys() - columns):
        if not there[column].null_ok and there[column].default is None:
            yield f"{table}.{column} wants a value"
