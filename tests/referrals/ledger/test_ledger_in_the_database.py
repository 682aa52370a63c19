"""What nobody can do to accounts and balances, not even with SQL: have more than the history bears out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from hireops.feishu.models import Tenant
from referrals.ledger import invariants
from referrals.ledger import services as ledger
from referrals.models import POINTS, Balance, BalanceChange, ReferralAccount
from tests.meanwhile import meanwhile, two_writers
from tests.referrals.conftest import MORNING, balances, tell
from tests.referrals.observations import answer
from tests.referrals.raw_sql import columns_of, execute, refused
from tests.referrals.withdrawals import approved
from tests.selection import also_on_sqlite, on_postgresql, on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

ACCOUNTS, BALANCES, CHANGES = "referrals_referralaccount", "referrals_balance", "referrals_balancechange"
KEPT = [
    ACCOUNTS,
    BALANCES,
    CHANGES,
    "referrals_withdrawal",
    "referrals_withdrawalamount",
    "referrals_payoutbatch",
    "referrals_payment",
    "desk_auditentry",
    "bindings_customfieldpush",
]


@pytest.fixture
def known(account):
    """100 points and 12.30 yuan, in two steps each."""
    made = account("1", points=40, CNY="20.10")
    tell("1", points=100, cash={"CNY": "12.30"}, minutes=1)
    return made


@pytest.fixture
def points(known):
    return Balance.objects.get(account=known, asset=POINTS)


def insert_changes(*rows, table=CHANGES, how="INSERT"):
    """``rows`` are (account, asset, before, after, more columns)."""
    like = BalanceChange.objects.earliest("pk")
    common = {"cause": "event", "event_id": like.event_id, "as_of": MORNING, "created_at": MORNING}
    listed = [
        {
            "account_id": account.pk,
            "asset": asset,
            "before": before,
            "after": after,
            "difference": Decimal(after) - Decimal(before),
            **common,
            **more,
        }
        for account, asset, before, after, more in rows
    ]
    names = ", ".join(f'"{name}"' for name in listed[0])
    row = "(" + ", ".join(["%s"] * len(listed[0])) + ")"
    values = [
        str(value) if isinstance(value, Decimal) else value for each in listed for value in each.values()
    ]
    return f"{how} INTO {table} ({names}) VALUES {', '.join([row] * len(listed))}", *values


# --- Balances


@pytest.mark.parametrize("amount", [0, 40, "99.99", "100.01", 1000])
def test_a_balance_is_where_its_newest_step_ends(known, points, amount):
    refused("balance_follows", f"UPDATE {BALANCES} SET amount = %s WHERE id = %s", amount, points.pk)
    upsert = (
        f"INSERT INTO {BALANCES} (account_id, asset, amount) VALUES (%s, 'points', %s) "
        "ON CONFLICT (account_id, asset) DO UPDATE SET amount = EXCLUDED.amount"
    )
    refused("balance_follows", upsert, known.pk, amount)
    assert balances(known) == {POINTS: Decimal(100), "CNY": Decimal("12.30")}
    assert execute(upsert, known.pk, 100) == 1


def test_all_balances_at_once_are_not_set_either(known):
    refused("balance_follows", f"UPDATE {BALANCES} SET amount = amount + 1")


def test_a_balance_without_a_step_is_nothing(known):
    insert = f"INSERT INTO {BALANCES} (account_id, asset, amount) VALUES (%s, 'USD', %s)"
    refused("balance_begins", insert, known.pk, "0.01")
    assert execute(insert, known.pk, 0) == 1


def test_a_balance_stays_that_of_its_account_and_asset(known, account, points):
    other = account("2", points=100)
    for column, value in {"account_id": other.pk, "asset": "USD", "id": 999}.items():
        refused("balance_stays_whose", f"UPDATE {BALANCES} SET {column} = %s WHERE id = %s", value, points.pk)


def test_a_balance_stays(known, points):
    refused("balance_stays", f"DELETE FROM {BALANCES} WHERE id = %s", points.pk)


@on_sqlite
def test_a_balance_is_not_replaced_by_another(known, account, points):
    refused(
        "balance_replaces_none",
        f"INSERT OR REPLACE INTO {BALANCES} (id, account_id, asset, amount) VALUES (%s, %s, 'USD', 0)",
        *(points.pk, known.pk),
    )
    refused(
        "balance_stays_whose",
        f"UPDATE OR REPLACE {BALANCES} SET asset = 'points' WHERE asset = 'CNY' AND account_id = %s",
        known.pk,
    )


# --- Steps


@pytest.mark.parametrize("before", [0, 40, "99.99", 101])
def test_a_step_begins_where_the_last_one_ended(known, before):
    refused("change_follows", *insert_changes((known, POINTS, before, 500, {})))


def test_the_first_step_begins_at_nothing(known, account):
    refused("change_follows", *insert_changes((known, "USD", 1, 2, {})))
    refused("change_follows", *insert_changes((account("2"), POINTS, 100, 120, {})))


def test_steps_of_one_statement_follow_each_other(known):
    refused(
        "change_follows",
        *insert_changes((known, POINTS, 100, 110, {}), (known, POINTS, 100, 120, {})),
    )
    refused("change_follows", *insert_changes((known, "USD", 0, 1, {}), (known, "USD", 0, 1, {})))
    others = insert_changes(
        (known, POINTS, 100, 110, {}), (known, "CNY", "12.30", "12", {}), (known, POINTS, 110, 90, {})
    )
    assert execute(*others) == 3
    execute(f"UPDATE {BALANCES} SET amount = 90 WHERE account_id = %s AND asset = 'points'", known.pk)


@pytest.mark.parametrize(("before", "after"), [(0, 5), (40, 45), (100, 120), (120, 100)])
def test_no_step_is_put_between_others_or_before_them(known, before, after):
    execute(f"INSERT INTO {BALANCES} (account_id, asset, amount) VALUES (%s, 'USD', 0)", known.pk)
    for number in (-1, 0, -1000):
        refused("change_follows", *insert_changes((known, POINTS, before, after, {"id": number})))


def test_a_step_is_of_a_withdrawal_of_its_own_account(known, account, hira, ada):
    withdrawal = approved(account("2", points=100), by=hira, approver=ada, cash=True)
    booked = {"cause": "withdrawal", "event_id": None, "withdrawal_id": withdrawal.pk}
    refused("change_is_of_its_own", *insert_changes((known, POINTS, 100, 0, booked)))
    execute(*insert_changes((withdrawal.account, POINTS, 100, 0, booked)))


def test_what_the_ledger_writes_is_let_through(known):
    answer(known, points=7, cash={"USD": "0.10"}, asked_at=MORNING + timedelta(minutes=9))
    tell("1", points=7, cash={"CNY": "0.30", "USD": "0.10"}, minutes=20)
    assert list(invariants.findings()) == []


@two_writers
@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_write_one_after_the_other(known):
    statement, *values = insert_changes((known, POINTS, 100, 110, {}))

    def write():
        with pytest.raises(IntegrityError, match="change_follows"):
            execute(statement, *values)

    with meanwhile(write) as until_it_waits, transaction.atomic():
        execute(statement, *values)
        until_it_waits()
    assert BalanceChange.objects.filter(account=known, before=100).count() == 1


@on_postgresql
@pytest.mark.parametrize("statistics", ["of none", "of a few rows"])
def test_what_a_step_costs_does_not_grow_with_the_history(known, statistics):
    """Nor on a database that is new: no statistics are known of it, or those of its first steps."""
    if statistics == "of a few rows":
        execute(f"ANALYZE {CHANGES}")

    def rows_read_for(accounts, points):
        before = rows_read()
        for first in range(0, len(accounts), 100):
            piece = accounts[first : first + 100]
            statement = insert_changes(*[(account, POINTS, points, points + 1, {}) for account in piece])
            assert execute(*statement) == len(piece)
        return rows_read() - before

    def rows_read():
        with connection.cursor() as cursor:
            counted = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = %s"
            cursor.execute(counted, [CHANGES])
            return cursor.fetchone()[0]

    accounts = ReferralAccount.objects.bulk_create(
        ReferralAccount(tenant=known.tenant, account_id=f"new-{number}", source="event")
        for number in range(2000)
    )
    rows_read_for(accounts, 0)
    assert rows_read_for(accounts, 1) <= 5 * len(accounts)


# --- Accounts


def test_an_account_stays_who_it_is(known):
    other = Tenant.objects.create(app_id="cli_other", tenant_key="other")
    kept = columns_of(known)
    for column, value in {"account_id": "another", "tenant_id": other.pk, "id": 999}.items():
        refused("account_stays_who", f"UPDATE {ACCOUNTS} SET {column} = %s WHERE id = %s", value, known.pk)
    assert columns_of(known) == kept


@pytest.mark.parametrize(
    "moment",
    [
        None,
        "2026-11-02 01:00:59",
        "2026-11-02 01:00:59.999999",
        "2020-12-31 23:59:59",
        "2026-11-02T00:00:00",
        pytest.param("tomorrow", marks=on_sqlite),
    ],
)
def test_the_last_change_at_feishu_never_goes_back(known, moment):
    """It was at 01:01:00."""
    execute("SET TIME ZONE 'UTC'") if connection.vendor == "postgresql" else None
    kept = columns_of(known)
    refused("never_goes_back", f"UPDATE {ACCOUNTS} SET modify_time = %s WHERE id = %s", moment, known.pk)
    assert columns_of(known) == kept


def test_it_goes_on(known):
    known.refresh_from_db()
    for moment in (known.modify_time, known.modify_time + timedelta(milliseconds=1)):
        ReferralAccount.objects.filter(pk=known.pk).update(modify_time=moment)


def test_an_account_stays(known, account):
    untouched = account("2")
    for each in (known, untouched):
        refused("account_stays", f"DELETE FROM {ACCOUNTS} WHERE id = %s", each.pk)


def test_an_account_is_made_once(known):
    found, is_new = ledger.account_for(known.tenant, "1", source="event")
    assert (found.pk, is_new) == (known.pk, False)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferralAccount.objects.create(tenant=known.tenant, account_id="1", source="event")


@on_sqlite
def test_an_account_is_not_replaced(account):
    untouched = account("2")
    refused(
        "account_replaces_none",
        f"INSERT OR REPLACE INTO {ACCOUNTS} SELECT * FROM {ACCOUNTS} WHERE id = %s",
        untouched.pk,
    )


# --- TRUNCATE


@on_postgresql
@pytest.mark.parametrize("table", KEPT)
def test_what_is_kept_is_not_emptied_at_once(known, table):
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused("is never emptied", f"TRUNCATE {table} CASCADE")
    assert Balance.objects.exists()
