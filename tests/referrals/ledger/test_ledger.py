"""How answers and withdrawals are written into balances and their history."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from hireops.database import clock
from hireops.feishu.client import Answer
from hireops.outbox.models import Attempt
from referrals.ledger import services as ledger
from referrals.models import BalanceChange, ReferralAccount, Withdrawal
from tests.referrals.conftest import MORNING, balances, tell
from tests.referrals.observations import answer, answer_withdrawal, owed, steps
from tests.referrals.withdrawals import approved
from tests.selection import on_sqlite

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(minutes):
    return MORNING + timedelta(minutes=minutes)


@pytest.fixture
def payout(hira, ada):
    """``payout(account, points=True)``: a withdrawal that was approved and has no answer yet."""

    def payout(account, **kinds):
        return approved(account, by=hira, approver=ada, **{"cash": True, **kinds})

    return payout


def test_an_account_is_made_once_whoever_names_it_first(tenant):
    with transaction.atomic():
        made, is_new = ledger.account_for(tenant, "1", source="event")
        again, is_new_again = ledger.account_for(tenant, "1", source="registered")
    assert (made, is_new, is_new_again) == (again, True, False)
    assert again.source == "event"


# --- Answers -----------------------------------------------------------------------------------------------


def test_an_answer_tells_the_whole_balance_as_of_when_it_was_asked_for(account):
    known = account("1", points=100, CNY="5")
    call = owed(known)
    changes = answer(known, points=120, asked_at=at(10), call=call)
    assert balances(known) == {"points": 120, "CNY": 0}
    assert [(change.asset, change.difference, change.cause, change.call) for change in changes] == [
        ("CNY", Decimal(-5), "call", call),
        ("points", Decimal(20), "call", call),
    ]
    known.refresh_from_db()
    assert (known.figure_call, known.figure_event) == (call, None)
    assert known.modify_time == at(0)


def test_the_object_of_the_caller_knows_what_was_written(account):
    known = account("1", points=100)
    answer(known, points=120, asked_at=at(10))
    known.save()
    assert ReferralAccount.objects.get().figure_call is not None


def test_an_answer_that_was_asked_for_before_the_newest_event_changes_nothing(account):
    known = account("1", points=100)
    tell("1", points=130, at=at(20))
    ReferralAccount.objects.update(seen_at=at(30))  # received after the query had left
    assert answer(known, points=100, asked_at=at(10)) == []
    assert balances(known) == {"points": 130}


def test_an_answer_is_newer_than_an_event_that_was_here_before_it_was_asked_for_whatever_the_clocks_say(
    account,
):
    known = account("1")
    tell("1", points=100, at=clock.now() + timedelta(minutes=4))
    assert len(answer(known, points=0, asked_at=clock.now())) == 1
    assert balances(known) == {"points": 0}


def test_an_event_that_was_not_here_when_it_was_asked_for_wins_within_the_difference_of_the_clocks(account):
    known = account("1")
    answer(known, points=100, asked_at=at(10))
    tell("1", points=130, at=at(10) - timedelta(seconds=4))
    assert balances(known) == {"points": 130}
    tell("1", points=1, at=at(10) - timedelta(seconds=6))
    assert balances(known) == {"points": 130}


def test_the_same_answer_again_changes_nothing(account):
    known = account("1", points=100)
    call = owed(known)
    answer(known, points=120, asked_at=at(10), call=call)
    assert answer(known, points=120, asked_at=at(10), call=call) == []
    tell("1", points=130, at=at(11))
    ReferralAccount.objects.update(seen_at=at(12))
    assert answer(known, points=120, asked_at=at(10), call=call) == []
    assert balances(known) == {"points": 130}


def test_an_event_that_comes_late_is_stale_against_an_answer_and_yet_the_newest_event(account):
    known = account("1", points=100)
    answer(known, points=120, asked_at=at(10))
    tell("1", points=120, at=at(5))
    known.refresh_from_db()
    assert known.modify_time == at(5)
    assert known.figure_call is not None
    assert len(steps(known)) == 2


def test_an_answer_counts_from_the_try_that_brought_it(account):
    call = owed(account("1"))
    nothing = Answer(data={}, log_id="", http_status=200, duration_ms=0)
    assert ledger.asked(call, nothing) == (call.created_at, None)
    tries = [("unknown", 1), ("lost", 2), ("unapplied", 3), ("unapplied", 4), ("", 5)]
    for outcome, minutes in tries:
        finished_at = at(minutes) if outcome else None
        Attempt.objects.create(call=call, started_at=at(minutes), outcome=outcome, finished_at=finished_at)
    assert ledger.asked(call, nothing) == (at(3), None)


def test_an_answer_counts_from_when_feishu_was_asked_by_its_own_clock_also_if_it_is_applied_later(account):
    call = owed(account("1"))
    attempt = Attempt.objects.create(call=call, started_at=at(3))
    answer = Answer(data={}, log_id="", http_status=200, duration_ms=1500, feishu_at=at(-60))
    asked = at(3), at(-60) - timedelta(milliseconds=1500)
    assert ledger.asked(call, answer) == asked
    ended = {"outcome": "unapplied", "finished_at": at(4), "feishu_at": at(-60), "duration_ms": 1500}
    Attempt.objects.filter(pk=attempt.pk).update(**ended)
    Attempt.objects.create(call=call, started_at=at(5))
    assert ledger.asked(call, replace(answer, feishu_at=None, duration_ms=0)) == asked


@pytest.mark.parametrize("ahead_s", [-3600, -30, 30, 3600])
def test_an_event_after_the_last_query_wins_however_much_our_clock_is_ahead(account, ahead_s):
    known = account("1")
    answer(known, points=100, asked_at=at(10) + timedelta(seconds=ahead_s), there=at(10))
    tell("1", points=130, at=at(10) + timedelta(seconds=1))
    assert balances(known) == {"points": 130}
    tell("1", points=1, at=at(10) - timedelta(seconds=6))
    assert balances(known) == {"points": 130}


def test_a_withdrawal_from_the_future_counts_as_of_now(account, payout):
    known = account("1", points=100)
    answer_withdrawal(payout(known), datetime(2286, 11, 20, tzinfo=UTC), points=100)
    known.refresh_from_db()
    assert known.points_taken_at <= clock.now()
    tell("1", points=7, at=clock.now() + timedelta(seconds=1))
    assert balances(known) == {"points": 7}


# --- Withdrawals -------------------------------------------------------------------------------------------


def test_a_withdrawal_empties_what_was_asked_for_and_leaves_the_rest(account, payout):
    known = account("1", points=100, CNY="12.30")
    answer_withdrawal(payout(known, cash=False), at(5), points=100)
    assert balances(known) == {"points": 0, "CNY": Decimal("12.30")}
    assert steps(known)[-1] == ("points", 100, 0, "withdrawal")
    known.refresh_from_db()
    assert (known.points_taken_at, known.cash_taken_at) == (at(5), None)


def test_the_event_that_follows_a_withdrawal_changes_nothing(account, payout):
    known = account("1", points=100)
    answer_withdrawal(payout(known), at(5), points=100)
    tell("1", points=0, at=at(5))
    assert [cause for *_step, cause in steps(known)] == ["event", "withdrawal"]


def test_the_event_of_a_withdrawal_without_an_answer_is_recognised_as_that(account, payout):
    known = account("1", points=100, CNY="3")
    withdrawal = payout(known)
    event = tell("1", points=0, cash={"CNY": "0.00"}, at=at(5))
    steps_to_nothing = BalanceChange.objects.filter(after=0).values_list("cause", "withdrawal_id", "event_id")
    assert set(steps_to_nothing) == {("withdrawal", withdrawal.pk, event.pk)}
    answer_withdrawal(withdrawal, at(5), points=100, cash={"CNY": "3"})
    assert len(steps(known)) == 4


def test_only_what_was_asked_for_is_recognised_as_a_withdrawal(account, payout):
    known = account("1", points=100, CNY="3", USD="4")
    payout(known, points=False)
    tell("1", points=0, cash={"USD": "1"}, at=at(5))
    assert set(steps(known)[3:]) == {
        ("points", 100, 0, "event"),
        ("CNY", 3, 0, "withdrawal"),
        ("USD", 4, 1, "event"),
    }


def test_only_a_withdrawal_that_feishu_may_have_done_is_recognised(account, payout, hira):
    known = account("1", points=100)
    answer_withdrawal(payout(known), at(5), points=100)
    tell("1", points=7, at=at(6))
    tell("1", points=0, at=at(7))
    waiting = {"external_order_id": "not approved", "takes_points": True, "takes_cash": True}
    Withdrawal.objects.create(account=known, requested_by=hira, **waiting)
    tell("1", points=9, at=at(8))
    tell("1", points=0, at=at(9))
    assert [cause for *_step, cause in steps(known)[2:]] == ["event"] * 4


def test_a_query_that_finds_what_a_withdrawal_without_an_answer_took_is_recognised_too(account, payout):
    known = account("1", points=100)
    withdrawal = payout(known)
    (change,) = answer(known, points=0, asked_at=at(9))
    assert (change.cause, change.withdrawal) == ("withdrawal", withdrawal)
    answer_withdrawal(withdrawal, at(5), points=100)
    assert len(steps(known)) == 2


@pytest.mark.parametrize(("really", "difference"), [(130, 30), (80, -20)])
def test_what_was_taken_beyond_the_balance_that_was_known_is_a_step_of_its_own(
    account, payout, really, difference
):
    known = account("1", points=100)
    answer_withdrawal(payout(known), at(5), points=really)
    assert steps(known)[1:] == [
        ("points", 100, 100 + difference, "unannounced"),
        ("points", really, 0, "withdrawal"),
    ]


def test_a_withdrawal_whose_answer_comes_after_newer_events_takes_nothing_from_what_came_since(
    account, payout
):
    known = account("1", points=100)
    withdrawal = payout(known)
    tell("1", points=7, at=at(6))
    answer_withdrawal(withdrawal, at(5), points=100)
    assert balances(known) == {"points": 7}
    assert steps(known)[1:] == [
        ("points", 100, 7, "event"),
        ("points", 7, 107, "unannounced"),
        ("points", 107, 7, "withdrawal"),
    ]


def test_an_event_from_before_a_withdrawal_that_arrives_after_it_brings_nothing_back(account, payout):
    known = account("1", points=100, CNY="1")
    answer_withdrawal(payout(known, cash=False), at(5), points=130)
    tell("1", points=130, cash={"CNY": "2"}, at=at(4))
    assert balances(known) == {"points": 0, "CNY": 2}
    tell("1", points=3, cash={"CNY": "2"}, at=at(6))
    assert balances(known) == {"points": 3, "CNY": 2}


def test_a_query_before_a_withdrawal_that_is_answered_after_it_brings_nothing_back(account, payout):
    known = account("1", points=100)
    query = owed(known)
    answer_withdrawal(payout(known), at(5), points=100)
    ReferralAccount.objects.update(seen_at=at(5))
    answer(known, points=100, asked_at=at(4), call=query)
    assert balances(known) == {"points": 0}


def test_the_same_answer_of_a_withdrawal_again_changes_nothing(account, payout):
    known = account("1", points=100)
    withdrawal = payout(known)
    for _ in range(3):
        answer_withdrawal(withdrawal, at(5), points=100)
    assert len(steps(known)) == 2
    tell("1", points=9, at=at(6))
    answer_withdrawal(withdrawal, at(5), points=100)
    assert balances(known) == {"points": 9}


def test_a_withdrawal_that_found_nothing_gives_back_what_was_taken_for_its_own(account, payout):
    known = account("1", points=100)
    withdrawal = payout(known)
    tell("1", points=0, at=at(5))  # it was somebody else who took them back
    answer_withdrawal(withdrawal, at(6))
    assert balances(known) == {"points": 0}
    booked = BalanceChange.objects.filter(withdrawal=withdrawal, cause="withdrawal")
    assert sum(booked.values_list("difference", flat=True)) == 0


def test_a_withdrawal_that_was_refused_gives_back_what_was_taken_for_its_own(account, payout):
    known = account("1", points=100)
    withdrawal = payout(known)
    tell("1", points=0, at=at(5))
    with transaction.atomic():
        ledger.record_refusal(withdrawal)
        ledger.record_refusal(withdrawal)
    assert balances(known) == {"points": 0}
    assert [cause for *_step, cause in steps(known)] == ["event", "withdrawal", "unannounced", "withdrawal"]


def test_a_withdrawal_of_an_account_without_any_figure_is_booked(account, payout):
    known = account("1")
    answer_withdrawal(payout(known), LONG_AGO, points=5, cash={"CNY": "0.01"})
    assert balances(known) == {"points": 0, "CNY": 0}
    assert len(steps(known)) == 4


def test_the_answer_of_an_earlier_withdrawal_again_does_not_open_the_door_to_older_events(account, payout):
    known = account("1", points=100)
    first = payout(known)
    answer_withdrawal(first, at(5), points=100)
    answer_withdrawal(payout(known), at(9), points=30)
    answer_withdrawal(first, at(5), points=100)
    tell("1", points=30, at=at(7))
    assert balances(known) == {"points": 0}


def test_an_event_of_the_moment_of_a_withdrawal_tells_the_balance_after_it(account, payout):
    known = account("1", points=100)
    answer_withdrawal(payout(known), at(5), points=100)
    tell("1", points=2, at=at(5))
    assert balances(known) == {"points": 2}


# --- The history -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE referrals_balancechange SET before = 1, after = 101",
        "DELETE FROM referrals_balancechange",
        pytest.param(
            "INSERT OR REPLACE INTO referrals_balancechange SELECT * FROM referrals_balancechange",
            marks=on_sqlite,
        ),
    ],
)
def test_the_database_refuses_to_rewrite_history(account, statement):
    known = account("1", points=100)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert steps(known) == [("points", 0, 100, "event")]
