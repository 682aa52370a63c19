"""Where a migrate only adds, nobody is refused and every guard stands, also when it is cut off."""

from threading import Event, Thread
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import DatabaseError, connection, models
from django.db.migrations import AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation

from hireops.database.operations import AddIndexConcurrently
from hireops.desk.models import AuditEntry
from hireops.guards import rules
from hireops.guards.dialects import LATCH
from hireops.guards.installed import differences, is_lifted
from hireops.guards.management.commands import migrate as command
from tests.databases import Database
from tests.guards.changes import Changes
from tests.guards.refusals import changing_nothing
from tests.selection import also_on_sqlite, on_postgresql

pytestmark = [also_on_sqlite, pytest.mark.slow, pytest.mark.timeout(600)]

NEW = "inbox_remark"
WRITTEN = "INSERT INTO inbox_remark (id) VALUES (1)"


def more(app: str) -> list[Operation]:
    """In every guarded table a column and an index; and a table that has guards as well."""
    field = models.CharField(max_length=10, null=True)
    names = [
        str(model._meta.model_name)
        for model in apps.get_app_config(app).get_models()
        if model._meta.db_table in rules.guarded_tables() and not model._meta.proxy
    ]
    columns = [AddField(name, "remark", field.clone()) for name in names]
    indexes = [AddIndex(name, models.Index(fields=["remark"], name=f"{name[:20]}_remark")) for name in names]
    table = CreateModel("Remark", [("id", models.BigAutoField(primary_key=True))])
    return [*columns, *indexes, *([table] if app == "inbox" else [])]


def concurrently(app: str) -> list[Operation]:
    index = models.Index(fields=["remark", "id"], name="event_by_remark")
    return [AddIndexConcurrently("event", index)] if app == "inbox" else []


class Meanwhile(Operation):
    """Somebody else writes, and tries to write what must not be, while a migrate is under way."""

    reduces_to_sql = False
    is_additive = True
    database: Database
    fails = False
    seen = 0

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, *_: Any) -> None:
        for table in rules.guarded_tables():
            answer = self.answer_to(changing_nothing(table))
            assert (LATCH in answer) is (table == NEW), (table, answer)
        assert "append-only" in self.answer_to("DELETE FROM desk_auditentry")
        assert LATCH in self.answer_to(WRITTEN)
        type(self).seen += 1
        if self.fails:
            raise RuntimeError("half way")

    def answer_to(self, statement: str) -> str:
        tail = " RETURNING 1" if connection.vendor == "postgresql" else ""
        try:
            self.database.rows(statement + tail)
        except Exception as error:  # noqa: BLE001 - of either driver
            return str(error)
        return ""


def meanwhile(app: str) -> list[Operation]:
    return [Meanwhile()] if app == "inbox" else []


@pytest.fixture
def growing(fresh: Database, changes: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are migrations that only add."""
    of_any = ContentType.objects.get_for_model(AuditEntry)
    AuditEntry.objects.create(action="looked at", target_type=of_any, target_id="1")
    for rule in rules.append_only(NEW):
        monkeypatch.setitem(rules._declared, rule.name, rule)
    monkeypatch.setattr(Meanwhile, "database", fresh, raising=False)
    monkeypatch.setattr(Meanwhile, "seen", 0)
    changes.new("more", more)
    changes.new("concurrently", concurrently, atomic=False)
    changes.new("meanwhile", meanwhile, atomic=False)  # SQLite has one writer: others write between


def test_others_write_and_are_guarded_while_tables_grow(growing: None):
    call_command("migrate", verbosity=0)
    assert Meanwhile.seen == 1
    assert differences(connection) == []
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(f"DELETE FROM {NEW}")


def test_cut_off_it_refuses_only_what_has_no_guards_yet_until_it_is_run_again(
    growing: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Meanwhile, "fails", True)
    with pytest.raises(RuntimeError):
        call_command("migrate", verbosity=0)
    connection.close()
    assert is_lifted(connection)
    monkeypatch.setattr(Meanwhile, "fails", False)
    call_command("migrate", verbosity=0)
    assert Meanwhile.seen == 2  # both times the others could write
    assert not is_lifted(connection)
    assert differences(connection) == []


@on_postgresql
def test_an_index_whose_building_was_cut_off_is_built_anew(growing: None):
    call_command("migrate", "inbox", "more", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX event_by_remark ON inbox_event (remark, id)")
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'event_by_remark'::regclass"
        )
    call_command("migrate", "inbox", "concurrently", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'event_by_remark'::regclass")
        assert cursor.fetchall() == [(True,)]


@on_postgresql
def test_who_keeps_a_table_is_named_and_waited_for(
    growing: None, fresh: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    held, let_go = Event(), Event()
    monkeypatch.setattr(command, "sleep", lambda _seconds: let_go.set())

    def hold() -> None:
        with fresh.locked("inbox_event"):
            held.set()
            let_go.wait(120)

    holder = Thread(target=hold)
    holder.start()
    held.wait(10)
    call_command("migrate", verbosity=0)
    holder.join()
    assert "A table is in use, so this is tried again. Perhaps by process" in capsys.readouterr().err
    assert Meanwhile.seen == 1
    assert differences(connection) == []
