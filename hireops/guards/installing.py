"""Putting the declared guards into a database, and taking them out for a migration.

While they are out, a *latch* on the same tables refuses every write but those of the connection that
migrates. It goes with the transaction that puts the guards back; whatever ends before that leaves it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from time import sleep
from typing import Any, TypeVar

from django.db import DatabaseError, OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from hireops.failpoints import failpoint
from hireops.guards import rules
from hireops.guards.dialects import Dialect
from hireops.guards.installed import dialect_of, names, tables_of, triggers_of
from hireops.guards.rules import Declared, Lock

TRIES = 20
PAUSE_S = 0.5
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A rule that names what this schema does not have."""

    rule: str
    table: str
    why: str

    def __str__(self) -> str:
        return f"guard {self.rule} does not fit {self.table} as it is now: {self.why}"


def install(connection: BaseDatabaseWrapper) -> list[Misfit]:
    """Every declared guard anew, and the latch away. If a rule does not fit the schema, nothing changes."""
    dialect = dialect_of(connection)

    def put_in(cursor: Any) -> list[Misfit]:
        tables = tables_of(connection)
        declared = [each for each in rules.declared() if each.table in tables]
        if misfits := list(_misfits(connection, cursor, declared)):
            return misfits
        _execute(cursor, dialect.wait_for_writers(tables))
        _execute(cursor, dialect.drop_ours(cursor, names(), latch=True))
        _execute(cursor, chain.from_iterable(dialect.create(cursor, each) for each in declared))
        failpoint("guards.before_commit")
        return []

    return _in_a_transaction(connection, put_in)


def _misfits(connection: BaseDatabaseWrapper, cursor: Any, declared: Iterable[Declared]) -> Iterator[Misfit]:
    """Neither database looks into a condition before a row is written; a plan of it shows what is missing."""
    dialect = dialect_of(connection)
    for each in declared:
        if dialect.as_told(each) is None:
            continue
        try:
            with transaction.atomic(connection.alias):
                cursor.execute(_plan(dialect, each))
        except DatabaseError as error:
            yield Misfit(each.name, each.table, str(error).splitlines()[0])


def _plan(dialect: Dialect, declared: Declared) -> str:
    table = declared.table
    if isinstance(declared, Lock):
        theirs = f"it.id = NEW.{declared.by}"
        return f"EXPLAIN SELECT 1 FROM {table} AS NEW, {declared.locks} AS it WHERE {theirs}"  # noqa: S608 - our own names
    columns = ", ".join(["1", *(f"NEW.{column}" for column in declared.columns)])
    rows = f"{table} AS NEW, {table} AS OLD"
    return f"EXPLAIN SELECT {columns} FROM {rows} WHERE {dialect.asks(declared)}"  # noqa: S608 - our own names


def lift(connection: BaseDatabaseWrapper) -> None:
    """The latch instead of the guards, in one transaction of its own. Once more changes nothing."""
    dialect = dialect_of(connection)

    def take_out(cursor: Any) -> None:
        tables = tables_of(connection)
        _execute(cursor, dialect.wait_for_writers(tables))
        _execute(cursor, dialect.latch(cursor, _unlatched(connection, tables)))
        _execute(cursor, dialect.drop_ours(cursor, names(), latch=False))
        failpoint("guards.before_lifting")

    _in_a_transaction(connection, take_out)
    failpoint("guards.lifted")


def latch_what_is_new(connection: BaseDatabaseWrapper, guarded: Collection[str]) -> None:
    """Tables that were made, or built anew, since then; those that are ``guarded`` are not."""
    made = [table for table in tables_of(connection) if table not in guarded]
    if tables := _unlatched(connection, made):
        with connection.cursor() as cursor:
            _execute(cursor, dialect_of(connection).latch(cursor, tables))


def take_over_latch(connection: BaseDatabaseWrapper) -> None:
    """Of a migrate that was cut off: now this connection may write."""
    with connection.cursor() as cursor:
        _execute(cursor, dialect_of(connection).latch(cursor, ()))


def _unlatched(connection: BaseDatabaseWrapper, tables: Iterable[str]) -> list[str]:
    latched = {trigger.table for trigger in triggers_of(connection) if trigger.is_latch}
    return [table for table in tables if table not in latched]


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """For tests that empty tables: inside, no guard and no latch; afterwards the guards again."""
    dialect = dialect_of(connection)
    connection.check_constraints()  # PostgreSQL drops no trigger from a table that still has some to check
    _in_a_transaction(
        connection, lambda cursor: _execute(cursor, dialect.drop_ours(cursor, names(), latch=True))
    )
    try:
        yield
    finally:
        connection.check_constraints()
        install(connection)


def _in_a_transaction(connection: BaseDatabaseWrapper, work: Callable[[Any], Result]) -> Result:
    """Again if writers were in the way for too long, or waited for us while we waited for them."""
    for _turn in range(TRIES - 1):
        try:
            return _try(connection, work)
        except OperationalError:
            if connection.in_atomic_block:
                raise
            sleep(PAUSE_S)
    return _try(connection, work)


def _try(connection: BaseDatabaseWrapper, work: Callable[[Any], Result]) -> Result:
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        return work(cursor)


def _execute(cursor: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        cursor.execute(statement)
