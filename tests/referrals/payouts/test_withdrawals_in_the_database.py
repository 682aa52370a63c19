"""What nobody can do to a withdrawal, not even with SQL: skip a step, take one back, edit one away."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import F
from django.db.utils import NotSupportedError

from hireops.database import clock
from hireops.outbox.models import Call
from referrals.models import (
    POINTS,
    Payment,
    PayoutBatch,
    ResultsFile,
    Reversal,
    SelfApproval,
    Withdrawal,
    WithdrawalAmount,
)
from referrals.payouts import services
from tests.referrals.observations import owed
from tests.referrals.withdrawals import payee_of
from tests.selection import also_on_sqlite, on_postgresql, on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db, pytest.mark.slow]

WITHDRAW = "referral_account.withdraw"
TABLE, AMOUNTS = "referrals_withdrawal", "referrals_withdrawalamount"
WAYS = {
    "requested": [],
    "rejected": ["rejected"],
    "canceled": ["canceled"],
    "approved": ["approved"],
    "unknown": ["approved", "unknown"],
    "refused": ["approved", "refused"],
    "empty": ["approved", "empty"],
    "taken": ["approved", "taken"],
    "handed_over": ["approved", "unknown", "taken", "handed_over"],
    "bounced": ["approved", "taken", "handed_over", "bounced"],
    "paid": ["approved", "taken", "handed_over", "paid"],
}
LEGAL = {
    *[("requested", state) for state in ("approved", "rejected", "canceled")],
    *[("approved", state) for state in ("unknown", "taken", "empty", "refused")],
    *[("unknown", state) for state in ("taken", "empty", "refused")],
    ("taken", "handed_over"),
    ("handed_over", "paid"),
    ("handed_over", "bounced"),
    ("bounced", "handed_over"),
    ("paid", "bounced"),  # two people have reversed a payment
}
CHANGES = {
    "account_id": 0,
    "external_order_id": "another",
    "takes_points": False,
    "takes_cash": True,
    "requested_by_id": 0,
    "requested_at": "2020-01-01 00:00:00+00:00",
    "request_reason": "another",
    "decided_by_id": 0,
    "decided_at": "2020-01-01 00:00:00+00:00",
    "decision_reason": "another",
    "self_approved": True,
    "call_id": 0,
    "trans_time": "2020-01-01 00:00:00+00:00",
    "answered_at": "2020-01-01 00:00:00+00:00",
}


def refused(statement, *values):
    """The database refuses the statement."""
    with pytest.raises((IntegrityError, ProgrammingError, NotSupportedError)), transaction.atomic():
        execute(statement, *values)


def execute(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def accepted(statement, *values):
    assert execute(statement, *values) == 1


def columns_of(row):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return cursor.fetchone()


@pytest.fixture
def requested(account, hira):
    owner = account(points=100)
    return services.request_withdrawal(owner, by=hira, points=True, cash=False, reason="November")


@pytest.fixture
def withdrawal_in(requested, ada):
    """``withdrawal_in("taken")``: the withdrawal after it has taken every step until there, by plain SQL."""

    def withdrawal_in(state):
        for step in WAYS[state]:
            take(requested, step, ada)
        requested.refresh_from_db()
        return requested

    return withdrawal_in


def take(withdrawal, step, decider):
    """One step with everything that the constraints demand of it."""
    now = clock.now()
    values = {"state": step}
    if step in {"rejected", "canceled", "approved"}:
        values |= {"decided_by_id": decider.pk, "decided_at": now, "decision_reason": "fine"}
    if step == "approved":
        values |= {"call_id": owed(withdrawal.account, WITHDRAW).pk}
        withdrawal.amounts.update(approved=F("seen"))
    if step in {"taken", "empty"}:
        values |= {"trans_time": now, "answered_at": now}
        was_there = 100 if step == "taken" else 0
        withdrawal.amounts.filter(taken=None).update(taken=was_there)
    if step in PAYING:
        PAYING[step](withdrawal, decider)
    update(withdrawal, **values)


def acknowledge(withdrawal, by):
    """That it took what nobody had approved."""
    update(withdrawal, excess_acknowledged_by_id=by.pk, excess_acknowledged_at=clock.now())


def hand_over(withdrawal, by):
    """What nobody pays."""
    batch = PayoutBatch.objects.create(created_by=by)
    for amount in withdrawal.amounts.filter(taken__gt=0):
        if amount.payments.filter(Payment.LIVE).exists():
            continue
        number = amount.payments.count() + 1
        payment_id = f"{withdrawal.external_order_id}-{amount.asset}-{number}"
        amount.payments.create(
            batch=batch,
            payment_id=payment_id,
            asset=amount.asset,
            sum=amount.taken,
            instead_of=amount.payments.order_by("pk").last(),
            **payee_of(withdrawal),
        )


def record(withdrawal, by, **result):
    """The result of every payment that is under way."""
    under_way = Payment.objects.filter(amount__withdrawal=withdrawal, state="handed_over")
    under_way.update(**result, recorded_by=by, recorded_at=clock.now())


def record_bounced(withdrawal, by):
    """As a results file of the batch says."""
    for payment in Payment.objects.filter(amount__withdrawal=withdrawal, state="handed_over"):
        evidence = ResultsFile.objects.create(batch=payment.batch, content=b"", uploaded_by=by)
        result = {"state": "bounced", "reason": "account closed", "evidence": evidence}
        Payment.objects.filter(pk=payment.pk).update(**result, recorded_by=by, recorded_at=clock.now())


def come_back(withdrawal, by):
    """What is under way does; what was paid is reversed."""
    record_bounced(withdrawal, by)
    for payment in Payment.objects.filter(amount__withdrawal=withdrawal, state="paid", reversed_at=None):
        said = {"payment": payment, "cause": "account_closed", "proposed_by": withdrawal.requested_by}
        reversal, now = Reversal.objects.create(**said), clock.now()
        Reversal.objects.filter(pk=reversal.pk).update(state="confirmed", decided_by=by, decided_at=now)
        Payment.objects.filter(pk=payment.pk).update(reversed_at=now)


# What the paying side does before the withdrawal takes the step.
PAYING: dict[str, Callable[..., None]] = {
    "handed_over": hand_over,
    "paid": partial(record, state="paid", reference="A1"),
    "bounced": come_back,
}


def update(withdrawal, **values):
    names = ", ".join(f"{name} = %s" for name in values)
    accepted(f"UPDATE {TABLE} SET {names} WHERE id = %s", *values.values(), withdrawal.pk)


@pytest.mark.parametrize("before", WAYS)
@pytest.mark.parametrize("after", WAYS)
def test_only_legal_steps_are_taken(withdrawal_in, ada, before, after):
    withdrawal = withdrawal_in(before)
    if before == after:
        return
    if (before, after) in LEGAL:
        take(withdrawal, after, ada)
        withdrawal.refresh_from_db()
        assert withdrawal.state == after
        return
    kept = columns_of(withdrawal)
    refused(f"UPDATE {TABLE} SET state = %s WHERE id = %s", after, withdrawal.pk)
    now = clock.now()
    refused(
        f"UPDATE {TABLE} SET state = %s, decided_by_id = %s, decided_at = %s, call_id = %s, trans_time = %s, "
        "answered_at = %s WHERE id = %s",
        *(after, ada.pk, now, Call.objects.latest("pk").pk, now, now, withdrawal.pk),
    )
    assert columns_of(withdrawal) == kept


# --- No step without what makes it true


def step_refused(withdrawal, state):
    refused(f"UPDATE {TABLE} SET state = %s WHERE id = %s", state, withdrawal.pk)


def test_nothing_is_handed_over_without_a_payment_that_is_under_way(withdrawal_in, ada):
    withdrawal = withdrawal_in("taken")
    step_refused(withdrawal, "handed_over")
    hand_over(withdrawal, ada)
    record_bounced(withdrawal, ada)
    step_refused(withdrawal, "handed_over")
    hand_over(withdrawal, ada)
    update(withdrawal, state="handed_over")


def test_it_is_paid_when_each_amount_that_was_taken_is(withdrawal_in, ada):
    withdrawal = withdrawal_in("approved")
    statement = f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen, taken) VALUES (%s, %s, 0, %s)"
    accepted(statement, withdrawal.pk, "CNY", 5)
    accepted(statement, withdrawal.pk, "EUR", 0)
    take(withdrawal, "taken", ada)
    acknowledge(withdrawal, ada)
    take(withdrawal, "handed_over", ada)
    for payment in Payment.objects.filter(amount__withdrawal=withdrawal):
        step_refused(withdrawal, "paid")
        Payment.objects.filter(pk=payment.pk).update(
            state="paid", reference="A1", recorded_by=ada, recorded_at=clock.now()
        )
    step_refused(withdrawal, "bounced")
    update(withdrawal, state="paid")


def test_it_came_back_as_soon_as_a_payment_has_whatever_is_under_way(withdrawal_in, ada):
    withdrawal = withdrawal_in("approved")
    accepted(
        f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen, taken) VALUES (%s, 'CNY', 0, 5)", withdrawal.pk
    )
    take(withdrawal, "taken", ada)
    acknowledge(withdrawal, ada)
    take(withdrawal, "handed_over", ada)
    back = Payment.objects.filter(amount__withdrawal=withdrawal, asset="CNY")
    evidence = ResultsFile.objects.create(batch=back.get().batch, content=b"", uploaded_by=ada)
    result = {"reason": "account closed", "recorded_by": ada, "recorded_at": clock.now()}
    step_refused(withdrawal, "bounced")
    back.update(state="bounced", evidence=evidence, **result)
    update(withdrawal, state="bounced")
    step_refused(withdrawal, "handed_over")
    hand_over(withdrawal, ada)
    update(withdrawal, state="handed_over")


def test_taken_is_what_took_something_and_empty_or_refused_what_took_nothing(withdrawal_in):
    withdrawal = withdrawal_in("unknown")
    now = clock.now()
    answered = f"UPDATE {TABLE} SET state = %s, trans_time = %s, answered_at = %s WHERE id = %s"
    refused(answered, "taken", now, now, withdrawal.pk)
    execute(f"UPDATE {AMOUNTS} SET taken = 1 WHERE withdrawal_id = %s", withdrawal.pk)
    refused(answered, "empty", now, now, withdrawal.pk)
    refused(answered, "refused", None, now, withdrawal.pk)
    accepted(answered, "taken", now, now, withdrawal.pk)


@pytest.mark.parametrize("state", ["taken", "paid", "bounced", "empty"])
@pytest.mark.parametrize("column", CHANGES)
def test_what_a_step_has_written_never_changes(withdrawal_in, account, eve, state, column):
    withdrawal = withdrawal_in(state)
    others = {
        "account_id": account().pk,
        "requested_by_id": eve.pk,
        "decided_by_id": eve.pk,
        "call_id": _another_call(withdrawal).pk,
    }
    value = others.get(column, CHANGES[column])
    kept = columns_of(withdrawal)
    refused(f"UPDATE {TABLE} SET {column} = %s WHERE id = %s", value, withdrawal.pk)
    if column not in {"takes_points", "takes_cash", "self_approved", "external_order_id"}:
        refused(f"UPDATE {TABLE} SET {column} = NULL WHERE id = %s", withdrawal.pk)
    assert columns_of(withdrawal) == kept


def _another_call(withdrawal):
    call = Call.objects.get(pk=withdrawal.call_id)
    call.pk = None
    call.save(force_insert=True)
    return call


@pytest.mark.parametrize("column", ["external_order_id", "takes_points", "request_reason", "decision_reason"])
def test_a_request_stays_as_it_was_asked_for(requested, column):
    refused(f"UPDATE {TABLE} SET {column} = %s WHERE id = %s", CHANGES[column], requested.pk)


def test_the_approver_is_not_the_requester(requested, hira):
    requested.amounts.update(approved=F("seen"))
    call, now = owed(requested.account, WITHDRAW), clock.now()
    refused(
        f"UPDATE {TABLE} SET state = 'approved', decided_by_id = %s, decided_at = %s, call_id = %s "
        "WHERE id = %s",
        *(hira.pk, now, call.pk, requested.pk),
    )
    allowed_by_itself = {"state": "approved", "self_approved": True, "decided_by_id": hira.pk}
    names = ", ".join(f"{name} = %s" for name in allowed_by_itself)
    refused(
        f"UPDATE {TABLE} SET {names}, decided_at = %s, call_id = %s WHERE id = %s",
        *(*allowed_by_itself.values(), now, call.pk, requested.pk),
    )
    SelfApproval.objects.create(withdrawal=requested)
    update(  # what the setting allows says so for ever
        requested,
        state="approved",
        decided_by_id=hira.pk,
        decided_at=now,
        call_id=call.pk,
        self_approved=True,
    )
    refused(f"UPDATE {TABLE} SET self_approved = %s WHERE id = %s", False, requested.pk)


def test_nobody_decided_is_no_decision(requested):
    call = owed(requested.account, WITHDRAW)
    refused(f"UPDATE {TABLE} SET state = 'approved', call_id = %s WHERE id = %s", call.pk, requested.pk)
    refused(f"UPDATE {TABLE} SET state = 'rejected' WHERE id = %s", requested.pk)


def test_an_approval_owes_its_call(requested, ada):
    refused(
        f"UPDATE {TABLE} SET state = 'approved', decided_by_id = %s, decided_at = %s WHERE id = %s",
        *(ada.pk, clock.now(), requested.pk),
    )


def test_the_call_of_an_approval_withdraws_from_its_account(requested, account, ada):
    requested.amounts.update(approved=F("seen"))
    calls = [owed(requested.account, "referral_account.enable"), owed(account(), WITHDRAW)]
    columns = "state = 'approved', decided_by_id = %s, decided_at = %s, call_id = %s"
    approve = f"UPDATE {TABLE} SET {columns} WHERE id = %s"
    for call in calls:
        refused(approve, ada.pk, clock.now(), call.pk, requested.pk)
    accepted(approve, ada.pk, clock.now(), owed(requested.account, WITHDRAW).pk, requested.pk)


def test_none_is_approved_by_its_requester_before_it_is_decided(requested, account, hira):
    statement, *values = insert(requested, hira, account=account().pk)
    assert values[-4] is False
    values[-4] = True
    refused(statement, *values)


@pytest.mark.parametrize("state", ["requested", "approved", "unknown"])
def test_an_account_has_one_open_withdrawal(withdrawal_in, hira, state):
    withdrawal = withdrawal_in(state)
    refused(*insert(withdrawal, hira))


@pytest.mark.parametrize("state", ["rejected", "canceled", "refused", "empty", "taken", "paid"])
def test_after_that_another_may_be_asked_for(withdrawal_in, hira, state):
    withdrawal = withdrawal_in(state)
    accepted(*insert(withdrawal, hira))


@pytest.mark.parametrize("state", ["approved", "taken", "paid", "canceled"])
def test_none_begins_in_the_middle(account, ada, hira, requested, state):
    statement, *values = insert(requested, hira, account=account().pk, state=state, decider=ada.pk)
    refused(statement, *values)


def test_an_order_id_is_used_once(account, hira, requested):
    refused(*insert(requested, hira, account=account().pk, order=requested.external_order_id))
    refused(*insert(requested, hira, account=account().pk, order=""))


def test_none_takes_nothing(account, hira, requested):
    refused(*insert(requested, hira, account=account().pk, points=False))


def insert(withdrawal, by, *, account=None, state="requested", decider=None, order="order-2", points=True):
    now = clock.now()
    decided = now if decider else None
    call = Call.objects.latest("pk").pk if state in {"approved", "taken", "paid"} else None
    answered = now if state in {"taken", "paid"} else None
    statement = (
        f"INSERT INTO {TABLE} (account_id, external_order_id, takes_points, takes_cash, state, "
        "requested_by_id, requested_at, request_reason, decided_by_id, decided_at, decision_reason, "
        "self_approved, call_id, trans_time, answered_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s, %s, '', %s, %s, %s, %s)"
    )
    return (
        statement,
        *(account or withdrawal.account_id, order, points, False, state, by.pk, now, decider, decided),
        *(False, call, answered, answered),
    )


@pytest.mark.parametrize("state", WAYS)
def test_none_is_deleted(withdrawal_in, state):
    withdrawal = withdrawal_in(state)
    refused(f"DELETE FROM {TABLE} WHERE id = %s", withdrawal.pk)
    refused(f"DELETE FROM {AMOUNTS} WHERE withdrawal_id = %s", withdrawal.pk)
    assert Withdrawal.objects.filter(pk=withdrawal.pk).exists()
    assert WithdrawalAmount.objects.filter(withdrawal=withdrawal).exists()


def test_the_orm_deletes_none_either(withdrawal_in):
    withdrawal = withdrawal_in("rejected")
    with pytest.raises(IntegrityError), transaction.atomic():
        Withdrawal.objects.filter(pk=withdrawal.pk)._raw_delete("default")


@on_postgresql
@pytest.mark.parametrize("table", [TABLE, AMOUNTS])
def test_the_tables_are_not_emptied(requested, table):
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(f"TRUNCATE {table}")


@on_sqlite
def test_none_is_replaced(withdrawal_in, account, hira):
    withdrawal = withdrawal_in("approved")
    statement, *values = insert(withdrawal, hira)
    refused(statement.replace("INSERT", "INSERT OR REPLACE"), *values)
    statement, *values = insert(withdrawal, hira, account=account().pk, order=withdrawal.external_order_id)
    refused(statement.replace("INSERT", "INSERT OR REPLACE"), *values)
    amount = withdrawal.amounts.get()
    refused(
        f"INSERT OR REPLACE INTO {AMOUNTS} (id, withdrawal_id, asset, seen, taken) VALUES (%s, %s, %s, 0, 5)",
        *(amount.pk, withdrawal.pk, amount.asset),
    )


# --- Amounts


@pytest.mark.parametrize("state", ["requested", "approved", "taken", "paid"])
@pytest.mark.parametrize(("column", "value"), [("seen", 5), ("asset", "CNY"), ("withdrawal_id", 0)])
def test_what_was_seen_never_changes(withdrawal_in, state, column, value):
    amount = withdrawal_in(state).amounts.get()
    refused(f"UPDATE {AMOUNTS} SET {column} = %s WHERE id = %s", value, amount.pk)


@pytest.mark.parametrize("state", ["taken", "handed_over", "bounced", "paid"])
def test_what_was_taken_never_changes(withdrawal_in, state):
    amount = withdrawal_in(state).amounts.get()
    for value in (1, 0, None):
        refused(f"UPDATE {AMOUNTS} SET taken = %s WHERE id = %s", value, amount.pk)


@pytest.mark.parametrize("state", ["requested", "rejected", "canceled", "refused"])
def test_nothing_is_taken_without_an_answer(withdrawal_in, state):
    amount = withdrawal_in(state).amounts.get()
    refused(f"UPDATE {AMOUNTS} SET taken = 5 WHERE id = %s", amount.pk)


@pytest.mark.parametrize("state", ["requested", "taken", "handed_over", "paid"])
def test_nothing_is_added_to_what_was_taken(withdrawal_in, state):
    withdrawal = withdrawal_in(state)
    refused(
        f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen, taken) VALUES (%s, 'CNY', 0, 1000)",
        withdrawal.pk,
    )


@pytest.mark.parametrize("state", ["approved", "unknown", "taken", "paid"])
def test_what_was_approved_never_changes(withdrawal_in, state):
    amount = withdrawal_in(state).amounts.get()
    for value in (5, None):
        refused(f"UPDATE {AMOUNTS} SET approved = %s WHERE id = %s", value, amount.pk)


def test_an_approval_names_the_amount_of_each_asset(requested, ada):
    values = (ada.pk, clock.now(), owed(requested.account, WITHDRAW).pk, requested.pk)
    statement = f"UPDATE {TABLE} SET state = 'approved', decided_by_id = %s, decided_at = %s, call_id = %s"
    refused(f"{statement} WHERE id = %s", *values)
    requested.amounts.update(approved=0)
    accepted(f"{statement} WHERE id = %s", *values)


def test_more_than_was_approved_is_paid_once_another_person_has_acknowledged_it(withdrawal_in, ada, hira):
    withdrawal = withdrawal_in("approved")
    statement = (
        f"UPDATE {TABLE} SET excess_acknowledged_by_id = %s, excess_acknowledged_at = %s WHERE id = %s"
    )
    withdrawal.amounts.update(taken=99)
    refused(statement, ada.pk, clock.now(), withdrawal.pk)  # nothing is to be acknowledged
    refused(
        f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen, approved, taken) VALUES (%s, 'CNY', 0, 5, 5)",
        withdrawal.pk,
    )
    withdrawal.amounts.create(asset="CNY", seen=0, taken=5)  # not approved at all
    now = clock.now()
    update(withdrawal, state="taken", trans_time=now, answered_at=now)
    with pytest.raises(IntegrityError, match="payment_of_excess_is_acknowledged"), transaction.atomic():
        hand_over(withdrawal, ada)
    refused(statement, hira.pk, clock.now(), withdrawal.pk)  # who asked for it
    accepted(statement, ada.pk, clock.now(), withdrawal.pk)
    refused(f"UPDATE {TABLE} SET excess_acknowledged_by_id = NULL, excess_acknowledged_at = NULL")
    hand_over(withdrawal, ada)


def test_amounts_are_not_negative(requested, withdrawal_in):
    refused(
        f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen) VALUES (%s, 'CNY', -1)",
        requested.pk,
    )
    withdrawal = withdrawal_in("approved")
    refused(f"UPDATE {AMOUNTS} SET taken = -1 WHERE withdrawal_id = %s", withdrawal.pk)
    refused(
        f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen, taken) VALUES (%s, 'CNY', 0, -1)", withdrawal.pk
    )


def test_an_asset_is_there_once(requested):
    refused(f"INSERT INTO {AMOUNTS} (withdrawal_id, asset, seen) VALUES (%s, %s, 1)", requested.pk, POINTS)
