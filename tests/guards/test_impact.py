"""What ``migrate`` says of a migration is what PostgreSQL then does, and long waits are refused."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations import AddConstraint, AddField, AddIndex, AlterField, Migration, RemoveField
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from hireops.desk.roles import grant
from hireops.guards import impact, migrating
from hireops.guards.impact import INDEX, LOOK, REWRITE, Whole, impacts
from hireops.guards.installed import differences
from hireops.guards.management.commands import migrate as command
from tests.databases import Database
from tests.guards.changes import Changes
from tests.selection import also_on_sqlite, on_postgresql

pytestmark = [also_on_sqlite, pytest.mark.slow, pytest.mark.timeout(600)]

TABLE, MODEL = "desk_heartbeat", "heartbeat"
ANY_INDEX = models.Index(fields=["version", "name"], name="heartbeat_by_version")
ANY_CHECK = models.CheckConstraint(condition=~models.Q(name="nobody"), name="heartbeat_of_somebody")
ANY_UNIQUE = models.UniqueConstraint(fields=["version", "name"], name="heartbeat_once")


def column(**options: Any) -> AddField:
    return AddField(MODEL, "n", models.IntegerField(**options))


# What is done, whether it is additive, and what goes over the whole table on PostgreSQL.
CASES: list[tuple[Operation, bool, set[str]]] = [
    (column(null=True), True, set()),
    (column(null=True, default=7), True, set()),
    (column(db_default=7), True, set()),
    (column(default=7), False, set()),
    (column(null=True, db_index=True), True, {INDEX.says}),
    (column(null=True, unique=True), True, {INDEX.says}),
    (AddField(MODEL, "n", models.PositiveIntegerField(null=True)), True, {LOOK.says}),
    (
        AddField(MODEL, "n", models.ForeignKey("desk.auditentry", models.CASCADE, null=True, db_index=False)),
        True,
        set(),
    ),
    (AddIndex(MODEL, ANY_INDEX), True, {INDEX.says}),
    (AddConstraint(MODEL, ANY_CHECK), False, {LOOK.says}),
    (AddConstraint(MODEL, ANY_UNIQUE), False, {INDEX.says}),
    (AlterField(MODEL, "version", models.CharField(max_length=500, db_default="")), False, set()),
    (AlterField(MODEL, "version", models.CharField(max_length=31, db_default="")), False, {REWRITE.says}),
    (AlterField(MODEL, "version", models.TextField(null=True)), False, set()),
    (RemoveField(MODEL, "version"), False, set()),
    (grant("auditor", "inbox", "view_event"), True, set()),
]


# Django's own, filled by roles.
DJANGOS = {"auth_group_permissions", "auth_permission", "django_content_type"}


def of(*operations: Operation) -> Migration:
    migration: Migration = type("Tried", (Migration,), {"operations": list(operations)})("tried", "desk")
    return migration


@on_postgresql
@pytest.mark.parametrize(
    ("operation", "is_additive", "whole"),
    CASES,
    ids=lambda it: it.describe() if isinstance(it, Operation) else "",
)
def test_what_is_said_of_an_operation_is_what_postgresql_does(
    db: None, operation: Operation, is_additive: bool, whole: set[str]
):
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} (name, at) VALUES ('a worker', now())")
    migration = of(operation)
    (said,) = impacts(connection, [(migration, False)])
    assert (said.is_additive, {each.work.says for each in said.whole}) == (is_additive, whole)
    state = MigrationLoader(connection).project_state()
    before = Done()
    with connection.schema_editor() as editor:
        migration.apply(state, editor)
    assert Done().since(before) == as_done(said.whole)
    if is_additive:
        assert earlier_code_goes_on()
    if operation is CASES[3][0]:
        assert not earlier_code_goes_on()


def earlier_code_goes_on() -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} (name, at) VALUES ('another', now())")
            cursor.execute(f"SELECT name, at, host, version FROM {TABLE}")
    except DatabaseError:
        return False
    return True


class Done:
    """By table: its file, how often it was read whole in this transaction, whether nobody may read it."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'r'")
            self.files = dict(cursor.fetchall())
            cursor.execute("SELECT relname, seq_scan, n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
            rows = cursor.fetchall()
            self.scans = {table: scans for table, scans, _changes in rows}
            self.changes = {table: changes for table, _scans, changes in rows}
            cursor.execute(
                "SELECT relation::regclass::text FROM pg_locks"
                " WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relation IS NOT NULL"
            )
            self.closed = {table for (table,) in cursor.fetchall()}
            cursor.execute(
                "SELECT table_name, column_name, is_nullable = 'YES' OR column_default IS NOT NULL"
                " OR is_identity = 'YES' FROM information_schema.columns WHERE table_schema = 'public'"
            )
            self.columns = {(table, column): is_optional for table, column, is_optional in cursor.fetchall()}

    def since(self, before: "Done") -> set[tuple[str, bool, bool]]:
        """Tables that were gone over: whether they were written anew, and whether nobody may read them."""
        gone_over = {table for table in before.files if self.scans.get(table, 0) > before.scans.get(table, 0)}
        anew = {table for table, file in before.files.items() if self.files.get(table, file) != file}
        return {
            (table, table in anew, table in self.closed)
            for table in gone_over | anew
            if not table.startswith(("pg_", "django_", "auth_"))
        }

    def changed_since(self, before: "Done") -> set[str]:
        """Tables of which rows were changed."""
        return {table for table, count in self.changes.items() if count > before.changes.get(table, 0)}

    def is_fit_for_code_of(self, before: "Done", used: set[str]) -> bool:
        """Whether all that it names of these tables is there, and it can leave out the rest."""
        named = {each for each in before.columns if each[0] in used}
        more = {each for each in self.columns if each[0] in used} - named
        return named <= self.columns.keys() and all(self.columns[each] for each in more)


def as_done(whole: tuple[Whole, ...]) -> set[tuple[str, bool, bool]]:
    anew = {each.table for each in whole if each.work is REWRITE}
    return {(each.table, each.table in anew, each.stops_reads) for each in whole}


# --- Of all migrations


class Watching(migrating._LatchingOnPostgreSQL):
    """Notes what each migration has done, just before its end."""

    done: list[tuple[Done, Done]] = []

    def __enter__(self):
        entered = super().__enter__()
        self._before = Done()
        return entered

    def __exit__(self, kind, error, traceback) -> None:
        while not kind and self.deferred_sql:
            self.execute(self.deferred_sql.pop(0))
        if not kind:
            self.done.append((self._before, Done()))
        super().__exit__(kind, error, traceback)


@on_postgresql
def test_what_is_said_of_every_migration_since_the_oldest_starting_point_is_what_it_does(
    former: Database, monkeypatch: pytest.MonkeyPatch
):
    used = set(connection.introspection.table_names())
    plan = command._plan(connection, {"app_label": None, "migration_name": None})
    said = impacts(connection, plan)
    monkeypatch.setitem(migrating.EDITORS, "postgresql", Watching)
    monkeypatch.setattr(Watching, "done", [])
    call_command("migrate", verbosity=0)
    for each, (migration, _backwards), (before, after) in zip(said, plan, Watching.done, strict=True):
        if each.is_additive:
            assert after.is_fit_for_code_of(before, used), each.migration
        stated = set(getattr(migration, "changes_rows_of", ()))
        assert after.changed_since(before) & used <= stated | DJANGOS, each.migration
        if migration.atomic and all(impact._is_additive(operation) for operation in migration.operations):
            # Dropping an index stops reads as well, and its SQL does not say of which table.
            done = {(table, anew) for table, anew, _closed in after.since(before) if table in used}
            assert done == {(table, anew) for table, anew, _closed in as_done(each.whole)}, each.migration


# --- Refused


def indexed(app: str) -> list[Operation]:
    if app != "inbox":
        return []
    return [AddIndex("event", models.Index(fields=["reason"], name="event_by_reason"))]


def test_what_would_keep_others_from_a_large_table_is_refused_unless_somebody_says_so(
    fresh: Database, changes: Changes, monkeypatch: pytest.MonkeyPatch
):
    changes.new("indexed", indexed)
    monkeypatch.setattr(impact, "LONGEST_S", 0)  # so that any table is large
    sentence = (
        r"inbox.indexed builds an index on inbox_event \(\d+ MB\): nobody writes into it for about \d+ s"
    )
    with pytest.raises(CommandError, match=sentence) as refusal:
        call_command("migrate", verbosity=0)
    assert "AddIndexConcurrently" in str(refusal.value)
    assert "event_by_reason" not in indexes()
    assert differences(connection) == []
    out = StringIO()
    call_command("migrate", plan=True, stdout=out)
    assert re.search(sentence, out.getvalue())
    call_command("migrate", verbosity=0, despite_locks=True)
    assert "event_by_reason" in indexes()


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "inbox_event"))
