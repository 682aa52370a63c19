"""Guards around a migrate: lifted before the first change of the schema, put back after the last.

Django's signals would not do: after an exception or a kill there is no ``post_migrate``, and a flush sends
one as well. So the schema editors of the connection that migrates do it.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.postgresql.schema import DatabaseSchemaEditor as PostgreSQLEditor
from django.db.backends.sqlite3.schema import DatabaseSchemaEditor as SQLiteEditor
from django.db.models import Model

from hireops.failpoints import failpoint
from hireops.guards.installed import LIFTED, GuardDifference, dialect_of, differences, is_lifted, tables_of
from hireops.guards.installing import Misfit, install, latch_what_is_new, lift, take_over_latch
from hireops.guards.postgresql import building_concurrently

BUILT_CONCURRENTLY = re.compile(r'CREATE INDEX CONCURRENTLY "(?P<index>[^"]+)"')


@contextmanager
def one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Inside, no lock is waited for so long that others would be late who wait behind it."""
    dialect = dialect_of(connection)
    with dialect.one_migrate_at_a_time(connection), dialect.waits_briefly(connection):
        yield


@contextmanager
def migrating(connection: BaseDatabaseWrapper, *, is_additive: bool) -> Iterator[None]:
    """Inside, the schema may change. Unless all ``is_additive``, whoever else writes is refused from the
    first change on; else only those are who write into new tables that have no guards yet.

    Whatever is raised in it leaves the latch; otherwise ``put_back`` ends it.
    """
    guarded = tables_of(connection) if is_additive else []
    if is_additive and is_lifted(connection):
        take_over_latch(connection)
    usual = connection.SchemaEditorClass
    attributes = {"needs_lifting": not is_additive, "guarded": guarded}
    connection.SchemaEditorClass = type("Editor", (EDITORS[connection.vendor],), attributes)
    try:
        yield
    except BaseException as error:
        if is_lifted(connection):
            error.add_note(LIFTED)
        raise
    finally:
        connection.SchemaEditorClass = usual


def put_back(connection: BaseDatabaseWrapper) -> list[Misfit] | list[GuardDifference]:
    """Every guard as it is declared for the schema as it is now. What is given is still not so.

    If a rule names what the schema does not have, nothing changes and the latch stays.
    """
    failpoint("guards.migrated")
    if any(each.is_ours for each in differences(connection)) and (misfits := install(connection)):
        return misfits
    return differences(connection)


class _Latching(BaseDatabaseSchemaEditor):
    """``needs_lifting`` until the first one has; tables that are ``guarded`` stay so."""

    needs_lifting: bool
    guarded: Collection[str]

    def __enter__(self) -> Self:
        if type(self).needs_lifting:
            lift(self.connection)
            type(self).needs_lifting = False
        else:
            failpoint("guards.between_migrations")
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None or not self.atomic_migration:
            latch_what_is_new(self.connection, self.guarded)
            failpoint("guards.before_end_of_migration")
        super().__exit__(kind, error, traceback)

    def create_model(self, model: type[Model]) -> None:
        with self._latched_at_once():
            super().create_model(model)

    @contextmanager
    def _latched_at_once(self) -> Iterator[None]:
        """Where no transaction is around the migration, there is one around what leaves a table bare."""
        if self.atomic_migration:
            yield
            return
        with transaction.atomic(self.connection.alias):
            yield
            latch_what_is_new(self.connection, self.guarded)


class _LatchingOnPostgreSQL(_Latching, PostgreSQLEditor):
    def execute(self, sql: Any, params: Any = ()) -> None:
        if found := BUILT_CONCURRENTLY.match(str(sql)):
            with building_concurrently(self.connection, found["index"]):
                super().execute(sql, params)
        else:
            super().execute(sql, params)


class _LatchingOnSQLite(_Latching, SQLiteEditor):
    def _remake_table(self, *args: Any, **kwargs: Any) -> None:
        with self._latched_at_once():
            super()._remake_table(*args, **kwargs)  # type: ignore[misc]  # the stubs miss it


EDITORS = {"sqlite": _LatchingOnSQLite, "postgresql": _LatchingOnPostgreSQL}
