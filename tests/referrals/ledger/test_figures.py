"""Which figure is the newest, and what it makes of a balance."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from hireops.feishu.hire import Bonus
from referrals.ledger.figures import (
    Age,
    Asked,
    UnusableFigureError,
    amounts_of,
    balances_after,
    is_from_the_future,
    moment_of_answer,
    steps_of_withdrawal,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(milliseconds=1)


def bonus(points=0, *cash):
    listed = [{"currency_type": currency, "amount": amount} for currency, amount in cash]
    return Bonus.of({"point_bonus": points, "cash_bonus": listed})


def test_the_later_change_is_newer_whatever_its_header_says():
    assert Age.of_event(LATER, NOON, "a") > Age.of_event(NOON, LATER, "z")


def test_of_two_changes_of_one_moment_the_later_header_counts():
    assert Age.of_event(NOON, LATER, "a") > Age.of_event(NOON, NOON, "z")
    assert Age.of_event(NOON, NOON, "a") > Age.of_event(NOON, None, "z")


def test_two_that_are_alike_in_every_time_are_told_apart_by_their_id_so_that_all_workers_agree():
    assert Age.of_event(NOON, NOON, "b") > Age.of_event(NOON, NOON, "a")


def test_an_answer_is_newer_than_an_event_of_its_moment_and_than_the_answer_before_it():
    assert Age.of_answer(NOON, 1) > Age.of_event(NOON, LATER, "z")
    assert Age.of_answer(NOON, 10) > Age.of_answer(NOON, 9)
    assert Age.of_event(LATER, None, "") > Age.of_answer(NOON, 10)


def test_an_answer_counts_from_a_little_before_it_was_asked_for_because_clocks_differ():
    assert moment_of_answer(Asked(NOON), None, []) == NOON - timedelta(seconds=5)
    assert moment_of_answer(Asked(NOON), LATER, [LATER]) == NOON - timedelta(seconds=5)


@pytest.mark.parametrize("hours", [-8, -1, 1, 8])
def test_where_feishu_tells_its_time_ours_does_not_matter(hours):
    wrong = NOON + timedelta(hours=hours)
    assert moment_of_answer(Asked(wrong, NOON), None, []) == NOON - timedelta(seconds=5)
    assert moment_of_answer(Asked(wrong, NOON), wrong + timedelta(hours=1), [LATER]) == NOON - timedelta(
        seconds=5
    )


def test_what_is_later_than_any_clock_allows_is_from_the_future():
    def found(moment, behind=timedelta()):
        return is_from_the_future(moment, came_at=NOON, clock_is_behind=behind)

    assert not found(NOON + timedelta(minutes=5))
    assert found(NOON + timedelta(minutes=5, seconds=1))
    assert not found(NOON + timedelta(hours=2), behind=timedelta(hours=2))
    assert found(datetime(2286, 11, 20, tzinfo=UTC), behind=timedelta(days=1))


def test_an_answer_is_never_older_than_what_was_written_here_before_it_was_asked_for():
    tomorrow = NOON + timedelta(days=1)  # by a clock that is wrong
    assert moment_of_answer(Asked(NOON), NOON, [None, tomorrow, NOON]) == tomorrow
    long_ago = NOON - timedelta(days=1)
    assert moment_of_answer(Asked(NOON), NOON, [long_ago]) == NOON - timedelta(seconds=5)


def test_points_and_cash_are_amounts_to_the_cent():
    told = amounts_of(bonus(7, ("CNY", Decimal("0.1")), (2, 5)))
    assert told == {"points": Decimal(7), "CNY": Decimal("0.10"), "USD": Decimal(5)}
    assert {amount.as_tuple().exponent for amount in told.values()} == {-2}


def test_a_currency_that_is_named_twice_is_added_up():
    assert amounts_of(bonus(0, ("CNY", 1), (1, 2)))["CNY"] == 3


@pytest.mark.parametrize(
    "unusable",
    [
        bonus(-1),
        bonus(0, ("CNY", Decimal("-0.01"))),
        bonus(0, ("points", 1)),
        bonus(0, ("a currency that is none", 1)),
        bonus(0, ("CNY", 9 * 10**15), ("CNY", 9 * 10**15)),
    ],
)
def test_amounts_that_no_balance_can_have_are_refused(unusable):
    with pytest.raises(UnusableFigureError):
        amounts_of(unusable)


def after(before, told, points_taken_at=None, cash_taken_at=None):
    before, told = ({key: Decimal(value) for key, value in each.items()} for each in (before, told))
    return balances_after(before, told, NOON, points_taken_at=points_taken_at, cash_taken_at=cash_taken_at)


def test_a_whole_figure_tells_everything_also_what_it_does_not_name():
    assert after({"points": 1, "CNY": 2}, {"points": 5}) == {"points": 5, "CNY": 0}


def test_a_kind_that_was_withdrawn_later_stays_empty_and_the_other_does_not():
    told = {"points": 5, "CNY": 6, "USD": 7}
    assert after({}, told, points_taken_at=LATER) == {"points": 0, "CNY": 6, "USD": 7}
    assert after({}, told, cash_taken_at=LATER) == {"points": 5, "CNY": 0, "USD": 0}


def test_a_figure_of_the_moment_of_a_withdrawal_tells_the_balance_after_it():
    assert after({}, {"points": 5}, points_taken_at=NOON) == {"points": 5}


@pytest.mark.parametrize(
    ("balance", "taken", "booked", "empties", "steps"),
    [
        (100, 100, 0, True, (0, -100)),  # as expected
        (100, 130, 0, True, (30, -130)),  # more was there than had been told
        (100, 80, 0, True, (-20, -80)),  # less
        (0, 100, 100, True, (0, 0)),  # its event came first
        (0, 130, 100, True, (30, -30)),  # and told less
        (0, 80, 100, True, (-20, 20)),  # or more
        (7, 100, 0, False, (100, -100)),  # something newer is known already
        (7, 100, 100, False, (0, 0)),
        (0, 0, 0, True, (0, 0)),  # nothing was there
    ],
)
def test_the_steps_of_a_withdrawal_make_up_what_it_took_and_end_where_the_balance_is(
    balance, taken, booked, empties, steps
):
    values = [Decimal(value) for value in (balance, taken, booked)]
    found = steps_of_withdrawal(values[0], taken=values[1], booked=values[2], empties=empties)
    assert found == steps
    assert found.withdrawn == booked - taken
    assert balance + sum(found) == (0 if empties else balance)
