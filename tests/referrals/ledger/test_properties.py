"""Whatever the order in which figures arrive, and however often: one balance, and no cent comes or goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hireops.database import clock as database_clock
from hireops.feishu.protocol import CLOCKS_MAY_DIFFER
from hireops.inbox.models import Event
from hireops.outbox.models import Call
from referrals.ledger import invariants
from referrals.models import POINTS, ReferralAccount, Withdrawal
from tests.kept_events import keep_event
from tests.referrals.conftest import BALANCE_EVENT, LONG, balances
from tests.referrals.observations import answer, answer_withdrawal, bonus, handle, owed
from tests.referrals.withdrawals import approved

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NUMBERS = count(1)
# Long before anything is written here, so that no query was asked for after it.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

# The same examples each time, so that no change fails by chance; `make drills` draws new ones, and more.
IS_LONG = settings.get_current_profile_name() == LONG
bounded = settings(
    max_examples=2000 if IS_LONG else 100,
    deadline=None,
    derandomize=not IS_LONG,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextmanager
def thrown_away() -> Iterator[None]:
    """What one example writes is gone before the next one."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def event_of(
    account: ReferralAccount,
    modify_time: datetime,
    created_at: datetime,
    amounts: dict[str, Any],
    **received: datetime,
) -> Event:
    cash = {asset: amount for asset, amount in amounts.items() if asset != POINTS}
    body = {
        "account_id": account.account_id,
        "assets": {"confirmed_bonus": bonus(amounts.get(POINTS, 0), cash)},
        "modify_time": str(round(modify_time.timestamp() * 1000)),
    }
    return keep_event(
        app_id=django_settings.FEISHU_APP_ID,
        event_id=f"random-{next(NUMBERS)}",
        event_type=BALANCE_EVENT,
        tenant_key=account.tenant.tenant_key,
        created_at=created_at,
        payload={"event": body},
        **received,
    )


def holdings(amounts: dict[str, Any]) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in amounts.items() if Decimal(amount)}


def assert_that_money_is_conserved(account: ReferralAccount) -> None:
    differences: dict[str, Decimal] = {}
    for asset, difference in account.changes.values_list("asset", "difference"):
        differences[asset] = differences.get(asset, Decimal(0)) + difference
    assert differences == balances(account)
    for withdrawal in account.withdrawals.filter(state=Withdrawal.State.TAKEN):
        booked: dict[str, Decimal] = {}
        for asset, difference in withdrawal.changes.filter(cause="withdrawal").values_list(
            "asset", "difference"
        ):
            booked[asset] = booked.get(asset, Decimal(0)) - difference
        # A figure may have booked something as taken that the answer does not name: that is taken back.
        assert holdings(booked) == holdings(dict(withdrawal.amounts.values_list("asset", "taken")))
    assert [str(finding) for finding in invariants.findings()] == []


# --- Any figures in any order ------------------------------------------------------------------------------

amounts = st.fixed_dictionaries(
    {POINTS: st.integers(0, 3)},
    optional={"CNY": st.sampled_from(["0.00", "0.01", "12.30"]), "USD": st.sampled_from(["0.10", "5"])},
)
seconds = st.integers(0, 4)  # few, so that many figures are of one moment
events = st.tuples(st.just("event"), seconds, st.integers(0, 2), amounts)
queries = st.tuples(st.just("query"), seconds, st.just(0), amounts)
kinds = st.sampled_from([(True, True), (True, False), (False, True)])
withdrawals = st.tuples(st.just("withdrawal"), seconds, kinds, amounts)


def moment(number: int) -> datetime:
    return LONG_AGO + timedelta(seconds=number)


@dataclass
class SentFigure:
    """One figure, with what is needed to let it arrive as often as wanted."""

    what: str
    at: datetime
    detail: Any
    amounts: dict[str, Any]
    row: Any = None

    @property
    def taken(self) -> dict[str, Any]:
        """Only what was asked for."""
        points, cash = self.detail
        return {asset: sum_ for asset, sum_ in self.amounts.items() if (points if asset == POINTS else cash)}

    @property
    def place(self) -> tuple[Any, ...]:
        """Where it stands when all are sorted; of one moment a withdrawal, then events, then answers."""
        match self.what:
            case "withdrawal":
                return (self.at, 0)
            case "event":
                return (self.at, 1, moment(self.detail), self.row.event_id)
            case _:
                return (self.at, 2, self.row.pk)


def sorted_once(figures: list[SentFigure]) -> dict[str, Decimal]:
    """The balance that the sorted sequence gives, each figure once."""
    balance: dict[str, Any] = {}
    for sent in sorted(figures, key=lambda sent: sent.place):
        if sent.what == "withdrawal":
            points, cash = sent.detail
            balance = {
                asset: 0 if (points if asset == POINTS else cash) else amount
                for asset, amount in balance.items()
            }
        else:
            balance = dict(sent.amounts)
    return holdings(balance)


class Arrivals:
    """Lets figures of one account arrive. Only one withdrawal is open at a time, as everywhere."""

    def __init__(self, account: ReferralAccount, hira: Any, ada: Any) -> None:
        self.account, self.hira, self.ada = account, hira, ada

    def prepare(self, sent: SentFigure) -> None:
        match sent.what:
            case "event":
                sent.row = event_of(self.account, sent.at, moment(sent.detail), sent.amounts)
            case "query":
                sent.row = owed(self.account)

    def approve(self, sent: SentFigure) -> None:
        if sent.row is None:
            points, cash = sent.detail
            sent.row = approved(self.account, by=self.hira, approver=self.ada, points=points, cash=cash)

    def arrive(self, sent: SentFigure) -> None:
        points, cash = (sent.amounts.get(POINTS, 0), {k: v for k, v in sent.amounts.items() if k != POINTS})
        match sent.what:
            case "event":
                handle(sent.row)
            case "query":
                asked_at = sent.at + timedelta(seconds=5)
                answer(self.account, asked_at=asked_at, points=points, cash=cash, call=sent.row)
            case "withdrawal":
                self.approve(sent)
                amounts = dict(sent.taken)
                answer_withdrawal(sent.row, sent.at, amounts.pop(POINTS, 0) if sent.detail[0] else 0, amounts)


@given(data=st.data(), figures=st.lists(events | events | queries | withdrawals, min_size=1, max_size=8))
@bounded
def test_any_order_and_repetition_ends_where_the_sorted_figures_end(data, figures, account, hira, ada):
    with thrown_away():
        sent = [
            SentFigure(what, moment(second), detail, amounts) for what, second, detail, amounts in figures
        ]
        arrivals = Arrivals(account(), hira, ada)
        for each in sent:
            arrivals.prepare(each)
        again = data.draw(st.lists(st.sampled_from(range(len(sent))), max_size=5), label="again")
        order = data.draw(st.permutations([*range(len(sent)), *again]), label="order")
        for step, number in enumerate(order):
            # The next withdrawal may have been on its way for a while before its answer comes.
            upcoming = next((sent[n] for n in order[step:] if sent[n].what == "withdrawal"), None)
            if upcoming and data.draw(st.booleans(), label="on its way"):
                arrivals.approve(upcoming)
            arrivals.arrive(sent[number])
        assert holdings(balances(arrivals.account)) == sorted_once(sent)
        assert_that_money_is_conserved(arrivals.account)


# --- A Feishu whose clock differs, and what really happened there ------------------------------------------


@dataclass
class Feishu:
    """What is really in one account, and everything that it has said about it.

    Its answers tell the time to the second, by its own clock, if that is one that can be believed.
    """

    account: ReferralAccount
    hira: Any
    ada: Any
    skew: timedelta
    now: datetime = datetime(2026, 11, 2, 1, tzinfo=UTC)  # our clock
    changed_at: datetime = LONG_AGO  # by Feishu's clock, as all times that it tells
    balance: dict[str, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    asked: list[tuple[Call, datetime]] = field(default_factory=list)
    answers: list[tuple[Call, datetime, datetime | None, dict[str, int]]] = field(default_factory=list)
    payouts: list[tuple[Withdrawal, datetime, dict[str, int]]] = field(default_factory=list)
    open_payout: Withdrawal | None = None

    def change(self, balance: dict[str, int]) -> None:
        self.changed_at = max(self.now + self.skew, self.changed_at + timedelta(milliseconds=1))
        self.balance = balance
        event = event_of(self.account, self.changed_at, self.changed_at, balance, received_at=self.now)
        self.events.append(event)

    def grant(self, number: int) -> None:
        asset = [POINTS, "CNY", "USD"][number % 3]
        self.change({**self.balance, asset: self.balance.get(asset, 0) + number % 5})

    def withdraw(self, number: int) -> None:
        if self.open_payout is not None:
            return
        points, cash = [(True, True), (True, False), (False, True)][number % 3]
        self.open_payout = approved(self.account, by=self.hira, approver=self.ada, points=points, cash=cash)
        asked_for = {asset: points if asset == POINTS else cash for asset in self.balance}
        took = {asset: amount for asset, amount in self.balance.items() if asked_for[asset]}
        self.change({asset: 0 if asked_for[asset] else left for asset, left in self.balance.items()})
        self.payouts.append((self.open_payout, self.changed_at, took))

    def ask(self, _number: int) -> None:
        self.asked.append((owed(self.account), self.now))

    def answer(self, number: int) -> None:
        if self.asked:
            call, asked_at = self.asked.pop(number % len(self.asked))
            told = (self.now + self.skew).replace(microsecond=0)
            asked_there = told - (self.now - asked_at) if abs(self.skew) < CLOCKS_MAY_DIFFER else None
            self.answers.append((call, asked_at, asked_there, self.balance))

    def event_arrives(self, number: int) -> None:
        if self.events:
            handle(self.events[number % len(self.events)])

    def answer_arrives(self, number: int) -> None:
        if self.answers:
            call, asked_at, there, sent = self.answers[number % len(self.answers)]
            cash = {asset: amount for asset, amount in sent.items() if asset != POINTS}
            points = sent.get(POINTS, 0)
            answer(self.account, asked_at=asked_at, there=there, points=points, cash=cash, call=call)

    def payout_arrives(self, number: int) -> None:
        if self.payouts:
            withdrawal, at, took = self.payouts[number % len(self.payouts)]
            cash = {asset: amount for asset, amount in took.items() if asset != POINTS}
            answer_withdrawal(withdrawal, at, took.get(POINTS, 0), cash)
            if withdrawal == self.open_payout:
                self.open_payout = None


WHAT_HAPPENS = [
    Feishu.grant,
    Feishu.grant,
    Feishu.withdraw,
    Feishu.ask,
    Feishu.answer,
    Feishu.event_arrives,
    Feishu.event_arrives,
    Feishu.answer_arrives,
    Feishu.payout_arrives,
]
happenings = st.lists(
    st.tuples(st.sampled_from(WHAT_HAPPENS), st.integers(0, 59), st.integers(1, 8000)), max_size=16
)
# Ours is ahead by up to a day, or behind by what an event may be without being from the future.
skews = (st.integers(-5000, 5000) | st.integers(-86_000_000, 240_000)).map(
    lambda milliseconds: timedelta(milliseconds=milliseconds)
)


@pytest.fixture
def world(account, hira, ada, monkeypatch):
    """``world(skew, happenings)``: what happened, by a clock that only this test moves on."""

    def world(skew: timedelta, happenings: list[Any]) -> Feishu:
        feishu = Feishu(account(), hira, ada, skew)
        monkeypatch.setattr(database_clock, "now", lambda: feishu.now)
        for happens, number, milliseconds in happenings:
            happens(feishu, number)
            feishu.now += timedelta(milliseconds=milliseconds)
        return feishu

    return world


def everything_arrives(feishu: Feishu, order: list[Any]) -> None:
    for arrives, number in order:
        arrives(feishu, number)
        feishu.now += timedelta(milliseconds=1)


def leftovers(feishu: Feishu, *, events: bool) -> list[Any]:
    sent = [(Feishu.event_arrives, number) for number in range(len(feishu.events) if events else 0)]
    sent += [(Feishu.answer_arrives, number) for number in range(len(feishu.answers))]
    return [*sent, *((Feishu.payout_arrives, number) for number in range(len(feishu.payouts)))]


@given(data=st.data(), skew=skews, happened=happenings)
@bounded
def test_once_all_events_have_arrived_hireops_has_what_feishu_has(data, skew, happened, world):
    with thrown_away():
        feishu = world(skew, happened)
        order = data.draw(st.permutations(leftovers(feishu, events=True)), label="in the end")
        everything_arrives(feishu, order)
        assert holdings(balances(feishu.account)) == holdings(feishu.balance)
        assert_that_money_is_conserved(feishu.account)


@given(data=st.data(), skew=skews, happened=happenings)
@bounded
def test_a_query_after_everything_makes_good_for_events_that_were_lost(data, skew, happened, world):
    with thrown_away():
        feishu = world(skew, happened)
        feishu.now += timedelta(seconds=10)
        feishu.asked.clear()
        feishu.ask(0)
        feishu.answer(0)
        arriving = leftovers(feishu, events=True)
        lost = data.draw(st.sets(st.sampled_from(arriving)), label="lost")
        kept = [each for each in arriving if each not in lost or each[0] is not Feishu.event_arrives]
        everything_arrives(feishu, data.draw(st.permutations(kept), label="in the end"))
        assert holdings(balances(feishu.account)) == holdings(feishu.balance)
        assert_that_money_is_conserved(feishu.account)


@given(
    data=st.data(),
    wrong_by=st.integers(-3 * 86400, 3 * 86400).map(lambda seconds: timedelta(seconds=seconds)),
    happened=happenings,
)
@bounded
def test_a_query_knows_all_that_was_here_before_it_even_if_a_clock_is_wrong_by_days(
    data, wrong_by, happened, world
):
    with thrown_away():
        feishu = world(wrong_by, happened)
        arriving = leftovers(feishu, events=True)
        everything_arrives(feishu, data.draw(st.permutations(arriving), label="before"))
        feishu.balance = {**feishu.balance, POINTS: feishu.balance.get(POINTS, 0) + 1}  # without an event
        feishu.answers.clear()
        feishu.ask(0)
        feishu.asked = feishu.asked[-1:]
        feishu.answer(0)
        feishu.answer_arrives(0)
        assert holdings(balances(feishu.account)) == holdings(feishu.balance)
        assert_that_money_is_conserved(feishu.account)
