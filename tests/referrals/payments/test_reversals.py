"""That a payment was made is taken back by two people, and its amount is paid again, once."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import override_settings
from django.utils import translation

from hireops.database import clock as database_clock
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.desk.roles import ROLES
from referrals.models import (
    BalanceChange,
    Payment,
    PayoutBatch,
    Reconciliation,
    Reversal,
    SelfApproval,
    Withdrawal,
)
from referrals.payments import invariants as promises
from referrals.payments import reversing
from referrals.payments import services as payments
from referrals.payments.recording import record_paid
from referrals.payments.services import hand_over
from referrals.payments.trimming import empty_payees
from referrals.reconciliation import closed_days, days
from referrals.reconciliation.cash import cash_of
from tests.meanwhile import at_once, two_writers
from tests.referrals.payments.results_files import payment_of, record_bounced, state
from tests.referrals.raw_sql import columns_of, execute, refused
from tests.referrals.withdrawals import break_into, take_guards_from, taken

State = Withdrawal.State
Standing = Payment.Standing


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def paid(account, hira, ada):
    """``paid(CNY="12.30")``: a withdrawal of which every amount was recorded as paid."""

    def paid(**amounts):
        withdrawal = taken(account(), by=hira, approver=ada, **amounts)
        for payment in hand_over([withdrawal], by=hira).payments.all():
            record_paid(payment, by=hira, reference=f"A{payment.pk}")
        return withdrawal

    return paid


def proposed(withdrawal, by, asset="CNY"):
    return reversing.propose(payment_of(withdrawal, asset), by=by, cause="account_closed", reason="退票")


def reversed_by(withdrawal, hira, ada, asset="CNY"):
    """The payment that two people have reversed."""
    reversing.confirm(proposed(withdrawal, hira, asset), by=ada, reason="seen at the bank")
    return payment_of(withdrawal, asset)


def broken():
    """What payments and withdrawals promise, and is not so."""
    return [
        *promises.withdrawal_states_follow_from_payments(),
        *promises.no_amount_is_paid_twice(),
        *promises.payments_are_reversed_by_two(),
    ]


def counted(batch):
    return {(each.asset, each.state): each.count for each in payments.payment_totals([batch.pk])}


# --- What follows


def test_a_reversed_payment_stays_as_recorded_and_its_amount_is_to_be_paid(paid, hira, ada):
    withdrawal = paid(points=100, CNY="12.30")
    before = payment_of(withdrawal)
    reversal = proposed(withdrawal, hira)
    assert (state(withdrawal), payment_of(withdrawal).standing) == (State.PAID, Standing.PAID)
    reversing.confirm(reversal, by=ada, reason=" seen at the bank ")
    after = payment_of(withdrawal)
    for column in ("state", "reference", "recorded_by_id", "recorded_at", "reason"):
        assert getattr(after, column) == getattr(before, column)
    assert (after.standing, after.why_not_paid) == (
        Standing.REVERSED,
        "returned by the bank: the account is closed · 退票",
    )
    assert (state(withdrawal), payment_of(withdrawal, "points").standing) == (State.BOUNCED, Standing.PAID)
    assert counted(after.batch) == {("CNY", "reversed"): 1, ("points", "paid"): 1}
    reversal.refresh_from_db()
    assert (reversal.proposed_by, reversal.decided_by, reversal.decision_reason) == (
        hira,
        ada,
        "seen at the bank",
    )
    assert [(entry.actor, entry.action) for entry in entries_about(after)][:2] == [
        (ada, "payment reversed"),
        (hira, "reversal of a payment proposed"),
    ]


def test_it_is_paid_again_by_a_new_payment_that_names_it_and_can_be_reversed_too(paid, hira, ada):
    withdrawal = paid(points=100, CNY="12.30")
    first = reversed_by(withdrawal, hira, ada)
    batch = hand_over([withdrawal], by=hira)
    second = batch.payments.get()
    assert (second.payment_id, second.instead_of) == (f"{withdrawal.external_order_id}-CNY-2", first)
    assert state(withdrawal) == State.HANDED_OVER
    record_paid(second, by=hira, reference="B2")
    assert state(withdrawal) == State.PAID
    third_is_due = reversed_by(withdrawal, hira, ada)
    assert (third_is_due, state(withdrawal)) == (second, State.BOUNCED)
    assert hand_over([withdrawal], by=hira).payments.get().instead_of == second
    assert broken() == []


def test_an_amount_is_reversed_while_another_of_its_withdrawal_is_on_its_way(account, hira, ada):
    withdrawal = taken(account(), by=hira, approver=ada, points=100, CNY="12.30")
    hand_over([withdrawal], by=hira)
    record_paid(payment_of(withdrawal), by=hira, reference="A1")
    reversed_by(withdrawal, hira, ada)
    assert state(withdrawal) == State.BOUNCED
    assert [each.asset for each in hand_over([withdrawal], by=hira).payments.all()] == ["CNY"]
    assert state(withdrawal) == State.HANDED_OVER


def test_the_books_follow_and_what_was_taken_out_of_the_account_stays_taken(paid, hira, ada):
    withdrawal = paid(CNY="12.30")
    steps = list(BalanceChange.objects.values())
    for step in (
        lambda: reversed_by(withdrawal, hira, ada),
        lambda: hand_over([withdrawal], by=hira),
        lambda: record_paid(payment_of(withdrawal), by=hira, reference="A2"),
    ):
        step()
        (cash,) = cash_of(Withdrawal.objects.get(pk=withdrawal.pk))
        assert (cash.paid, cash.other) == (cash.taken, None)
        assert broken() == []
    assert list(BalanceChange.objects.values()) == steps


def test_its_day_is_reconciled_again(paid, hira, ada, clock):
    withdrawal = paid(CNY="12.30")
    day = days.day_of(withdrawal.trans_time)
    starts_at, ends_at = days.bounds(day)
    clock.advance(hours=1)
    run = Reconciliation.objects.create(
        tenant=withdrawal.account.tenant,
        day=day,
        starts_at=starts_at,
        ends_at=ends_at,
        started_at=database_clock.now(),
    )
    clock.advance(hours=25)
    assert closed_days._outdated([run.pk], database_clock.now()) == set()
    reversed_by(withdrawal, hira, ada)
    assert closed_days._outdated([run.pk], database_clock.now()) == {day}


# --- Who, and when


def test_one_person_alone_reverses_nothing(paid, hira, ada):
    withdrawal = paid(CNY="1")
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    both = User.objects.get(pk=ada.pk)
    reversal = proposed(withdrawal, both)
    with pytest.raises(Refused, match="somebody else has to confirm it"):
        reversing.confirm(reversal, by=both, reason="seen")
    assert (state(withdrawal), payment_of(withdrawal).reversed_at) == (State.PAID, None)
    with pytest.raises(Refused):
        hand_over([withdrawal], by=hira)


@override_settings(REFERRALS_SELF_APPROVAL=True)
def test_a_team_of_one_may_by_setting_and_the_row_says_so(paid, ada):
    withdrawal = paid(CNY="1")
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    alone = User.objects.get(pk=ada.pk)
    reversing.confirm(proposed(withdrawal, alone), by=alone, reason="alone today")
    assert Reversal.objects.get().self_approved
    assert state(withdrawal) == State.BOUNCED
    assert broken() == []


def test_who_got_the_rights_today_neither_proposes_nor_confirms(paid, hira, eve, settings):
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 24
    withdrawal = paid(CNY="1")
    for role in ("hr_officer", "hr_approver"):
        eve.groups.add(Group.objects.get(name=ROLES[role]))
    with pytest.raises(Refused, match="Your right to record payments takes effect at"):
        proposed(withdrawal, eve)
    with pytest.raises(Refused, match="Your right to approve payouts takes effect at"):
        reversing.confirm(proposed(withdrawal, hira), by=eve, reason="seen")
    assert state(withdrawal) == State.PAID


def test_what_has_come_back_is_not_reversed_and_what_was_paid_is_once(paid, account, hira, ada):
    withdrawal = taken(account(), by=hira, approver=ada, CNY="1")
    hand_over([withdrawal], by=hira)
    record_bounced(payment_of(withdrawal), by=hira, reason="closed")
    with pytest.raises(Refused, match="recorded as come back already"):
        proposed(withdrawal, hira)
    withdrawal = paid(CNY="1")
    reversal = proposed(withdrawal, hira)
    with pytest.raises(Refused, match="said already that this payment came back"):
        proposed(withdrawal, hira)
    reversing.confirm(reversal, by=ada, reason="seen")
    with pytest.raises(Refused, match="has been reversed already"):
        proposed(withdrawal, hira)
    for decide in (reversing.confirm, reversing.decline):
        with pytest.raises(Refused, match="decided already"):
            decide(reversal, by=ada, reason="seen")


def test_one_that_is_declined_or_taken_back_changes_nothing_and_can_be_proposed_anew(paid, hira, ada):
    withdrawal = paid(CNY="1")
    reversing.decline(proposed(withdrawal, hira), by=ada, reason="the bank says otherwise")
    second = proposed(withdrawal, hira)
    with pytest.raises(Refused, match="Only who has proposed this"):
        reversing.take_back(second, by=ada, reason="")
    reversing.take_back(second, by=hira, reason="")
    proposed(withdrawal, hira)
    assert [each.state for each in Reversal.objects.order_by("pk")] == ["declined", "canceled", "proposed"]
    assert (state(withdrawal), payment_of(withdrawal).standing) == (State.PAID, Standing.PAID)


def test_each_word_has_its_reason(paid, hira, ada):
    withdrawal = paid(CNY="1")
    with pytest.raises(Refused, match="Say what happened"):
        reversing.propose(payment_of(withdrawal), by=hira, cause="other", reason=" ")
    reversal = reversing.propose(payment_of(withdrawal), by=hira, cause="wrong_row")
    for decide in (reversing.confirm, reversing.decline):
        with pytest.raises(Refused):
            decide(reversal, by=ada, reason=" ")
    assert state(withdrawal) == State.PAID


def test_whom_a_disputed_payment_paid_stays(paid, hira, ada, clock, settings):
    settings.REFERRALS_KEEP_PAYEES_DAYS = 1000
    withdrawal = paid(CNY="1")
    clock.advance(days=1001)
    reversal = proposed(withdrawal, hira)
    empty_payees()
    payment = payment_of(withdrawal)
    assert payment.payee_name
    emptied = (
        "UPDATE referrals_payment SET payee_name = '', payee_mobile = '', payee_email = '', emptied_at = %s"
    )
    refused("payment_payee_is_only_emptied", emptied, database_clock.now())
    reversing.decline(reversal, by=ada, reason="it has arrived")
    empty_payees()
    assert not payment_of(withdrawal).payee_name


@two_writers
@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_reverse_it_once(paid, hira, ada):
    withdrawal = paid(CNY="1")
    reversal = proposed(withdrawal, hira)
    answers = at_once(*[lambda: reversing.confirm(reversal, by=ada, reason="seen")] * 3)
    assert (
        sorted(str(each) for each in answers if each is not None)
        == ["This has been decided already (confirmed)."] * 2
    )
    assert (state(withdrawal), entries_about(payment_of(withdrawal)).count()) == (State.BOUNCED, 3)


@two_writers
@pytest.mark.django_db(transaction=True)
def test_a_reversed_payment_is_handed_over_again_once_however_many_press(paid, hira, ada):
    withdrawal = paid(CNY="1")
    first = reversed_by(withdrawal, hira, ada)
    answers = at_once(*[lambda: hand_over([withdrawal], by=hira)] * 3)
    assert len([each for each in answers if isinstance(each, PayoutBatch)]) == 1
    assert Payment.objects.get(instead_of=first).is_live


# --- What the database refuses


@pytest.fixture
def again():
    """A statement that pays an amount once more, and its values."""

    def again(payment, instead_of=None, payment_id="again"):
        columns = (
            "batch_id, amount_id, asset, sum, state, reference, reason, payee_name, payee_mobile, payee_email"
        )
        copied = columns.replace("state, reference, reason", "'handed_over', '', ''")
        statement = (
            f"INSERT INTO referrals_payment ({columns}, payment_id, instead_of_id)"
            f" SELECT {copied}, %s, %s FROM referrals_payment WHERE id = %s"
        )
        return statement, payment_id, instead_of and instead_of.pk, payment.pk

    return again


def test_no_amount_has_a_second_live_payment(paid, hira, ada, again):
    withdrawal, other = paid(CNY="1"), paid(CNY="1")
    first = payment_of(withdrawal)
    for named in (None, first):
        refused("payment_|(?i:unique)", *again(first, named))
    proposed_only = proposed(withdrawal, hira)
    refused("payment_|(?i:unique)", *again(first, first))
    reversing.confirm(proposed_only, by=ada, reason="seen")
    elsewhere = reversed_by(other, hira, ada)
    for named in (None, elsewhere):
        refused("payment_second", *again(first, named))
    assert execute(*again(first, first)) == 1
    refused("payment_|(?i:unique)", *again(first, first, "once more"))
    assert broken() == [
        f"withdrawal #{withdrawal.pk} is bounced, but by its payments it should be handed_over"
    ]


def test_no_payment_is_reversed_before_a_second_person_has_confirmed_it(paid, hira, ada):
    withdrawal = paid(CNY="1")
    payment = payment_of(withdrawal)
    set_it = "UPDATE referrals_payment SET reversed_at = %s WHERE id = %s"
    refused("payment_is_reversed_by_two", set_it, database_clock.now(), payment.pk)
    reversal = proposed(withdrawal, hira)
    refused("payment_is_reversed_by_two", set_it, database_clock.now(), payment.pk)
    reversing.confirm(reversal, by=ada, reason="seen")
    for value in (None, database_clock.now()):
        refused("payment_is_reversed_by_two", set_it, value, payment.pk)
    refused("payment_", "UPDATE referrals_payment SET instead_of_id = id WHERE id = %s", payment.pk)


def test_who_proposed_it_does_not_confirm_it_whoever_writes(paid, hira):
    reversal = proposed(paid(CNY="1"), hira)
    sent = "state = 'confirmed', decided_by_id = %s, decided_at = %s, self_approved = %s"
    statement = f"UPDATE referrals_reversal SET {sent} WHERE id = %s"
    for says_so in (False, True):
        refused("reversal_", statement, hira.pk, database_clock.now(), says_so, reversal.pk)
    SelfApproval.objects.create(withdrawal=reversal.payment.amount.withdrawal)
    assert execute(statement, hira.pk, database_clock.now(), True, reversal.pk) == 1


@pytest.mark.parametrize(
    "change",
    ["reason = 'x'", "cause = 'other'", "decision_reason = 'x'", "state = 'proposed'", "state = 'declined'"],
)
def test_what_was_said_of_a_payment_stays(paid, hira, ada, change):
    reversed_by(paid(CNY="1"), hira, ada)
    reversal = Reversal.objects.get()
    kept = columns_of(reversal)
    refused("reversal_", f"UPDATE referrals_reversal SET {change} WHERE id = %s", reversal.pk)
    refused("reversal_stays", "DELETE FROM referrals_reversal WHERE id = %s", reversal.pk)
    assert columns_of(reversal) == kept


def test_none_begins_confirmed_or_is_of_a_payment_that_has_come_back(paid, account, hira, ada):
    said = {"cause": "account_closed", "proposed_by": hira}
    done = {"state": "confirmed", "decided_by": ada, "decided_at": database_clock.now()}
    with pytest.raises(DatabaseError, match="reversal_begins_as_proposed"), transaction.atomic():
        Reversal.objects.create(payment=payment_of(paid(CNY="1")), **said, **done)
    withdrawal = taken(account(), by=hira, approver=ada, CNY="1")
    hand_over([withdrawal], by=hira)
    record_bounced(payment_of(withdrawal), by=hira, reason="closed")
    with pytest.raises(DatabaseError, match="reversal_is_of_a_live_payment"), transaction.atomic():
        Reversal.objects.create(payment=payment_of(withdrawal), **said)


def test_what_an_owner_of_the_database_has_bent_is_found(paid, hira, ada, again):
    bent, alone, unheard = paid(CNY="1"), paid(CNY="2"), paid(CNY="3")
    own, heard = proposed(alone, hira), proposed(unheard, hira)
    for table in ("referrals_payment", "referrals_reversal", "referrals_withdrawal"):
        take_guards_from(table)
    now = database_clock.now()
    execute("UPDATE referrals_payment SET reversed_at = %s WHERE amount_id = %s", now, bent.amounts.get().pk)
    confirmed = "UPDATE referrals_reversal SET state = 'confirmed', decided_at = %s, decided_by_id = %s"
    confirmed += ", self_approved = %s WHERE id = %s"
    execute(confirmed, now, hira.pk, True, own.pk)
    execute(confirmed, now, ada.pk, False, heard.pk)
    execute(*again(payment_of(bent)))
    told = " ".join(broken())
    for sentence in (
        "counts as reversed, but nobody has confirmed it",
        "was confirmed by who had proposed it",
        "was confirmed, but the payment counts as made",
        "payment again is a second one, but names none",
    ):
        assert sentence in told


def test_prove_balances_finds_an_amount_that_is_paid_twice(paid, capsys):
    withdrawal = paid(CNY="12.30")
    break_into("referrals_payment", "UPDATE referrals_payment SET sum = 24.60")
    with pytest.raises(SystemExit):
        call_command("prove_balances")
    assert f"withdrawal #{withdrawal.pk} took 12.30 of CNY, but pays 24.60" in capsys.readouterr().out
