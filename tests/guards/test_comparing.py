"""A guard that somebody has dropped, changed or switched off is named, and can be put back."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from hireops.desk.models import InvariantCheck
from hireops.desk.tasks import check_invariants
from tests.databases import Database, new_database
from tests.guards.refusals import SQLITE, silent
from tests.selection import also_on_sqlite
from tests.upgrade.conftest import opened

pytestmark = [also_on_sqlite, pytest.mark.slow]

FUNCTION = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
ON_SQLITE = {
    "missing": ["DROP TRIGGER account_stays"],
    "not the one that is declared": [
        "DROP TRIGGER account_stays",
        (
            "CREATE TRIGGER account_stays BEFORE DELETE ON referrals_referralaccount WHEN 1 = 0 "
            "BEGIN SELECT RAISE(ABORT, 'account_stays'); END"
        ),
    ],
}
ON_POSTGRESQL = {
    "missing": ["DROP TRIGGER account_stays ON referrals_referralaccount"],
    "disabled": ["ALTER TABLE referrals_referralaccount DISABLE TRIGGER account_stays"],
    "not the one that is declared": [f"CREATE OR REPLACE FUNCTION account_stays() {FUNCTION}"],
}
TRICKS = ON_SQLITE if SQLITE else ON_POSTGRESQL
FOREIGN = (
    ["CREATE TRIGGER meddling AFTER INSERT ON outbox_call BEGIN DELETE FROM outbox_call; END"]
    if SQLITE
    else [
        f"CREATE FUNCTION meddle() {FUNCTION}",
        "CREATE TRIGGER meddling BEFORE INSERT ON outbox_call FOR EACH ROW EXECUTE FUNCTION meddle()",
    ]
)


def execute(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def lines_of(command: str, *arguments: str) -> tuple[Any, list[str]]:
    """Exit code and output."""
    out = StringIO()
    try:
        call_command(command, *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.mark.parametrize("wrong", TRICKS)
def test_what_was_done_to_a_guard_by_hand_is_named_and_undone(company: Database, wrong: str):
    execute(TRICKS[wrong])
    sentence = f"guard account_stays of referrals_referralaccount is {wrong}"
    code, lines = lines_of("check_invariants")
    assert (code, sentence in lines[0]) == (1, True)
    code, lines = lines_of("prove_balances")
    assert (code, lines[0]) == (1, f"broken: {sentence}")
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["guards"]) == (503, [sentence])
    check_invariants()
    assert sentence in InvariantCheck.objects.latest("pk").sentences
    assert lines_of("guards") == (1, [sentence])
    assert lines_of("guards", "--install")[0] == 0
    assert Client().get("/readyz").status_code == 200
    assert silent() == set()


@pytest.mark.parametrize("wrong", TRICKS)
def test_the_next_migrate_puts_it_back_as_well(company: Database, wrong: str):
    execute(TRICKS[wrong])
    call_command("migrate", verbosity=0)
    assert silent() == set()


def test_where_there_is_no_table_no_guard_stands_on_it(
    django_db_setup: None, tmp_path: Path, django_db_blocker: Any
):
    with new_database(tmp_path) as database, django_db_blocker.unblock(), opened(database):
        code, lines = lines_of("guards")
        assert code == 1
        assert "table referrals_payment is missing, with all its guards" in lines
        for command in ("check_invariants", "prove_balances"):
            with pytest.raises(CommandError, match=r"is gone.*Run manage.py migrate"):
                call_command(command)


def test_a_trigger_that_is_none_of_ours_is_named_and_left_alone(company: Database):
    execute(FOREIGN)
    sentence = "trigger meddling of outbox_call is none of the declared guards"
    assert lines_of("guards", "--install") == (1, [sentence])
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["guards"]) == (200, [sentence])
