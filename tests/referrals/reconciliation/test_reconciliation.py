"""Every difference between our payouts and Feishu's becomes one case, and none is invented (E11)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.utils.translation import override

from hireops.database import clock as database_clock
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.feishu.client import Answer
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.models import Tenant
from hireops.outbox import reasons, sending
from hireops.outbox.models import Call
from hireops.outbox.recording import Claim, TryResult, record
from referrals.cases.services import close_case, close_explained_case, open_case
from referrals.ledger import services as ledger
from referrals.models import (
    BalanceChange,
    Case,
    Payment,
    Reconciliation,
    ReconciliationChunk,
    ReferralAccount,
    Withdrawal,
)
from referrals.reconciliation import closed_days, days
from referrals.reconciliation import services as runs
from referrals.reconciliation.tasks import reconcile_closed_days as what_beat_does
from tests.clocks import Clock
from tests.long_work import work, work_after_a_rest
from tests.meanwhile import meanwhile, two_writers
from tests.referrals.withdrawals import answered, approved, break_into, come_back, handed_over, taken
from tests.selection import also_on_sqlite
from tests.simulator_process import Simulator

pytestmark = [also_on_sqlite, pytest.mark.slow]

DAY = date(2026, 11, 1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 1, tzinfo=SHANGHAI)
NOON = START + timedelta(hours=12)
END = START + timedelta(days=1)
LAST_MS = END - timedelta(milliseconds=1)
PATH = "/open-apis/hire/v1/referral_account"

Account = Callable[..., ReferralAccount]
State, Part, Kind = Reconciliation.State, ReconciliationChunk.State, Case.Kind


@pytest.fixture(autouse=True)
def clock(clock: Clock) -> Clock:
    clock.set(END + timedelta(hours=9))
    return clock


def reconcile_day(tenant: Tenant, day: date, *, by: User | None) -> Reconciliation:
    run = runs.reconcile_day(tenant, day, by=by)
    work()
    return run


def reconcile_closed_days() -> int:
    started = closed_days.reconcile_closed_days()
    work()
    return started


def answer(**differing: Any) -> None:
    """Feishu answers the oldest call that is due; ``{"account_id": (theirs, ours)}`` are what differs."""
    claim = sending.claim()
    assert claim
    assert claim.call.operation == runs.RECONCILE
    entries = [_entry(account_id, *figures) for account_id, figures in differing.items()]
    _record(claim, {"check_failed_list": entries} if entries else {})


def answer_what_cannot_be_read() -> None:
    claim = sending.claim()
    assert claim
    _record(claim, {"check_failed_list": [{"account_id": ["6942"]}]})


def _record(claim: Claim, data: dict[str, Any]) -> None:
    record(claim, TryResult(answer=Answer(data=data, log_id="log-1", http_status=200, duration_ms=1)))
    work()


def _entry(account_id: str, theirs: int | None, ours: int | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"account_id": account_id}
    if theirs is not None:
        entry["total_withdraw_reward_info"] = {"point_bonus": theirs}
    if ours is not None:
        entry["total_recharge_reward_info"] = {"point_bonus": ours}
    return entry


def refuse(code: int) -> None:
    claim = sending.claim()
    assert claim
    assert claim.call.operation == runs.RECONCILE
    error = FeishuError(Outcome.REFUSED, "refused", code=code, http_status=400)
    error.happened_at(runs.RECONCILE)
    record(claim, TryResult(error=error))
    work()


def figures(**filters: Any) -> list[tuple[str, Decimal | None, Decimal | None]]:
    """(account ID, ours, the other one) of every open case."""
    cases = Case.objects.filter(closed_at=None, **filters).order_by("account__account_id")
    return list(cases.values_list("account__account_id", "ours", "theirs"))


def state_of(run: Reconciliation) -> str:
    run.refresh_from_db()
    return run.state


# --- E11: what Feishu may answer, under every reading of contract 2.6
#
# What we have at the start bound, inside and at the end bound; what Feishu answers, None if it does not list
# the account; which figure of Feishu's the case has, None if there is to be none.

UNLISTED, ABSENT = "unlisted", None
EQUAL: list[tuple[tuple[int, int, int], Any, int | None]] = [
    ((0, 0, 0), UNLISTED, None),
    ((0, 100, 0), UNLISTED, None),
    ((0, 100, 0), 100, None),  # the published sample lists equal numbers
    ((0, 0, 0), 0, None),
    ((0, 0, 0), ABSENT, None),
    ((30, 100, 0), 130, None),
    ((30, 100, 0), 100, None),  # the start does not count there
    ((0, 100, 7), 107, None),  # the end counts there
    ((30, 100, 7), 107, None),
    ((30, 100, 7), 137, None),
    ((30, 0, 0), ABSENT, None),
    ((0, 0, 7), 7, None),
]
MISSING_HERE: list[tuple[tuple[int, int, int], Any, int | None]] = [
    *(((0, 0, 0), figure, figure) for figure in (1, 7, 30, 100, 130, 99_999_999)),
    ((0, 0, 7), 8, 8),
    ((0, 0, 7), 14, 14),
]
EXTRA_HERE: list[tuple[tuple[int, int, int], Any, int | None]] = [
    ((0, 100, 0), ABSENT, 0),
    ((0, 100, 0), 0, 0),
    ((0, 1, 0), ABSENT, 0),
    ((30, 100, 0), ABSENT, 0),
    ((30, 100, 0), 0, 0),
    ((0, 100, 7), ABSENT, 0),
    ((30, 100, 7), 0, 0),
    ((0, 99_999_999, 0), ABSENT, 0),
]
DIFFERENT: list[tuple[tuple[int, int, int], Any, int | None]] = [
    ((0, 100, 0), 99, 99),
    ((0, 100, 0), 101, 101),
    ((0, 100, 0), 200, 200),
    ((30, 100, 0), 30, 30),
    ((30, 100, 0), 160, 160),
    ((0, 100, 7), 7, 7),
    ((0, 100, 7), 93, 93),
    ((30, 100, 7), 37, 37),
    ((30, 100, 7), 70, 70),
    ((30, 100, 7), 138, 138),
    ((0, 1, 0), 2, 2),
    ((0, 99_999_999, 0), 99_999_998, 99_999_998),
]
E11 = [*EQUAL, *MISSING_HERE, *EXTRA_HERE, *DIFFERENT]
assert len(E11) == 40


@pytest.mark.parametrize(("ours", "theirs", "differing"), E11)
def test_each_difference_is_one_case_and_none_is_invented(
    tenant: Tenant, account: Account, ours: tuple[int, int, int], theirs: Any, differing: int | None
) -> None:
    one, _other = account("6942", name=""), account("6943", name="")
    for at, points in zip((START, NOON, END), ours, strict=True):
        if points:
            taken(one, at=at, points=points)
    run = reconcile_day(tenant, DAY, by=None)
    answer(**({} if theirs == UNLISTED else {"6942": (theirs, ours[0] + ours[1])}))
    expected = [] if differing is None else [("6942", Decimal(ours[0] + ours[1]), Decimal(differing))]
    assert figures(kind=Kind.POINTS) == expected
    assert state_of(run) == (State.DIFFERS if expected else State.MATCHED)
    assert Case.objects.count() == len(expected)


# --- With a Feishu that runs


class Customer:
    """Employees with accounts at the simulator and here, and payouts of today at either."""

    def __init__(self, feishu: Simulator, account: Account) -> None:
        self.feishu, self.account = feishu, account
        self.known = 0

    def employee(self, points: int) -> ReferralAccount:
        self.known += 1
        account_id = f"69427781980542{self.known:05}"
        employee = {"name": "张三", "email": f"e{self.known}@a.com", "account_id": account_id}
        self.feishu.add_employees(employee)
        if points:
            self.feishu.reward(account_id, points=points)
        return self.account(account_id)

    def pays_out(self, account: ReferralAccount) -> datetime:
        """At Feishu alone; when it was."""
        body = {"withdraw_bonus_type": [1], "external_order_id": f"o{account.pk}"}
        answer = self.feishu.call("POST", f"{PATH}/{account.account_id}/withdraw", body).json()
        return datetime.fromtimestamp(int(answer["data"]["trans_time"]) / 1000, UTC)


@pytest.fixture
def customer(transactional_db: None, feishu: Simulator, account: Account) -> Customer:
    now, soon = datetime.now(UTC), timedelta(minutes=10)
    if days.day_of(now) != days.day_of(now + soon):  # what is paid out in a test is of one day
        feishu.let_pass(soon.total_seconds())
    return Customer(feishu, account)


def test_forty_accounts_at_feishu_of_which_thirty_differ(
    customer: Customer, tenant: Tenant, drain: Callable[[], int], clock: Clock
) -> None:
    expected = []
    for number in range(10):
        points = 10 * (number + 1)
        equal, missing, extra, different = (customer.employee(each) for each in (points, points, 0, points))
        at = customer.pays_out(equal)
        taken(equal, at=at, points=points)
        customer.pays_out(missing)
        expected.append((missing.account_id, Decimal(0), Decimal(points)))
        taken(extra, at=at, points=points)
        expected.append((extra.account_id, Decimal(points), Decimal(0)))
        taken(different, at=customer.pays_out(different), points=points - 3)
        expected.append((different.account_id, Decimal(points - 3), Decimal(points)))
    clock.set(at + timedelta(days=2))
    run = reconcile_day(tenant, days.day_of(at), by=None)
    drain()
    assert state_of(run) == State.DIFFERS
    assert (run.accounts, run.differences) == (40, 30)
    assert figures() == sorted(expected)
    assert {case.kind for case in Case.objects.all()} == {Kind.POINTS}


def test_a_day_without_payouts_matches(customer: Customer, tenant: Tenant, drain: Callable[[], int]) -> None:
    customer.employee(100), customer.employee(0)
    run = reconcile_day(tenant, DAY, by=None)
    drain()
    assert state_of(run) == State.MATCHED
    assert (run.accounts, run.differences) == (2, 0)


def test_accounts_that_feishu_does_not_know_are_found_among_the_others(
    customer: Customer, tenant: Tenant, account: Account, drain: Callable[[], int], clock: Clock
) -> None:
    known = [customer.employee(10) for _ in range(9)]
    strangers = [account("1"), account("7")]  # before and after the others
    at = customer.pays_out(known[4])
    clock.set(at + timedelta(days=2))
    run = reconcile_day(tenant, days.day_of(at), by=None)
    drain()
    assert state_of(run) == State.DIFFERS
    assert figures(kind=Kind.UNKNOWN_ACCOUNT) == [(each.account_id, None, None) for each in strangers]
    assert figures(kind=Kind.POINTS) == [(known[4].account_id, Decimal(0), Decimal(10))]
    states = {part.state for part in run.chunks.all()}
    assert states == {Part.SPLIT, Part.UNKNOWN, Part.COMPARED}
    assert Case.objects.count() == 3


def test_an_unknown_account_is_one_case_on_all_days_and_none_once_it_is_known(
    customer: Customer, tenant: Tenant, account: Account, drain: Callable[[], int]
) -> None:
    stranger = account("1")
    for day in (DAY, DAY - days.ONE_DAY, DAY):
        assert state_of(_reconciled(tenant, day, drain)) == State.DIFFERS
    assert figures() == [("1", None, None)]
    customer.feishu.add_employees({"name": "李四", "email": "l@a.com", "account_id": "1"})
    assert state_of(_reconciled(tenant, DAY, drain)) == State.MATCHED
    assert figures() == []
    assert stranger.cases.get().closed_by is None


def test_an_account_of_somebody_who_has_left_is_no_difference_once_a_person_has_said_so(
    customer: Customer, tenant: Tenant, account: Account, drain: Callable[[], int], ada: User
) -> None:
    account("1")
    assert state_of(_reconciled(tenant, DAY, drain)) == State.DIFFERS
    close_case(Case.objects.get(), by=ada, note="has left")
    for day in (DAY, DAY - days.ONE_DAY):
        run = _reconciled(tenant, day, drain)
        assert (state_of(run), run.differences) == (State.MATCHED, 0)
    assert Case.objects.count() == 1


def _reconciled(tenant: Tenant, day: date, drain: Callable[[], int]) -> Reconciliation:
    run = reconcile_day(tenant, day, by=None)
    drain()
    return run


def test_a_call_whose_answer_is_lost_is_compared_all_the_same(
    customer: Customer, tenant: Tenant, drain: Callable[[], int], clock: Clock
) -> None:
    customer.employee(10)
    run = reconcile_day(tenant, DAY, by=None)
    customer.feishu.add_fault("cut", path=f"{PATH}/reconciliation", when="after")
    drain()
    assert state_of(run) == State.RUNNING
    clock.advance(minutes=10)
    drain()
    assert state_of(run) == State.MATCHED


def test_four_workers_that_answer_at_the_same_time_end_it_once(
    customer: Customer,
    tenant: Tenant,
    clock: Clock,
    drain: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", 1)
    monkeypatch.setattr(runs, "CALLS_AT_ONCE", 4)
    accounts = [customer.employee(10) for _ in range(12)]
    at, *_others = [customer.pays_out(each) for each in accounts[::3]]
    clock.set(at + timedelta(days=2))
    run = reconcile_day(tenant, days.day_of(at), by=None)

    def work(_: int) -> None:
        try:
            drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    drain()
    assert state_of(run) == State.DIFFERS
    assert (run.accounts, run.differences, len(figures())) == (12, 4, 4)
    assert {part.state for part in run.chunks.all()} == {Part.COMPARED}


# --- Other readings of contract 2.6


def test_feishu_may_name_accounts_that_were_not_asked_about(tenant: Tenant, account: Account) -> None:
    account("6942")
    run = reconcile_day(tenant, DAY, by=None)
    answer(**{"6942": (0, 0), "7000": (50, None), "7001": (None, None)})
    assert figures(kind=Kind.POINTS) == [("7000", Decimal(0), Decimal(50))]
    assert state_of(run) == State.DIFFERS
    again = reconcile_day(tenant, DAY, by=None)
    answer(**{"7000": (50, 0)})
    assert state_of(again) == State.DIFFERS
    assert Case.objects.count() == 1


def test_feishu_may_name_accounts_that_another_call_asks_about(
    tenant: Tenant, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", 1)
    for account_id in ("6942", "6943"):
        taken(account(account_id), at=NOON, points=10)
    run = reconcile_day(tenant, DAY, by=None)
    answer(**{"6943": (10, None)})
    answer(**{"6942": (10, None)})
    assert state_of(run) == State.MATCHED


def test_windows_as_they_are_sent_meet_so_that_no_payout_falls_between_two_days(
    tenant: Tenant, account: Account
) -> None:
    account("6942")
    for day in (DAY - days.ONE_DAY, DAY):
        reconcile_day(tenant, day, by=None)
    before, of_the_day = (call.payload for call in Call.objects.order_by("pk"))
    assert of_the_day["points"] == {"6942": 0}
    assert datetime.fromisoformat(of_the_day["start_trans_time"]) == START
    assert datetime.fromisoformat(of_the_day["end_trans_time"]) == END
    assert before["end_trans_time"] == of_the_day["start_trans_time"]


def test_a_payout_in_the_last_millisecond_belongs_to_its_day(tenant: Tenant, account: Account) -> None:
    one = account("6942")
    taken(one, at=START, points=1)
    taken(one, at=LAST_MS, points=2)
    taken(one, at=END, points=4)
    reconcile_day(tenant, DAY, by=None)
    assert Call.objects.get(operation=runs.RECONCILE).payload["points"] == {"6942": 3}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # the clock is put forward at midnight
        ("America/Havana", date(2026, 11, 1), 25),  # 00:00 to 01:00 comes twice
        ("Asia/Shanghai", date(2026, 3, 29), 24),
    ],
)
def test_a_day_has_as_many_hours_as_the_clock_on_the_wall(
    settings: Any, zone: str, day: date, hours: int
) -> None:
    settings.TIME_ZONE = zone
    start, end = days.bounds(day)
    assert end - start == timedelta(hours=hours)
    assert end == days.bounds(day + days.ONE_DAY)[0]
    assert [days.day_of(at) for at in (start, end - timedelta(milliseconds=1))] == [day, day]


# --- What changes meanwhile


def test_a_payout_answered_while_feishu_compares_is_no_difference(tenant: Tenant, account: Account) -> None:
    one = account("6942")
    on_its_way = approved(one, at=NOON)
    run = reconcile_day(tenant, DAY, by=None)
    answered(on_its_way, at=NOON, points=50)
    answer(**{"6942": (50, 0)})
    assert state_of(run) == State.MATCHED
    assert figures() == []


def test_a_later_run_of_the_day_closes_what_matches_by_then(tenant: Tenant, account: Account) -> None:
    one = account("6942")
    on_its_way = approved(one, at=NOON)
    reconcile_day(tenant, DAY, by=None)
    answer(**{"6942": (50, 0)})
    assert figures() == [("6942", Decimal(0), Decimal(50))]
    answered(on_its_way, at=NOON, points=50)
    reconcile_day(tenant, DAY - days.ONE_DAY, by=None)
    answer()
    assert len(figures()) == 1  # another day says nothing about this one
    run = reconcile_day(tenant, DAY, by=None)
    answer()
    assert state_of(run) == State.MATCHED
    case = Case.objects.get()
    assert case.closed_at
    assert case.closed_by is None
    assert "equal" in case.note


def test_a_later_run_with_the_same_difference_keeps_the_case(tenant: Tenant, account: Account) -> None:
    account("6942")
    for _ in range(3):
        run = reconcile_day(tenant, DAY, by=None)
        answer(**{"6942": (50, 0)})
        assert state_of(run) == State.DIFFERS
    assert Case.objects.count() == 1


def test_a_later_run_with_another_difference_replaces_the_case(tenant: Tenant, account: Account) -> None:
    account("6942")
    for theirs in (50, 60):
        reconcile_day(tenant, DAY, by=None)
        answer(**{"6942": (theirs, 0)})
    assert figures() == [("6942", Decimal(0), Decimal(60))]
    assert Case.objects.count() == 2


# --- In parts


def test_a_large_tenant_is_compared_a_few_calls_at_a_time(
    tenant: Tenant, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", 2)
    monkeypatch.setattr(runs, "CALLS_AT_ONCE", 3)
    for number in range(17):
        account(f"{number:02}")
    run = reconcile_day(tenant, DAY, by=None)
    on_their_way = []
    while state_of(run) == State.RUNNING:
        on_their_way.append(run.chunks.filter(state=Part.PENDING).count())
        answer()
    assert on_their_way == [3, 3, 3, 3, 3, 3, 3, 2, 1]
    asked = [account_id for part in run.chunks.all() for account_id in part.points]
    assert asked == [f"{number:02}" for number in range(17)]
    assert (run.accounts, state_of(run)) == (17, State.MATCHED)


@pytest.mark.parametrize("number", [2, 4])
def test_a_tenant_whose_accounts_fill_the_parts_exactly_is_finished_too(
    tenant: Tenant, account: Account, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", 2)
    monkeypatch.setattr(runs, "CALLS_AT_ONCE", 1)
    for _ in range(number):
        account()
    run = reconcile_day(tenant, DAY, by=None)
    for _ in range(number // 2):
        assert state_of(run) == State.RUNNING
        answer()
    assert (state_of(run), run.accounts) == (State.MATCHED, number)


def test_a_tenant_without_accounts_matches_at_once(tenant: Tenant) -> None:
    run = reconcile_day(tenant, DAY, by=None)
    assert (state_of(run), run.accounts) == (State.MATCHED, 0)
    assert run.finished_at
    assert not Call.objects.exists()


def test_any_other_refusal_ends_it_as_failed_and_it_can_be_started_again(
    tenant: Tenant, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", 1)
    monkeypatch.setattr(runs, "CALLS_AT_ONCE", 2)
    for account_id in ("1", "2", "3", "4"):
        account(account_id)
    run = reconcile_day(tenant, DAY, by=None)
    refuse(1002002)
    assert state_of(run) == State.RUNNING
    answer(**{"2": (5, 0)})
    assert state_of(run) == State.FAILED
    assert run.chunks.count() == 2  # what Feishu refuses is not asked a hundred times
    assert figures() == [("2", Decimal(0), Decimal(5))]
    again = reconcile_day(tenant, DAY, by=None)
    for _ in range(4):
        answer()
    assert state_of(again) == State.MATCHED
    assert figures() == []


def test_a_call_that_the_outbox_gave_up_ends_its_run_and_a_later_one_is_started(
    tenant: Tenant, account: Account, clock: Clock
) -> None:
    taken(account("6942"), at=NOON, points=5)
    run = reconcile_day(tenant, DAY, by=None)
    Call.objects.filter(operation=runs.RECONCILE).update(state=Call.State.WAITING)
    work_after_a_rest()
    assert reconcile_closed_days() == 0
    assert state_of(run) == State.FAILED
    assert Call.objects.filter(operation=runs.RECONCILE).get().state == Call.State.CANCELED
    clock.advance(hours=7)
    assert reconcile_closed_days() == 1


def test_a_person_need_not_wait_for_a_run_that_the_outbox_gave_up(
    tenant: Tenant, account: Account, hira: User, clock: Clock
) -> None:
    account("6942")
    run = reconcile_day(tenant, DAY, by=None)
    Call.objects.update(state=Call.State.WAITING)
    clock.advance(minutes=1, seconds=1)
    work()
    reconcile_day(tenant, DAY, by=hira)
    assert state_of(run) == State.FAILED


def test_an_answer_that_cannot_be_read_ends_its_run_and_no_other_day_waits_for_it(
    tenant: Tenant, account: Account, hira: User, pages: Callable[..., Client], clock: Clock
) -> None:
    taken(account("6942"), at=NOON, points=5)
    clock.set(END + timedelta(days=1, hours=9))
    assert reconcile_closed_days() == 1
    answer_what_cannot_be_read()
    run = Reconciliation.objects.get()
    assert state_of(run) == State.FAILED
    assert Call.objects.get(operation=runs.RECONCILE).state == Call.State.SUCCEEDED
    page = pages(hira).get(_url(f"reconciliation/{run.pk}/change/")).content.decode()
    assert "the answer could not be taken in" in page
    assert list(_days_started()) == [DAY + days.ONE_DAY]
    again = reconcile_day(tenant, DAY, by=hira)
    answer()
    assert state_of(again) == State.MATCHED


def test_an_answer_that_the_outbox_could_not_apply_ends_its_run_and_is_not_applied_for_ever(
    tenant: Tenant, account: Account, clock: Clock, drain: Callable[[], int]
) -> None:
    taken(account("6942"), at=NOON, points=5)
    run = reconcile_day(tenant, DAY, by=None)
    call = Call.objects.get(operation=runs.RECONCILE)
    Call.objects.filter(pk=call.pk).update(state=Call.State.WAITING, answer={"check_failed_list": "?"})
    work_after_a_rest()
    assert reconcile_closed_days() == 0
    assert state_of(run) == State.FAILED
    assert drain() == 1
    call.refresh_from_db()
    assert call.state == Call.State.SUCCEEDED  # nobody could have ended it by hand
    clock.advance(hours=7)
    assert list(_days_started()) == [DAY]


# --- Which days


def test_a_day_that_is_not_over_is_refused(tenant: Tenant, clock: Clock) -> None:
    clock.set(END - timedelta(seconds=30))
    for day in (DAY, DAY + days.ONE_DAY):
        with pytest.raises(Refused, match="not over yet"):
            reconcile_day(tenant, day, by=None)
    clock.set(END + timedelta(seconds=1))
    reconcile_day(tenant, DAY, by=None)


def test_a_day_is_not_reconciled_twice_at_once(tenant: Tenant, account: Account) -> None:
    account("6942")
    reconcile_day(tenant, DAY, by=None)
    with pytest.raises(Refused, match="at this moment"):
        reconcile_day(tenant, DAY, by=None)
    reconcile_day(tenant, DAY - days.ONE_DAY, by=None)
    assert Reconciliation.objects.count() == 2


def _days_started() -> Iterator[date]:
    while reconcile_closed_days():
        run = Reconciliation.objects.latest("pk")
        while run.chunks.filter(state=Part.PENDING).exists():
            answer()
        yield run.day


def test_beat_reconciles_every_closed_day_since_the_first_payout(
    tenant: Tenant, account: Account, clock: Clock
) -> None:
    one = account("6942")
    assert list(_days_started()) == []
    taken(one, at=NOON, points=5)
    clock.set(END + timedelta(days=2, hours=1))
    assert list(_days_started()) == [DAY, DAY + timedelta(days=1)]
    clock.advance(hours=2)
    assert list(_days_started()) == [DAY + timedelta(days=2)]
    assert list(_days_started()) == []


def test_beat_makes_up_for_a_month_at_the_most(tenant: Tenant, account: Account, clock: Clock) -> None:
    taken(account("6942"), at=NOON, points=5)
    clock.set(END + timedelta(days=100, hours=3))
    last = DAY + timedelta(days=100)
    assert list(_days_started()) == [last - timedelta(days=30 - number) for number in range(31)]


def test_beat_waits_for_the_run_of_before_and_repeats_one_that_failed_hours_later(
    tenant: Tenant, account: Account, clock: Clock
) -> None:
    taken(account("6942"), at=NOON, points=5)
    what_beat_does()
    work()
    assert reconcile_closed_days() == 0
    refuse(1002002)
    assert reconcile_closed_days() == 0
    clock.advance(hours=6, minutes=1)
    assert reconcile_closed_days() == 1
    assert Reconciliation.objects.filter(day=DAY, started_by=None).count() == 2


def test_a_day_that_differs_is_not_repeated_by_beat(tenant: Tenant, account: Account) -> None:
    taken(account("6942"), at=NOON, points=5)
    assert reconcile_closed_days() == 1
    answer(**{"6942": (6, 5)})
    assert reconcile_closed_days() == 0


def test_beat_repeats_a_day_of_which_a_payout_was_answered_later_after_all_new_days(
    tenant: Tenant, account: Account, clock: Clock
) -> None:
    late = approved(account("6942"), at=NOON)
    taken(account("6943"), at=NOON, points=5)
    assert reconcile_closed_days() == 1
    answer(**{"6942": (50, 0)})
    answered(late, at=NOON, heard_at=database_clock.now(), points=50)
    clock.advance(hours=14)  # not twice within a day
    assert list(_days_started()) == []
    clock.advance(hours=12)
    assert list(_days_started()) == [DAY + days.ONE_DAY, DAY]
    assert figures() == []
    clock.advance(hours=25)
    assert list(_days_started()) == [DAY + 2 * days.ONE_DAY]


def test_beat_compares_what_was_paid_once_payments_are_recorded_and_once_a_day_at_most(
    tenant: Tenant, account: Account, clock: Clock
) -> None:
    first = taken(account("6942"), at=NOON, CNY="12.30")
    second = taken(account("6943"), at=NOON, CNY="1.00")
    assert list(_days_started()) == [DAY]
    handed_over(first)
    handed_over(second)
    break_into("referrals_payment", "UPDATE referrals_payment SET sum = 1.30 WHERE sum > 2")
    _pay(second)
    clock.advance(hours=25)
    _pay(first)
    assert list(_days_started()) == [DAY + days.ONE_DAY, DAY]
    assert figures(kind=Kind.CASH) == [("6942", Decimal("12.30"), Decimal("1.30"))]
    clock.advance(hours=25)
    assert list(_days_started()) == [DAY + 2 * days.ONE_DAY]


def _pay(withdrawal: Withdrawal) -> None:
    for payment in Payment.objects.filter(amount__withdrawal=withdrawal):
        payment.state, payment.reference = Payment.State.PAID, "bank 1"
        payment.recorded_by, payment.recorded_at = withdrawal.requested_by, database_clock.now()
        payment.save(update_fields=["state", "reference", "recorded_by", "recorded_at"])


def test_a_day_of_another_customer_is_not_repeated(tenant: Tenant, account: Account, clock: Clock) -> None:
    other = Tenant.objects.create(app_id="cli_other", tenant_key="other")
    taken(account("6942"), at=NOON, points=5)
    assert list(_days_started()) == [DAY]
    theirs = ReferralAccount.objects.create(tenant=other, account_id="1", source="event")
    answered(approved(theirs, at=NOON), at=NOON, heard_at=database_clock.now(), points=5)
    clock.advance(hours=25)
    assert list(_days_started()) == [DAY + days.ONE_DAY]


# --- Others who lock accounts at the same moment


@two_writers
@pytest.mark.django_db(transaction=True)
def test_an_answer_about_an_account_of_which_the_balance_is_just_being_taken_in(
    tenant: Tenant, account: Account
) -> None:
    one = account("6942")
    case = open_case(kind=Kind.UNKNOWN_ACCOUNT, account=one)
    run = reconcile_day(tenant, DAY, by=None)
    with meanwhile(lambda: answer(**{"6942": (50, 0)})) as until_it_waits, transaction.atomic():
        ledger.lock(one.pk)  # as calls.accounts.apply_assets does
        until_it_waits()
        close_explained_case(case, note="known")
    assert Call.objects.get().state == Call.State.SUCCEEDED  # at once: nothing had to be tried again
    assert state_of(run) == State.DIFFERS
    assert figures() == [("6942", Decimal(0), Decimal(50))]


@two_writers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [1, 100])
def test_cash_that_differs_while_its_withdrawals_are_handed_over(
    tenant: Tenant, account: Account, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", at_once)
    older, newer = account("9"), account("1")
    for each in (older, newer):
        _book_twice(taken(each, at=NOON, CNY="12.30"))

    def reconcile() -> None:
        run = reconcile_day(tenant, DAY, by=None)
        for _ in range(2 // min(at_once, 2)):
            answer()
        assert state_of(run) == State.DIFFERS

    with meanwhile(reconcile) as until_it_waits, transaction.atomic():
        ledger.lock(older.pk)  # as services.payments.hand_over does, by their ids
        until_it_waits()
        ledger.lock(newer.pk)
    assert len(figures(kind=Kind.CASH)) == 2
    assert not Call.objects.filter(tries__gt=1).exists()


def _book_twice(withdrawal: Withdrawal) -> None:
    booked = withdrawal.changes.get()
    BalanceChange.objects.create(
        account=booked.account,
        asset=booked.asset,
        before=booked.after,
        after=booked.after + booked.difference,
        difference=booked.difference,
        cause=booked.cause,
        withdrawal=withdrawal,
        as_of=booked.as_of,
    )


# --- Cash


def _cash_cases(tenant: Tenant) -> list[tuple[str, Decimal | None, Decimal | None]]:
    run = reconcile_day(tenant, DAY, by=None)
    answer()
    cases = Case.objects.filter(kind=Kind.CASH, closed_at=None).order_by("asset")
    found = list(cases.values_list("asset", "ours", "theirs"))
    assert state_of(run) == (State.DIFFERS if found else State.MATCHED)
    return found


def test_cash_that_adds_up_is_no_case_at_any_step(tenant: Tenant, account: Account) -> None:
    withdrawal = taken(account("6942"), at=NOON, points=7, CNY="12.30", USD="0.00")
    assert _cash_cases(tenant) == []
    handed_over(withdrawal)
    assert _cash_cases(tenant) == []
    come_back(withdrawal)
    assert _cash_cases(tenant) == []
    handed_over(withdrawal)
    assert _cash_cases(tenant) == []


@pytest.mark.parametrize(
    ("table", "statement", "other"),
    [
        (
            "referrals_withdrawalamount",
            "UPDATE referrals_withdrawalamount SET taken = 12.40 WHERE asset = 'CNY'",
            None,
        ),
        (
            "referrals_balancechange",
            "UPDATE referrals_balancechange SET difference = -12.29, after = -12.29 WHERE asset = 'CNY'",
            "12.29",
        ),
        ("referrals_balancechange", "DELETE FROM referrals_balancechange WHERE asset = 'CNY'", "0"),
        ("referrals_payment", "UPDATE referrals_payment SET sum = 1.30 WHERE asset = 'CNY'", "1.30"),
        ("referrals_payment", "DELETE FROM referrals_payment WHERE asset = 'CNY'", "0"),
    ],
)
def test_cash_whose_books_were_changed_is_a_case(
    tenant: Tenant, account: Account, table: str, statement: str, other: str | None
) -> None:
    withdrawal = taken(account("6942"), at=NOON, points=7, CNY="12.30", USD="0.10")
    handed_over(withdrawal)
    break_into(table, statement)
    ours, theirs = ("12.40", "12.30") if other is None else ("12.30", other)
    assert _cash_cases(tenant) == [("CNY", Decimal(ours), Decimal(theirs))]
    assert _cash_cases(tenant) == [("CNY", Decimal(ours), Decimal(theirs))]
    assert Case.objects.get().withdrawal == withdrawal


def test_cash_that_was_booked_and_never_taken_is_a_case(tenant: Tenant, account: Account) -> None:
    taken(account("6942"), at=NOON, CNY="12.30", USD="0.10")
    break_into("referrals_withdrawalamount", "DELETE FROM referrals_withdrawalamount WHERE asset = 'USD'")
    assert _cash_cases(tenant) == [("USD", Decimal(0), Decimal("0.10"))]


def test_cash_that_adds_up_again_closes_its_case(tenant: Tenant, account: Account) -> None:
    handed_over(taken(account("6942"), at=NOON, CNY="12.30"))
    break_into("referrals_payment", "UPDATE referrals_payment SET sum = 1.30")
    assert len(_cash_cases(tenant)) == 1
    break_into("referrals_payment", "UPDATE referrals_payment SET sum = 12.30")
    assert _cash_cases(tenant) == []
    assert Case.objects.get().closed_by is None


def test_cash_of_another_day_is_not_looked_at(tenant: Tenant, account: Account) -> None:
    handed_over(taken(account("6942"), at=END, CNY="12.30"))
    break_into("referrals_payment", "UPDATE referrals_payment SET sum = 1.30")
    assert _cash_cases(tenant) == []


# --- The pages


def _url(path: str) -> str:
    return f"/admin/referrals/{path}"


def test_staff_reconcile_yesterday_by_the_form(
    tenant: Tenant, account: Account, hira: User, pages: Callable[..., Client]
) -> None:
    account("6942")
    browser = pages(hira)
    assert "Reconcile a day" in browser.get(_url("reconciliation/")).content.decode()
    form = browser.get(_url("reconciliation/day/")).context["form"]
    assert form["day"].initial < datetime.now(SHANGHAI).date()
    response = browser.post(_url("reconciliation/day/"), {"day": DAY.isoformat()}, follow=True)
    run = Reconciliation.objects.get()
    assert (run.started_by, run.day, run.tenant) == (hira, DAY, tenant)
    assert response.redirect_chain == [(_url(f"reconciliation/{run.pk}/change/"), 302)]
    assert "The accounts are being compared" in response.content.decode()
    entry = AuditEntry.objects.get(action="reconciliation started")
    assert (entry.actor, entry.target_id) == (hira, str(run.pk))


@pytest.mark.parametrize("day", ["2999-01-01", "", "yesterday"])
def test_a_day_that_cannot_be_reconciled_is_explained(
    tenant: Tenant, hira: User, pages: Callable[..., Client], day: str
) -> None:
    page = pages(hira).post(_url("reconciliation/day/"), {"day": day}).content.decode()
    assert "not over yet" in page or "errorlist" in page
    assert not Reconciliation.objects.exists()


def test_without_the_right_nobody_starts_one(
    tenant: Tenant, account: Account, audrey: User, vera: User, pages: Callable[..., Client]
) -> None:
    account("6942")
    run = reconcile_day(tenant, DAY, by=None)
    answer()
    for person in (audrey, vera):
        browser = pages(person)
        assert browser.get(_url("reconciliation/day/")).status_code == 403
        assert browser.post(_url("reconciliation/day/"), {"day": DAY.isoformat()}).status_code == 403
        again = {"_selected_action": run.pk, "confirmed": "yes"}
        assert browser.post(_url("reconciliation/actions/once_more/"), again).status_code == 403
    assert Reconciliation.objects.count() == 1
    page = pages(audrey).get(_url(f"reconciliation/{run.pk}/change/")).content.decode()
    assert "Once more" not in page


def test_once_more_is_a_new_run_and_the_old_page_leads_to_it(
    tenant: Tenant, account: Account, ada: User, pages: Callable[..., Client]
) -> None:
    account("6942")
    run = reconcile_day(tenant, DAY, by=None)
    answer(**{"6942": (50, 0)})
    browser, address = pages(ada), _url(f"reconciliation/{run.pk}/change/")
    assert "Once more" in browser.get(address).content.decode()
    again = {"_selected_action": run.pk, "confirmed": "yes", "back": address}
    page = browser.post(_url("reconciliation/actions/once_more/"), again, follow=True).content.decode()
    newer = Reconciliation.objects.latest("pk")
    assert newer.pk != run.pk
    assert newer.started_by == ada
    assert _url(f"reconciliation/{newer.pk}/change/") in page


def test_the_page_of_a_run_shows_figures_calls_and_cases(
    tenant: Tenant,
    account: Account,
    audrey: User,
    pages: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "ACCOUNTS_AT_ONCE", 1)
    taken(account("6942", name="张三丰"), at=NOON, points=1250)
    account("6943")
    run = reconcile_day(tenant, DAY, by=None)
    answer(**{"6942": (1251, 1250)})
    refuse(1002002)
    with override("en"):
        why = reasons.explain(Call.objects.get(reconciliation_chunk__state=Part.FAILED))
    page = pages(audrey).get(_url(f"reconciliation/{run.pk}/change/")).content.decode()
    for shown in ("1,250", "1,251", "6942", "Feishu has not compared all accounts", why[:40]):
        assert shown in page, shown
    assert _url(f"case/{Case.objects.get().pk}/change/") in page
    assert "张三丰" not in page
    in_list = pages(audrey).get(_url("reconciliation/")).content.decode()
    assert "could not be finished" in in_list


def test_the_pages_of_a_large_run_stay_small(
    tenant: Tenant,
    account: Account,
    audrey: User,
    pages: Callable[..., Client],
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(60):
        account(f"{number:02}")
    run = reconcile_day(tenant, DAY, by=None)
    answer(**{f"{number:02}": (1, 0) for number in range(60)})
    part = run.chunks.get()
    for _ in range(60):
        call = approved(account(), at=NOON).call
        assert call
        ReconciliationChunk.objects.create(reconciliation=run, points=part.points, call=call)
    browser = pages(audrey)
    for address in (f"reconciliation/{run.pk}/change/", "reconciliation/", "case/"):
        with django_assert_max_num_queries(25):
            assert browser.get(_url(address)).status_code == 200
