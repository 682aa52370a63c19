"""What a load balancer and the nightly check ask."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse

from hireops.database import schema
from hireops.desk import invariants
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite


def test_healthz_asks_nobody(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.django_db
def test_readyz_is_well_when_the_database_is(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "database": "ok",
        "migrations": "ok",
        "guards": "ok",
        "worker": "stopped",
        "beat": "stopped",
    }


@pytest.mark.django_db
def test_readyz_waits_for_migrations(client: Client) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("desk")
    MigrationRecorder(connection).record_unapplied(*newest)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"database": "ok", "migrations": "missing"})


@pytest.mark.django_db
def test_this_code_can_use_the_tables_that_it_has_migrated() -> None:
    assert list(schema.misfits(connection)) == []


@pytest.mark.parametrize(
    ("statement", "status", "said"),
    [
        ("ALTER TABLE doctor_examination ADD COLUMN remark varchar(9) NULL", 200, []),
        ("ALTER TABLE doctor_examination ADD COLUMN remark varchar(9) NOT NULL DEFAULT ''", 200, []),
        (
            "ALTER TABLE doctor_examination RENAME COLUMN finished_at TO ended_at",
            503,
            ["doctor_examination.finished_at is gone"],
        ),
        ("ALTER TABLE doctor_examination RENAME TO doctor_findings", 503, ["doctor_examination is gone"]),
        (
            (
                "DROP TABLE doctor_examination; "
                "CREATE TABLE doctor_examination "
                "(id integer PRIMARY KEY, asked_by_id integer, asked_at text, "
                "finished_at text, host text, version text, findings text, severity text NOT NULL)"
            ),
            503,
            ["doctor_examination.severity wants a value"],
        ),
    ],
)
@pytest.mark.django_db
def test_readyz_is_not_well_where_a_newer_release_left_nothing_that_this_one_can_use(
    statement: str, status: int, said: list[str], client: Client
) -> None:
    with connection.cursor() as cursor:
        for each in statement.split(";"):
            cursor.execute(each)
    MigrationRecorder(connection).record_applied("doctor", "9999_of_the_next_release")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json().get("schema", [])) == (status, said)


@pytest.fixture
def no_database(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connection.close()
    with monkeypatch.context() as patch:
        if connection.vendor == "sqlite":
            patch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all.sqlite3")
        else:
            patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
            patch.setitem(connection.settings_dict, "PORT", "1")
        yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_readyz_without_a_database_says_so(no_database: None, client: Client) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"database": "unreachable", "migrations": "unknown"})


@pytest.mark.django_db(transaction=True)
def test_staff_read_that_the_database_is_away_and_what_to_do(no_database: None) -> None:
    browser = Client(raise_request_exception=False)
    browser.cookies["django_language"] = "en"

    answer = browser.post(reverse("account_login"), {"login": "vera", "password": "correct-horse"})

    assert answer.status_code == 503
    assert "The database does not answer" in answer.content.decode()


@pytest.fixture
def no_invariants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "_invariants", [])
    monkeypatch.setattr(invariants, "_remarks", [])


@pytest.mark.django_db
def test_the_check_names_every_broken_row_and_fails(
    no_invariants: None, capsys: pytest.CaptureFixture[str]
) -> None:
    @invariants.register
    def balances_never_go_back() -> Iterator[str]:
        yield "account 7 went back"
        yield "account 9 went back"

    with pytest.raises(SystemExit) as end:
        call_command("check_invariants")

    assert end.value.code == 1
    name = f"{__name__}.balances_never_go_back"
    assert (
        capsys.readouterr().out
        == f"broken: {name}: account 7 went back\nbroken: {name}: account 9 went back\n"
    )


@pytest.mark.django_db
def test_the_check_is_content_when_all_hold(no_invariants: None, capsys: pytest.CaptureFixture[str]) -> None:
    invariants.register(list)

    call_command("check_invariants")

    assert capsys.readouterr().out == "1 invariants hold\n"
