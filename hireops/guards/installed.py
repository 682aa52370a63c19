"""The guards that a database has, and whether they are the declared ones."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from hireops.guards import rules
from hireops.guards.dialects import Dialect, Trigger
from hireops.guards.postgresql import PostgreSQL
from hireops.guards.sqlite import SQLite

DIALECTS: dict[str, Dialect] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}
LIFTED = (
    "the guards are lifted, so nothing can be written: a migration is running or was cut off; "
    "run manage.py migrate again"
)


@dataclass(frozen=True, slots=True)
class GuardDifference:
    """``is_ours`` unless somebody else's trigger is in question, which ``install`` leaves alone."""

    what: str
    is_ours: bool = True

    def __str__(self) -> str:
        return self.what


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    return DIALECTS[connection.vendor]


def is_lifted(connection: BaseDatabaseWrapper) -> bool:
    """Whether a migration is running or was cut off, so that the latch refuses what this code writes.

    A table that only newer code has is latched until its guards stand, and that concerns nobody else.
    """
    return _is_latched(triggers_of(connection))


def differences(connection: BaseDatabaseWrapper) -> list[GuardDifference]:
    """Each guard that is missing, changed, disabled or not ours; none if all is well.

    Both sides are the database's own text: what it tells of a trigger, against what it would tell.
    """
    there = triggers_of(connection)
    if _is_latched(there):
        return [GuardDifference(LIFTED)]
    return [*_differences(connection, there), *_unsafe_functions(connection)]


def _is_latched(there: Iterable[Trigger]) -> bool:
    tables = rules.guarded_tables()
    return any(trigger.is_latch and trigger.table in tables for trigger in there)


def _differences(connection: BaseDatabaseWrapper, there: Collection[Trigger]) -> Iterator[GuardDifference]:
    tables = tables_of(connection)
    wanted = _wanted(connection, tables)
    found = {(trigger.table, trigger.name): trigger for trigger in there}
    for (table, name), text in wanted.items():
        if wrong := _wrong(found.get((table, name)), text):
            yield GuardDifference(f"guard {name} of {table} is {wrong}")
    for (table, name), trigger in found.items():
        if (table, name) not in wanted and (trigger.is_ours or table in tables):
            yield GuardDifference(
                f"trigger {name} of {table} is none of the declared guards", is_ours=trigger.is_ours
            )


def _unsafe_functions(connection: BaseDatabaseWrapper) -> Iterator[GuardDifference]:
    with connection.cursor() as cursor:
        for name in dialect_of(connection).unsafe_functions(cursor):
            yield GuardDifference(
                f"function {name} has the rights of its owner and no fixed search_path", is_ours=False
            )


def _wrong(trigger: Trigger | None, text: str) -> str:
    if trigger is None:
        return "missing"
    if not trigger.is_enabled:
        return "disabled"
    return "" if trigger.text == text else "not the one that is declared"


def _wanted(connection: BaseDatabaseWrapper, tables: Collection[str]) -> dict[tuple[str, str], str]:
    dialect = dialect_of(connection)
    told = ((each, dialect.as_told(each)) for each in rules.declared() if each.table in tables)
    return {(each.table, each.name): text for each, text in told if text is not None}


def triggers_of(connection: BaseDatabaseWrapper) -> list[Trigger]:
    with connection.cursor() as cursor:
        return dialect_of(connection).triggers(cursor, names())


def tables_of(connection: BaseDatabaseWrapper) -> list[str]:
    """Of the tables with guards, those that this database has already."""
    there = set(connection.introspection.table_names())
    return [table for table in rules.guarded_tables() if table in there]


def missing_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """Of the tables with guards, those that this database does not have."""
    return sorted(set(rules.guarded_tables()) - set(tables_of(connection)))


def names() -> list[str]:
    return [each.name for each in rules.declared()]
