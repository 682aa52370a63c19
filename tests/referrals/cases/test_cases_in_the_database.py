"""What nobody can do to reconciliations and cases, not even with SQL: have a mismatch never been found."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from hireops.database.clock import now
from referrals.cases.services import close_case, open_case
from referrals.models import POINTS, Case, Reconciliation, ReconciliationChunk
from tests.referrals.observations import owed
from tests.referrals.raw_sql import columns_of, execute, refused
from tests.referrals.withdrawals import approved
from tests.selection import also_on_sqlite, on_postgresql, on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

RUNS, CHUNKS, CASES = (
    "referrals_reconciliation",
    "referrals_reconciliationchunk",
    "referrals_case",
)
LONG_AGO = "2020-01-01 00:00:00+00:00"
START = datetime(2026, 10, 31, 16, tzinfo=UTC)


@pytest.fixture
def run(tenant, hira):
    made = Reconciliation.objects.create(
        tenant=tenant,
        day=date(2026, 11, 1),
        starts_at=START,
        ends_at=START + timedelta(days=1),
        started_by=hira,
    )
    made.refresh_from_db()
    return made


@pytest.fixture
def chunk(run, account):
    asked = account("1", points=100)
    call = owed(asked, "referral_account.reconciliation")
    return ReconciliationChunk.objects.create(reconciliation=run, points={"1": 100}, call=call)


@pytest.fixture
def case(run, account, hira, ada):
    owner = account("2", points=100)
    return open_case(
        kind="points",
        account=owner,
        asset=POINTS,
        ours=Decimal(100),
        theirs=Decimal(90),
        reconciliation=run,
        withdrawal=approved(owner, by=hira, approver=ada),
        change=owner.changes.get(),
    )


def update(row, by, **values):
    """It is refused, and nothing is another."""
    kept = columns_of(row)
    names = ", ".join(f"{name} = %s" for name in values)
    refused(by, f"UPDATE {row._meta.db_table} SET {names} WHERE id = %s", *values.values(), row.pk)
    assert columns_of(row) == kept


def end(run, state="differs"):
    statement = f"UPDATE {RUNS} SET state = %s, finished_at = %s, differences = 1 WHERE id = %s"
    assert execute(statement, state, now(), run.pk) == 1


# --- Cases


@pytest.mark.parametrize("is_closed", [False, True])
def test_what_a_case_is_about_never_changes(case, account, ada, is_closed):
    if is_closed:
        close_case(case, by=ada, note="asked Feishu")
    others = {"account_id": account("3", points=5).pk, "change_id": account("4", points=5).changes.get().pk}
    texts = {"kind": "cash", "asset": "CNY", "ours": 90, "theirs": 100, "opened_at": LONG_AGO, "id": 999}
    for column, value in {**others, **texts}.items():
        update(case, "case_stays_as_opened", **{column: value})
    for column in ("ours", "theirs", "reconciliation_id", "withdrawal_id", "change_id"):
        update(case, "case_stays_as_opened", **{column: None})


@pytest.mark.parametrize("by_a_person", [True, False])
def test_a_case_is_closed_once(case, ada, eve, by_a_person):
    closer = ada.pk if by_a_person else None
    statement = f"UPDATE {CASES} SET closed_at = %s, closed_by_id = %s, note = 'seen' WHERE id = %s"
    assert execute(statement, now(), closer, case.pk) == 1
    update(case, "case_is_closed_once", note="another")
    update(case, "case_is_closed_once", closed_by_id=eve.pk)
    update(case, "case_is_closed_once", closed_at=LONG_AGO)
    update(case, "case_is_closed_once", closed_at=None, closed_by_id=None, note="")


def test_a_case_is_not_closed_without_a_note(case):
    update(case, "case_is_closed_with_a_note", closed_at=now())


def test_a_case_stays(case, ada):
    refused("case_stays", f"DELETE FROM {CASES} WHERE id = %s", case.pk)
    close_case(case, by=ada, note="asked Feishu")
    refused("case_stays", f"DELETE FROM {CASES} WHERE id = %s", case.pk)
    assert Case.objects.get().theirs == 90


# --- Reconciliations


@pytest.mark.parametrize("state", ["running", "matched", "differs", "failed"])
def test_what_a_reconciliation_is_about_never_changes(run, eve, state):
    if state != "running":
        end(run, state)
    changes = {"day": "2020-01-01", "starts_at": LONG_AGO, "ends_at": LONG_AGO, "started_at": LONG_AGO}
    for column, value in {**changes, "started_by_id": eve.pk, "id": 999}.items():
        update(run, "reconciliation_stays_as_started", **{column: value})
    update(run, "reconciliation_stays_as_started", started_by_id=None)
    update(run, "reconciliation_stays_as_started", tenant_id=0)


@pytest.mark.parametrize("state", ["matched", "differs", "failed"])
def test_what_a_reconciliation_found_never_changes(run, state):
    end(run, state)
    for other in {"matched", "differs", "failed"} - {state}:
        update(run, "reconciliation_ends_only_once", state=other)
    update(run, "reconciliation_ends_only_once", state="running", finished_at=None)
    for column, value in {"differences": 0, "accounts": 7, "finished_at": LONG_AGO}.items():
        update(run, "reconciliation_ends_only_once", **{column: value})


def test_a_reconciliation_stays(run):
    refused("reconciliation_stays", f"DELETE FROM {RUNS} WHERE id = %s", run.pk)
    end(run)
    refused("reconciliation_stays", f"DELETE FROM {RUNS} WHERE id = %s", run.pk)


def test_what_was_sent_to_be_compared_never_changes(chunk, run, account, tenant):
    other = Reconciliation.objects.create(
        tenant=tenant, day=date(2026, 11, 2), starts_at=START, ends_at=START + timedelta(days=1)
    )
    call = owed(account("3"), "referral_account.reconciliation")
    changes = {"points": '{"1": 90}', "call_id": call.pk, "reconciliation_id": other.pk, "id": 999}
    for column, value in changes.items():
        update(chunk, "chunk_stays_as_asked", **{column: value})


@pytest.mark.parametrize("state", ["compared", "split", "unknown", "failed"])
def test_a_part_ends_once(chunk, state):
    assert execute(f"UPDATE {CHUNKS} SET state = %s WHERE id = %s", state, chunk.pk) == 1
    for other in {"pending", "compared", "split", "unknown", "failed"} - {state}:
        update(chunk, "chunk_ends_once", state=other)


def test_a_part_stays(chunk):
    refused("chunk_stays", f"DELETE FROM {CHUNKS} WHERE id = %s", chunk.pk)


@on_sqlite
@pytest.mark.parametrize("table", [RUNS, CHUNKS, CASES])
def test_none_is_replaced(case, chunk, table):
    refused("replaces_none", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@on_postgresql
@pytest.mark.parametrize("table", [RUNS, CHUNKS, CASES])
def test_none_of_the_tables_is_emptied(case, chunk, table):
    assert connection.vendor == "postgresql"
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused("is never emptied", f"TRUNCATE {table} CASCADE")
