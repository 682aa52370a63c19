"""The tables as they are, against what this code's statements take for granted."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError
from django.db.backends.base.base import BaseDatabaseWrapper

SHOWN = 5
# Of each table its columns, and whether who inserts a row has to give a value. One statement for all, where
# Django's introspection takes two for each table.
COLUMNS = {
    "postgresql": """
        SELECT relname, attname, attnotnull AND NOT atthasdef AND attidentity = ''
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relkind IN ('r', 'p') AND pg_table_is_visible(pg_class.oid) AND attnum > 0 AND NOT attisdropped
    """,
    "sqlite": """
        SELECT tables.name, a.name, a."notnull" AND a.dflt_value IS NULL
        FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS a
        WHERE tables.type = 'table'
    """,
}


# Where it is, or will be made.
SCHEMA_OF = """
    SELECT COALESCE(
        (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = to_regclass(quote_ident(%s))),
        quote_ident(current_schema())::regnamespace
    )::text
"""


def schema_of(cursor: Any, table: str) -> str:
    """Return the PostgreSQL schema of a table as SQL writes it, quoted if need be."""
    cursor.execute(SCHEMA_OF, [table])
    return str(cursor.fetchone()[0])


def misfits(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """What this code's statements would fail on, such as ``inbox_event.state is gone``.

    A newer release that has migrated with a pause may leave that. What it has added and nobody need know of,
    such as a table or a column that may be empty, is none.
    """
    there = _columns(connection)
    for model in apps.get_models(include_auto_created=True):
        options = model._meta  # noqa: SLF001  public API
        table = options.db_table
        if not options.managed or options.proxy:
            continue
        if table not in there:
            yield f"{table} is gone"
            continue
        ours = {field.column for field in options.local_concrete_fields if field.column}
        yield from (f"{table}.{column} is gone" for column in sorted(ours - there[table].keys()))
        for column, wants_a_value in sorted(there[table].items()):
            if wants_a_value and column not in ours:
                yield f"{table}.{column} wants a value"


def refuse_misfits(connection: BaseDatabaseWrapper) -> None:
    """``CommandError`` for a command that would end in an error of the database in the middle of its work."""
    if found := list(misfits(connection)):
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise CommandError(
            f"The tables are not those of this version: {'; '.join(found[:SHOWN])}{more}. Run manage.py "
            "migrate; if it has nothing to do, tables were removed by hand: restore the database."
        )


def _columns(connection: BaseDatabaseWrapper) -> dict[str, dict[str, bool]]:
    found: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS[connection.vendor])
        for table, column, wants_a_value in cursor.fetchall():
            found[table][column] = bool(wants_a_value)
    return found
