"""A migrate that ends early leaves a database that refuses to be written to, until it is run again."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client

from hireops.guards import rules
from hireops.guards.dialects import LATCH
from hireops.guards.installed import LIFTED, differences, is_lifted
from tests.databases import Database, new_database
from tests.environment import pinned
from tests.forked import Forked
from tests.guards.changes import Changes, added, guarded_apps
from tests.guards.refusals import changing_nothing, silent
from tests.own_pgbouncer import PGBOUNCER, own_pgbouncer
from tests.postgresql import PostgreSQL
from tests.selection import also_on_sqlite, on_postgresql
from tests.simulator_process import APP
from tests.upgrade.conftest import opened

pytestmark = [also_on_sqlite, pytest.mark.slow, pytest.mark.timeout(300)]

# Where the guards of the former version still stand, as nothing has been changed yet.
BEFORE = ["guards.before_lifting"]
MEANWHILE = [
    "guards.lifted",
    "guards.before_end_of_migration:1",
    "guards.between_migrations:1",
    "guards.migrated",
    "guards.before_commit",
]


def migrate(database: Database, folder: Path, *, die_at: str = "") -> Forked:
    """It writes to ``migrate.txt`` in the folder."""
    environment = {
        **os.environ,
        **pinned(folder),
        **APP,
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "hireops.settings",
        "HIREOPS_DIE_AT": die_at,
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    return Forked(command, environment=environment, output=folder / "migrate.txt")


def refused_everywhere() -> bool:
    """Whether no table with guards takes anything, not even what changes nothing, from this connection."""
    answers = [_answer_to(changing_nothing(table)) for table in _tables()]
    return all(LATCH in answer and "migrate" in answer for answer in answers)


def _answer_to(statement: str) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except OperationalError as error:
        return str(error)
    return ""


def _tables() -> list[str]:
    there = connection.introspection.table_names()
    return [table for table in rules.guarded_tables() if table in there]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What commands have written to standard error."""
    return lambda: capsys.readouterr().err


# --- Killed


@pytest.mark.parametrize("place", MEANWHILE)
def test_a_killed_migrate_leaves_a_database_that_takes_nothing_until_it_is_run_again(
    former: Database, tmp_path: Path, place: str
):
    _tables()  # this process has been connected since before
    assert migrate(former, tmp_path, die_at=place).wait() == -9
    assert refused_everywhere()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["guards"]) == (503, [LIFTED])
    assert migrate(former, tmp_path).wait() == 0
    assert (tmp_path / "migrate.txt").read_text() == ""
    assert differences(connection) == []
    assert not refused_everywhere()


@pytest.mark.parametrize("place", BEFORE)
def test_a_migrate_that_is_killed_before_it_has_changed_anything_has_changed_nothing(
    former: Database, tmp_path: Path, place: str
):
    migrate(former, tmp_path, die_at=place).wait()
    assert not is_lifted(connection)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM referrals_balancechange")


def test_a_new_database_is_never_open_without_guards(
    tmp_path: Path, django_db_setup: None, django_db_blocker: Any
):
    with new_database(tmp_path) as database, django_db_blocker.unblock():
        migrate(database, tmp_path, die_at="guards.between_migrations:30").wait()
        with opened(database):
            assert _tables() != []
            assert refused_everywhere()
            migrate(database, tmp_path).wait()
            assert differences(connection) == []


# --- Failed, partial, twice


def fails(_app: str) -> list[Any]:
    from django.db.migrations import RunPython  # noqa: PLC0415

    def run(_apps: Any, _editor: Any) -> None:
        raise RuntimeError("half way")

    return [*added(_app), RunPython(run)]


def test_a_migration_that_fails_leaves_a_database_that_takes_nothing(
    company: Database, changes: Changes, tmp_path: Path
):
    changes.new("failing", fails)
    with pytest.raises(RuntimeError) as failure:
        call_command("migrate", verbosity=0)
    assert failure.value.__notes__ == [LIFTED]
    connection.close()  # another one than the one that may write
    assert refused_everywhere()


def test_going_back_to_where_rules_do_not_fit_says_so_and_nothing_is_written(
    company: Database, told: Callable[[], str]
):
    call_command("migrate", "referrals", "0010", verbosity=0)
    assert "guard payment_pays_whose_it_is does not fit referrals_payment as it is now" in told()
    connection.close()
    assert refused_everywhere()
    call_command("migrate", verbosity=0)
    assert told() == ""
    assert differences(connection) == []
    assert not refused_everywhere()


def test_one_app_alone_is_guarded_when_it_is_migrated(
    tmp_path: Path, django_db_setup: None, django_db_blocker: Any
):
    with new_database(tmp_path) as database, django_db_blocker.unblock(), opened(database):
        call_command("migrate", "outbox", verbosity=0)
        assert differences(connection) == []
        assert "outbox_call" in _tables()
        assert "referrals_payment" not in _tables()


def test_two_migrates_at_once_follow_each_other(former: Database, tmp_path: Path):
    both = [migrate(former, tmp_path), migrate(former, tmp_path)]
    assert [each.wait() for each in both] == [0, 0]
    assert (tmp_path / "migrate.txt").read_text() == ""
    assert differences(connection) == []


@on_postgresql
@pytest.mark.skipif(not PGBOUNCER, reason="PgBouncer is not installed here, so none was put before it")
def test_it_refuses_to_go_through_a_pooler_which_would_keep_its_lock(company: Database, tmp_path: Path):
    with own_pgbouncer(PostgreSQL(company.url)) as pooler:
        through_it = migrate(Database(pooler.url_of(company.name)), tmp_path)
        assert through_it.wait() == 1
        assert "A pooler stands before the database" in (tmp_path / "migrate.txt").read_text()
        locks = "SELECT 1 FROM pg_locks JOIN pg_database ON database = oid WHERE locktype = 'advisory'"
        assert company.rows(f"{locks} AND datname = current_database()") == []
    call_command("migrate", verbosity=0)


def test_only_who_migrates_writes_meanwhile(company: Database, changes: Changes):
    changes.new("looking", looks)
    call_command("migrate", verbosity=0)
    assert not refused_everywhere()


def looks(app: str) -> list[Any]:
    """A migration with data, and at the same time somebody who was connected already."""
    from django.db.migrations import RunPython  # noqa: PLC0415

    def run(_apps: Any, _editor: Any) -> None:
        with connection.cursor() as cursor:
            for table in _tables():
                cursor.execute(changing_nothing(table))
        assert is_lifted(connection)

    return [RunPython(run)]


# --- Nothing to do


@pytest.mark.parametrize(
    "arguments",
    [[], ["--fake"], ["--plan"], ["referrals", "--fake"]],
    ids=lambda given: " ".join(given) or "-",
)
def test_a_migrate_that_changes_nothing_changes_no_guard(company: Database, arguments: list[str]):
    call_command("migrate", *arguments, verbosity=0)
    assert differences(connection) == []
    assert silent() == set()


def test_guarded_tables_are_not_flushed(company: Database):
    with pytest.raises(CommandError, match="flush"):
        call_command("flush", interactive=False, verbosity=0)
    assert silent() == set()


def test_every_app_with_guards_is_tried():
    assert {"bindings", "desk", "inbox", "outbox", "referrals"} <= set(guarded_apps())
