"""What queries can prove about balances, and the command that proves the whole database."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hireops.outbox.models import Call
from hireops.outbox.trimming import trim
from referrals.ledger import invariants
from referrals.models import Balance, BalanceChange, ReferralAccount
from tests.referrals.conftest import MORNING, tell
from tests.referrals.observations import answer, answer_withdrawal
from tests.referrals.withdrawals import approved, take_guards_from

pytestmark = pytest.mark.django_db


def found(invariant):
    return list(invariant())


def proof():
    """Lines of ``manage.py prove_balances`` about balances, and 1 if it found one broken.

    That it also names guards, which these tests have taken away, is tested in tests/guards.
    """
    out = StringIO()
    with suppress(SystemExit):
        call_command("prove_balances", stdout=out)
    lines = [line for line in out.getvalue().splitlines() if not line.startswith("broken: guard ")]
    return int(any(line.startswith("broken: ") for line in lines)), lines


def add_change(account, before, after, **values):
    """A step that nothing in hireops would write, and that the database refuses."""
    take_guards_from("referrals_balancechange")
    like = account.changes.earliest("pk")
    fields = {"asset": "points", "cause": "event", "event": like.event, "as_of": MORNING, **values}
    return BalanceChange.objects.create(
        account=account, before=before, after=after, difference=Decimal(after) - Decimal(before), **fields
    )


def test_after_ordinary_work_every_balance_is_proven(account, hira, ada):
    known = account("1", points=100, CNY="12.30")
    withdrawal = approved(known, by=hira, approver=ada, cash=True)
    tell("1", points=0, minutes=5)
    answer_withdrawal(
        withdrawal, MORNING + timedelta(minutes=5), points=90, cash={"CNY": "12.30", "USD": "0.07"}
    )
    answer(known, points=7, cash={"JPY": "3"}, asked_at=MORNING + timedelta(minutes=9))
    account("2", points=1)
    account("nothing was ever told")
    code, lines = proof()
    (line,) = lines
    assert line == (
        "every balance is the sum of its changes"
        " (3 accounts, 5 balances, 11 changes, 1 withdrawals, 0 payments)"
    )
    assert code == 0


def test_a_balance_that_is_not_the_sum_of_its_changes_is_found(account):
    known = account("1", points=100, CNY="0.30")
    take_guards_from("referrals_balance")
    Balance.objects.filter(account=known, asset="CNY").update(amount="0.31")
    (sentence,) = found(invariants.balances_are_the_sum_of_their_changes)
    assert sentence == "account 1: CNY is 0.31, but its changes add up to 0.30"


def test_a_balance_without_any_change_is_found_also_if_it_is_nothing(account):
    Balance.objects.create(account=account("1", points=1), asset="CNY", amount=0)
    (sentence,) = found(invariants.balances_are_the_sum_of_their_changes)
    assert "CNY is 0.00, but it has no changes" in sentence


def test_changes_without_a_balance_are_found(account):
    known = account("1", points=5)
    take_guards_from("referrals_balance")
    Balance.objects.filter(account=known).delete()
    (sentence,) = found(invariants.balances_are_the_sum_of_their_changes)
    assert "points has no balance" in sentence


def test_sums_are_exact_where_binary_fractions_are_not(account):
    for minutes in range(1, 40):
        tell("1", cash={"CNY": f"{minutes}.{minutes:02}"}, minutes=minutes)
    assert list(invariants.findings()) == []


def test_a_change_that_does_not_begin_where_the_last_one_ended_is_found(account):
    known = account("1", points=100)
    change = add_change(known, 90, 110)
    assert found(invariants.changes_follow_each_other) == [
        f"account 1: change #{change.pk} of points does not begin where the last one ended"
    ]


def test_a_first_change_that_does_not_begin_at_nothing_is_found(account):
    change = add_change(account("1", points=100), 1, 2, asset="CNY")
    (sentence,) = found(invariants.changes_follow_each_other)
    assert f"change #{change.pk} of CNY" in sentence


def test_a_withdrawal_that_is_not_booked_as_taken_is_found(account, hira, ada):
    known = account("1", points=100)
    withdrawal = approved(known, by=hira, approver=ada, cash=True)
    answer_withdrawal(withdrawal, MORNING + timedelta(minutes=5), points=100)
    assert found(invariants.withdrawals_are_booked_as_taken) == []
    add_change(known, 0, -3, cause="withdrawal", withdrawal=withdrawal)
    (sentence,) = found(invariants.withdrawals_are_booked_as_taken)
    assert sentence == f"account 1: withdrawal #{withdrawal.pk} took 100.00 of points, but 103.00 is booked"


def test_what_is_booked_for_a_withdrawal_without_an_answer_is_not_held_against_it(account, hira, ada):
    known = account("1", points=100)
    approved(known, by=hira, approver=ada, cash=True)
    tell("1", points=0, minutes=5)
    assert list(invariants.findings()) == []


def test_a_balance_that_its_newest_figure_does_not_say_is_found(account):
    known = account("1", points=100)
    add_change(known, 100, 120)
    Balance.objects.update(amount=120)
    (sentence,) = found(invariants.balances_are_those_of_the_newest_figure)
    assert sentence == "account 1: points: not what its newest figure says"


def test_a_balance_that_an_answer_does_not_say_is_found_until_the_answer_is_thrown_away(account, settings):
    known = account("1", points=100)
    answer(known, points=7, asked_at=MORNING + timedelta(minutes=1))
    assert list(invariants.findings()) == []
    add_change(known, 7, 8)
    Balance.objects.update(amount=8)
    assert len(found(invariants.balances_are_those_of_the_newest_figure)) == 1
    settings.OUTBOX_KEEP_DAYS = -1
    assert trim() == 1
    assert found(invariants.balances_are_those_of_the_newest_figure) == []


def test_money_of_an_account_of_which_nobody_has_told_is_found(account):
    known = account("1", points=5)
    ReferralAccount.objects.update(figure_at=None, figure_event=None)
    (sentence,) = found(invariants.balances_are_those_of_the_newest_figure)
    assert known.account_id in sentence


def test_a_balance_that_is_written_while_it_is_read_is_not_reported(account):
    account("1", points=100)
    stale = ReferralAccount.objects.select_related("figure_event").get()
    tell("1", points=120, minutes=1)
    assert invariants._differing(stale) == ["points"]
    assert invariants._wrong_assets(stale) == []


def test_the_command_tells_each_broken_account_in_one_line_and_fails(account):
    for number in range(4):
        account(str(number), points=100, CNY="1")
    take_guards_from("referrals_balance")
    Balance.objects.filter(account__account_id="1").update(amount=3)
    Balance.objects.filter(account__account_id="3", asset="CNY").update(amount=3)
    code, lines = proof()
    assert code == 1
    assert [line.split(": ")[:2] for line in lines[:2]] == [
        ["broken", "account 1"],
        ["broken", "account 3"],
    ]
    assert "CNY is 3.00" in lines[0]
    assert "points is 3.00" in lines[0]
    assert "newest figure" in lines[0]
    assert lines[2:] == ["2 broken accounts (4 accounts, 8 balances, 8 changes, 0 withdrawals, 0 payments)"]


def test_a_proof_takes_the_same_few_queries_for_many_accounts(account, django_assert_num_queries):
    for _ in range(3):
        account(points=1)
    with CaptureQueriesContext(connection) as of_three:
        proof()
    assert len(of_three) < 20
    for _ in range(20):
        account(points=1)
    with django_assert_num_queries(len(of_three)):
        proof()


def test_old_calls_do_not_keep_a_proof_from_ending(account):
    known = account("1", points=100)
    answer(known, points=7, asked_at=MORNING + timedelta(minutes=1))
    take_guards_from("outbox_call")
    Call.objects.update(answer={"account": "unreadable"})
    assert proof()[0] == 0
