"""Taking balances out: asked for by one, decided by another, taken once, and never given up."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib import import_module
from itertools import count, pairwise
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import translation

from hireops.database import clock as database_clock
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.feishu import hire
from hireops.feishu.models import Tenant
from hireops.guards.installing import lifted
from hireops.outbox import sending
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.outbox.recording import record
from referrals.accounts import services as accounts
from referrals.models import POINTS, Case, ReferralAccount, Withdrawal
from referrals.payouts import services, transitions
from tests.meanwhile import at_once, two_writers
from tests.referrals.conftest import balances, history, tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WITHDRAW = "/open-apis/hire/v1/referral_account/:referral_account_id/withdraw"
NUMBERS = count(1)
HOUR = 3600
UNREADABLE = [
    {},
    {"trans_time": None},
    {"trans_time": "yesterday"},
    {"external_order_id": "another"},
    {"external_order_id": None},
    {"withdrawal_details": "much"},
    {"withdrawal_details": {"point_bonus": -1}},
    {"withdrawal_details": {"point_bonus": 10**14}},
    *[
        {"withdrawal_details": {"cash_bonus": [{"currency_type": currency, "amount": "1.00"}]}}
        for currency in ("", "X" * 1000)
    ],
]
LOST_ANSWERS = ["cut", "server_error", "html", "truncated", "empty", "half_closed"]

# What sends nothing needs no commit: emptying all tables afterwards takes longer than the test.
sends_nothing = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def owner(feishu, account):
    """``owner(points=100, CNY="12.30")``: an employee with that at Feishu, and we know it."""

    def owner(points=0, **cash):
        account_id = f"69427781980599{next(NUMBERS):05}"
        contact = {"name": "张三", "email": f"{account_id}@open.com", "account_id": account_id}
        feishu.add_employees(contact)
        made = account(account_id)
        if points or cash:
            rewarded = feishu.reward(account_id, points=points, **cash)
            at = datetime.fromtimestamp(rewarded["modified_ms"] / 1000, UTC)
            tell(account_id, points=points, cash=cash, at=at)
        return ReferralAccount.objects.get(pk=made.pk)

    return owner


@pytest.fixture
def requested(owner, hira):
    def requested(of=None, *, points=True, cash=True, **there):
        of = of or owner(**(there or {"points": 100, "CNY": "12.30"}))
        return services.request_withdrawal(of, by=hira, points=points, cash=cash, reason="November")

    return requested


@pytest.fixture
def approved(requested, ada):
    def approved(of=None, **options):
        withdrawal = requested(of, **options)
        services.approve_withdrawal(withdrawal, by=ada, reason="checked")
        return now_of(withdrawal)

    return approved


@pytest.fixture
def later(clock, drain):
    """``later(60)``: what hireops does by itself after so many seconds."""

    def later(seconds=61):
        clock.advance(seconds)
        drain()

    return later


def now_of(withdrawal):
    return Withdrawal.objects.select_related("account", "call").get(pk=withdrawal.pk)


def state(withdrawal):
    return now_of(withdrawal).state


def amounts(withdrawal):
    return {row.asset: (row.seen, row.taken) for row in withdrawal.amounts.all()}


def done_at(feishu):
    """The withdrawals that Feishu has made, by order ID."""
    return feishu.state("withdrawals")["withdrawals"]


def asked(operation="referral_account.withdraw"):
    return Call.objects.filter(operation=operation)


def actions(withdrawal):
    return [entry.action for entry in entries_about(withdrawal)][::-1]


# --- From the request to the answer


def test_what_was_approved_is_taken_once_and_written_down(feishu, owner, hira, ada, drain):
    account = owner(points=100, CNY="12.30")
    withdrawal = services.request_withdrawal(account, by=hira, points=True, cash=True, reason="November")
    order = withdrawal.external_order_id
    call = services.approve_withdrawal(withdrawal, by=ada, reason="checked")
    assert call.payload == {
        "referral_account_id": account.account_id,
        "withdraw_bonus_type": [1, 2],
        "external_order_id": order,
    }
    assert (call.target, call.tenant) == (f"referral_account:{account.account_id}", None)
    drain()
    withdrawal = now_of(withdrawal)
    assert withdrawal.state == "taken"
    assert amounts(withdrawal) == {
        POINTS: (Decimal("100.00"), Decimal("100.00")),
        "CNY": (Decimal("12.30"), Decimal("12.30")),
    }
    done = done_at(feishu)
    assert list(done) == [order]
    assert done[order]["repeats"] == 0
    assert withdrawal.trans_time == datetime.fromtimestamp(done[order]["trans_ms"] / 1000, UTC)
    assert set(balances(account).values()) == {Decimal(0)}
    assert sorted(change[3] for change in history(account)) == ["event"] * 2 + ["withdrawal"] * 2
    assert actions(withdrawal) == ["withdrawal requested", "withdrawal approved", "withdrawal answered"]
    assert not Case.objects.exists()


@sends_nothing
def test_who_when_and_why_is_written_with_every_step(requested, hira, ada):
    withdrawal = requested()
    services.approve_withdrawal(withdrawal, by=ada, reason=" checked ")
    withdrawal = now_of(withdrawal)
    assert (withdrawal.requested_by, withdrawal.request_reason) == (hira, "November")
    assert (withdrawal.decided_by, withdrawal.decision_reason) == (ada, "checked")
    assert withdrawal.requested_at <= withdrawal.decided_at
    steps = [(entry.actor, entry.action, entry.reason) for entry in entries_about(withdrawal)]
    assert steps == [(ada, "withdrawal approved", "checked"), (hira, "withdrawal requested", "November")]


def test_nothing_is_taken_before_it_is_approved(feishu, requested, ada, drain):
    kept, rejected, canceled = requested(), requested(), requested()
    services.reject_withdrawal(rejected, by=ada, reason="left the company")
    services.cancel_withdrawal(canceled, by=rejected.requested_by, reason="")
    drain()
    assert not asked()
    assert done_at(feishu) == {}
    assert [state(each) for each in (kept, rejected, canceled)] == ["requested", "rejected", "canceled"]


def test_the_balance_is_asked_for_before_the_decision_and_after_the_answer(requested, ada, drain):
    withdrawal = requested()
    assert asked("referral_account.get_account_assets").count() == 1
    services.approve_withdrawal(withdrawal, by=ada, reason="")
    drain()
    order = Call.objects.order_by("pk").values_list("operation", flat=True)
    queried, taken = "referral_account.get_account_assets", "referral_account.withdraw"
    assert list(order) == [queried, taken, queried]
    assert set(Call.objects.values_list("state", flat=True)) == {"succeeded"}


@pytest.mark.parametrize(
    ("kinds", "types", "left"),
    [
        ({"cash": False}, [1], {"CNY": "12.30", POINTS: "0"}),
        ({"points": False}, [2], {"CNY": "0", POINTS: "100"}),
    ],
)
def test_only_what_was_asked_for_is_taken(approved, drain, kinds, types, left):
    withdrawal = approved(**kinds)
    assert withdrawal.call.payload["withdraw_bonus_type"] == types
    drain()
    assert balances(withdrawal.account) == {asset: Decimal(amount) for asset, amount in left.items()}
    assert state(withdrawal) == "taken"


def test_what_was_really_taken_counts(feishu, owner, approved, drain):
    account = owner(points=100, CNY="12.30", EUR="5.00")
    withdrawal = approved(account)
    feishu.reward(account.account_id, points=7, CNY="-12.30", USD="0.05")
    drain()
    assert amounts(now_of(withdrawal)) == {
        POINTS: (Decimal(100), Decimal(107)),
        "CNY": (Decimal("12.30"), Decimal(0)),
        "EUR": (Decimal(5), Decimal(5)),
        "USD": (Decimal(0), Decimal("0.05")),
    }
    assert set(balances(account).values()) == {Decimal(0)}


def test_if_nothing_was_there_it_ends_empty(feishu, owner, approved, drain):
    account = owner(points=100)
    withdrawal = approved(account)
    feishu.reward(account.account_id, points=-100)
    drain()
    withdrawal = now_of(withdrawal)
    assert (withdrawal.state, amounts(withdrawal)) == ("empty", {POINTS: (Decimal(100), Decimal(0))})
    assert balances(account) == {POINTS: Decimal(0)}


def test_what_was_not_asked_for_is_not_counted_and_becomes_a_case(feishu, owner, approved, drain):
    account = owner(points=100, CNY="12.30")
    withdrawal = approved(account, cash=False)
    answer_with(withdrawal, points=100, CNY="12.30", USD=0)
    drain()
    withdrawal = now_of(withdrawal)
    assert amounts(withdrawal) == {POINTS: (Decimal(100), Decimal(100))}
    case = Case.objects.get(kind=Case.Kind.UNASKED)
    assert (case.asset, case.theirs, case.withdrawal, case.account) == (
        "CNY",
        Decimal("12.30"),
        withdrawal,
        account,
    )
    assert balances(account)["CNY"] == Decimal("12.30")


def answer_with(withdrawal, *, order=None, points=0, **cash):
    """Feishu has answered this, and it is still to be taken in."""
    details = {
        "point_bonus": points,
        "cash_bonus": [{"currency_type": each, "amount": amount} for each, amount in cash.items()],
    }
    trans_time = str(int(database_clock.now().timestamp() * 1000))
    data = {"external_order_id": order or withdrawal.external_order_id, "trans_time": trans_time}
    asked().filter(withdrawal=withdrawal).update(answer={**data, "withdrawal_details": details})


def test_a_kept_answer_that_can_not_be_taken_in_is_told_and_tried_for_ever(feishu, approved, later):
    """As an older hireops may have kept it."""
    withdrawal = approved()
    answer_with(withdrawal, order="another", points=5)
    later(0)
    assert state(withdrawal) == "approved"  # it may only be the database that was away
    for _ in range(10):
        later(61)
    assert state(withdrawal) == "unknown"
    assert actions(withdrawal)[2:] == ["withdrawal with an answer that can't be taken in"]
    for _ in range(30):
        later(HOUR)
    tries = now_of(withdrawal).call.tries
    later(HOUR)  # in case the mistake is mended
    withdrawal = now_of(withdrawal)
    assert withdrawal.call.tries == tries + 1
    assert (withdrawal.state, withdrawal.call.state) == ("unknown", "pending")
    assert withdrawal.call.answer["external_order_id"] == "another"
    assert amounts(withdrawal)[POINTS] == (Decimal(100), None)
    assert done_at(feishu) == {}


# --- Who may ask for it, and who decides


@sends_nothing
def test_a_second_one_is_not_asked_for_while_one_is_open(owner, requested, hira, ada):
    account = owner(points=100)
    withdrawal = requested(account)
    for _state in ("requested", "approved"):
        with pytest.raises(Refused, match=f"Withdrawal #{withdrawal.pk} of this account is open"):
            requested(account)
        if state(withdrawal) == "requested":
            services.approve_withdrawal(withdrawal, by=ada, reason="")
    assert Withdrawal.objects.count() == 1


def test_no_other_one_is_asked_for_while_nobody_knows_what_became_of_it(
    feishu, owner, approved, requested, drain
):
    account = owner(points=100)
    feishu.add_fault("cut", path=WITHDRAW, when="after")
    withdrawal = approved(account)
    drain()
    assert state(withdrawal) == "unknown"
    with pytest.raises(Refused, match="is open"):
        requested(account)


def test_when_it_has_ended_another_may_be_asked_for(feishu, owner, approved, requested, drain):
    account = owner(points=100)
    first = approved(account)
    drain()
    feishu.reward(account.account_id, points=5)
    tell(account.account_id, points=5, at=database_clock.now() + timedelta(minutes=1))
    second = requested(account)
    assert first.external_order_id != second.external_order_id


@pytest.mark.parametrize(
    ("there", "asked_for", "why"),
    [
        ({}, {}, "nothing of that is in this account"),
        ({"CNY": "1.00"}, {"cash": False}, "nothing of that is in this account"),
        ({"points": 5}, {"points": False}, "nothing of that is in this account"),
        ({"points": 5}, {"points": False, "cash": False}, "Choose what to take out"),
    ],
)
@sends_nothing
def test_what_is_not_there_is_not_asked_for(owner, requested, there, asked_for, why):
    with pytest.raises(Refused, match=why):
        requested(owner(**there), **asked_for)
    assert not Withdrawal.objects.exists()


@sends_nothing
def test_nothing_is_asked_for_or_approved_of_a_deactivated_account(owner, requested, ada):
    account = owner(points=100)
    withdrawal = requested(owner(points=100))
    disabled = ReferralAccount.Status.DISABLED
    ReferralAccount.objects.update(status=disabled)
    with pytest.raises(Refused, match="deactivated"):
        requested(account)
    with pytest.raises(Refused, match="deactivated"):
        services.approve_withdrawal(withdrawal, by=ada, reason="")
    assert state(withdrawal) == "requested"
    assert not asked()


@sends_nothing
def test_who_asked_can_not_approve_not_even_a_superuser(requested, hira, ada):
    withdrawal = requested()
    User.objects.filter(pk=hira.pk).update(is_superuser=True)
    with pytest.raises(Refused, match="somebody else has to approve it"):
        services.approve_withdrawal(withdrawal, by=User.objects.get(pk=hira.pk), reason="")
    assert state(withdrawal) == "requested"
    assert not asked()


@sends_nothing
def test_a_setting_allows_it_and_the_row_says_so(requested, approved, hira, settings):
    settings.REFERRALS_SELF_APPROVAL = True
    withdrawal = requested()
    services.approve_withdrawal(withdrawal, by=hira, reason="alone today")
    assert (state(withdrawal), now_of(withdrawal).self_approved) == ("approved", True)
    assert not approved().self_approved


@pytest.mark.parametrize("decide", ["approve_withdrawal", "reject_withdrawal", "cancel_withdrawal"])
@pytest.mark.parametrize("again", ["approve_withdrawal", "reject_withdrawal", "cancel_withdrawal"])
@sends_nothing
def test_it_is_decided_once(requested, ada, hira, decide, again):
    withdrawal = requested()
    who = {"cancel_withdrawal": hira}
    getattr(services, decide)(withdrawal, by=who.get(decide, ada), reason="first")
    decided = now_of(withdrawal)
    with pytest.raises(Refused, match=r"Already (approved|rejected|taken back) by"):
        getattr(services, again)(withdrawal, by=who.get(again, ada), reason="second")
    assert now_of(withdrawal).decision_reason == "first"
    assert (state(withdrawal), asked().count()) == (decided.state, int(decided.state == "approved"))


@sends_nothing
def test_only_who_asked_takes_the_request_back(requested, hira, ada, admin_user):
    withdrawal = requested()
    for other in (ada, admin_user):
        with pytest.raises(Refused, match="Only who asked for this withdrawal"):
            services.cancel_withdrawal(withdrawal, by=other, reason="not needed")
    assert state(withdrawal) == "requested"
    services.cancel_withdrawal(withdrawal, by=hira, reason="not needed")
    assert (state(withdrawal), now_of(withdrawal).decided_by) == ("canceled", hira)
    assert not now_of(withdrawal).self_approved
    assert actions(withdrawal) == ["withdrawal requested", "withdrawal request taken back"]


@sends_nothing
def test_a_rejection_has_a_reason(requested, ada):
    withdrawal = requested()
    with pytest.raises(Refused, match="Give a reason"):
        services.reject_withdrawal(withdrawal, by=ada, reason=" ")
    assert state(withdrawal) == "requested"


# --- When the answer is lost


@pytest.mark.parametrize("fault", LOST_ANSWERS)
def test_a_lost_answer_is_asked_for_again_with_the_same_order(feishu, approved, later, fault):
    """E2"""
    feishu.add_fault(fault, path=WITHDRAW, when="after")
    withdrawal = approved()
    later(0)
    assert len(done_at(feishu)) == 1
    assert now_of(withdrawal).trans_time is None
    assert state(withdrawal) == "unknown"
    later()
    assert (state(withdrawal), amounts(withdrawal)[POINTS][1]) == ("taken", Decimal(100))
    assert [each["repeats"] for each in done_at(feishu).values()] == [1]
    assert actions(withdrawal)[2:] == ["withdrawal without an answer", "withdrawal answered"]


@pytest.mark.parametrize("had_sent", [False, True])
def test_a_worker_that_dies_takes_nothing_twice(feishu, owner, approved, later, had_sent):
    """E1: after the claim, and between the answer and its commit."""
    account = owner(points=100)
    withdrawal = approved(account, cash=False)
    while (claim := sending.claim()) and claim.call != withdrawal.call:
        record(claim, sending.send(claim))
    assert claim is not None
    if had_sent:
        sending.send(claim)
    assert len(done_at(feishu)) == int(had_sent)
    later(30)
    assert (state(withdrawal), now_of(withdrawal).call.tries) == ("approved", 1)
    later(31)
    assert (state(withdrawal), now_of(withdrawal).call.tries) == ("taken", 2)
    assert actions(withdrawal)[2:] == ["withdrawal without an answer", "withdrawal answered"]
    assert [each["repeats"] for each in done_at(feishu).values()] == [int(had_sent)]
    assert balances(account) == {POINTS: Decimal(0)}


def test_a_second_answer_changes_nothing_and_waits_for_a_person(approved, drain, clock):
    """E9: it differs from the one that was taken in."""
    withdrawal = approved()
    drain()
    before = (state(withdrawal), amounts(withdrawal), history(withdrawal.account))
    with lifted(connection):  # the database keeps the first one
        answer_with(withdrawal, points=7)
    asked().update(state="waiting", finished_at=None)
    outbox.resend_call(now_of(withdrawal).call, by=None, reason="")
    for _ in range(10):
        drain()
        clock.advance(61)
    assert (state(withdrawal), amounts(withdrawal), history(withdrawal.account)) == before
    assert now_of(withdrawal).call.state == "waiting"


@pytest.mark.parametrize("said", UNREADABLE)
def test_an_answer_that_does_not_say_what_was_taken_is_none(feishu, approved, later, monkeypatch, said):
    """``data`` may be missing (contract 8.2), garbage or about another order: then it is asked for again."""
    real = hire.withdraw_referral_account

    def spoiled(*key, **sent):
        answer = real(*key, **sent)
        return replace(answer, data={**answer.data, **said} if said else {})

    with monkeypatch.context() as patch:
        patch.setattr(hire, "withdraw_referral_account", spoiled)
        withdrawal = approved()
        later(0)
    assert (state(withdrawal), now_of(withdrawal).call.answer) == ("unknown", None)
    kept = withdrawal.call.attempts.get(outcome="unknown").response
    assert set(kept) >= set(said)
    later()
    assert (state(withdrawal), amounts(withdrawal)[POINTS][1]) == ("taken", Decimal(100))
    assert len(done_at(feishu)) == 1


def test_the_event_of_the_withdrawal_is_no_second_one(feishu, owner, approved, later):
    account = owner(points=100)
    feishu.add_fault("cut", path=WITHDRAW, when="after")
    withdrawal = approved(account)
    later(0)
    done = done_at(feishu)[withdrawal.external_order_id]
    tell(account.account_id, points=0, at=datetime.fromtimestamp(done["trans_ms"] / 1000, UTC))
    assert [each[3] for each in history(account)] == ["event", "withdrawal"]
    later()
    assert state(withdrawal) == "taken"
    assert [each[3] for each in history(account)] == ["event", "withdrawal"]


@pytest.mark.parametrize("code", [1002002, 1002553, 1002555])
def test_only_definite_refusals_end_it(feishu, approved, requested, later, code):
    """E3"""
    feishu.add_fault("refused", path=WITHDRAW, code=code, http_status=400)
    withdrawal = approved()
    later(0)
    ended = now_of(withdrawal)
    assert (ended.state, ended.trans_time, ended.answered_at is None) == ("refused", None, False)
    assert actions(withdrawal)[2:] == ["withdrawal refused by Feishu"]
    later(24 * HOUR)
    assert state(withdrawal) == "refused"
    assert done_at(feishu) == {}
    assert requested(ended.account).external_order_id != ended.external_order_id


@pytest.mark.parametrize("code", [99991401, 99991672, 99992402, 1002551, 1009999])
def test_every_other_refusal_leaves_it_undecided_and_it_is_asked_again(feishu, approved, later, code):
    """E3"""
    feishu.add_fault("refused", path=WITHDRAW, code=code, http_status=400)
    withdrawal = approved()
    later(0)
    assert state(withdrawal) == "unknown"
    later(30)
    assert state(withdrawal) == "unknown"
    later(31)
    assert state(withdrawal) == "taken"


@pytest.mark.parametrize("http_status", [400, 500])
def test_the_catch_all_is_asked_again_for_ever(feishu, approved, later, http_status):
    feishu.add_fault("refused", path=WITHDRAW, code=1002001, http_status=http_status, calls=12)
    withdrawal = approved()
    seen = set()
    for _ in range(20):
        later(HOUR)
        withdrawal = now_of(withdrawal)
        seen.add((withdrawal.state, withdrawal.call.state))
    assert seen == {("unknown", "pending"), ("taken", "succeeded")}


@pytest.mark.parametrize("code", [1002001, 1020001])
@pytest.mark.parametrize("refusal", [1002002, 1002553, 1002555])
def test_a_refusal_after_the_catch_all_proves_nothing(feishu, approved, later, code, refusal):
    """The catch-all is a system error too (contract 8.4): Feishu may have done it."""
    feishu.add_fault("refused", path=WITHDRAW, code=code, http_status=400)
    feishu.add_fault("refused", path=WITHDRAW, code=refusal, http_status=400)
    withdrawal = approved()
    later(0)
    assert state(withdrawal) == "unknown"
    later()
    assert (state(withdrawal), now_of(withdrawal).call.state) == ("unknown", "pending")
    later(120)
    assert (state(withdrawal), amounts(withdrawal)[POINTS][1]) == ("taken", Decimal(100))


@pytest.mark.parametrize("code", [1002002, 1002553, 1002555])
def test_a_refusal_after_a_lost_answer_proves_nothing(feishu, approved, later, code):
    feishu.add_fault("cut", path=WITHDRAW, when="after")
    feishu.add_fault("refused", path=WITHDRAW, code=code, http_status=400)
    withdrawal = approved()
    later(0)
    later()
    assert (state(withdrawal), now_of(withdrawal).call.state) == ("unknown", "pending")
    later(120)
    assert (state(withdrawal), amounts(withdrawal)[POINTS][1]) == ("taken", Decimal(100))
    assert len(done_at(feishu)) == 1


def test_feishu_away_for_two_days_makes_it_old_but_never_failed(feishu, approved, later):
    """E9"""
    feishu.add_fault("cut", path=WITHDRAW, when="after", calls=1000)
    withdrawal = approved()
    later(0)
    for _ in range(50):
        later(HOUR)
        assert state(withdrawal) == "unknown"
    assert services.age_of_doubt(now_of(withdrawal)) > timedelta(days=2)
    feishu.clear_faults()
    later(HOUR)
    assert state(withdrawal) == "taken"
    assert services.age_of_doubt(now_of(withdrawal)) == timedelta(0)
    assert len(done_at(feishu)) == 1


def test_what_never_left_is_still_on_its_way(feishu, approved, later, settings):
    url, settings.FEISHU_BASE_URL = settings.FEISHU_BASE_URL, "http://127.0.0.1:9"
    withdrawal = approved()
    for _ in range(30):
        later(HOUR)
    assert state(withdrawal) == "approved"
    settings.FEISHU_BASE_URL = url
    later(HOUR)
    assert state(withdrawal) == "taken"


def asked_at(withdrawal):
    started = withdrawal.call.attempts.order_by("pk").values_list("started_at", flat=True)
    return [moment - started[0] for moment in started]


def test_the_pause_grows_with_the_age(feishu, approved, later):
    feishu.add_fault("refused", path=WITHDRAW, code=1009999, http_status=400, calls=1000)
    withdrawal = approved()
    for _ in range(20 * 6):
        later(600)
    pauses = [after - before for before, after in pairwise(asked_at(withdrawal))]
    whole = [round(pause.total_seconds() / 600) for pause in pauses]
    assert whole == sorted(whole)
    assert (whole[0], whole[-1]) == (1, 6)
    assert state(withdrawal) == "unknown"


@pytest.mark.parametrize("hours", [0, 1, 3, 9, 30])
def test_it_is_asked_again_at_the_time_that_its_page_names(feishu, approved, later, hours):
    feishu.add_fault("refused", path=WITHDRAW, code=1009999, http_status=400, calls=1000)
    withdrawal = approved()
    later(0)
    later(hours * HOUR)
    asked_before = len(asked_at(withdrawal))
    due = now_of(withdrawal).call.not_before
    later((due - database_clock.now()).total_seconds() - 2)
    assert len(asked_at(withdrawal)) == asked_before
    later(4)
    assert len(asked_at(withdrawal)) == asked_before + 1


def test_while_it_pauses_the_account_is_asked_for_and_enabled(feishu, approved, later, ada, drain):
    """So that a person can bring about the answer, which Feishu refuses while the account is off."""
    feishu.add_fault("cut", path=WITHDRAW, when="after")
    feishu.add_fault("refused", path=WITHDRAW, code=1002555, http_status=400, calls=1000)
    withdrawal = approved()
    later(0)
    later(10 * HOUR)
    ReferralAccount.objects.update(status=ReferralAccount.Status.DISABLED)
    call = accounts.enable(now_of(withdrawal).account, by=ada, reason="Feishu has to answer")
    tries = now_of(withdrawal).call.tries
    drain()
    call.refresh_from_db()
    assert (call.state, now_of(withdrawal).call.tries) == ("succeeded", tries)
    feishu.clear_faults()
    later(HOUR)
    assert state(withdrawal) == "taken"


@pytest.mark.parametrize("stopped_as", ["waiting", "refused"])
@pytest.mark.parametrize("state_before", ["approved", "unknown"])
def test_what_an_older_hireops_had_stopped_asking_for_is_asked_for_again(
    feishu, approved, later, stopped_as, state_before
):
    taken = approved()
    later(0)
    refused = approved()
    feishu.add_fault("refused", path=WITHDRAW, code=1002555, http_status=400)
    later(0)
    stopped = approved()
    ended = {"state": stopped_as, "finished_at": database_clock.now() if stopped_as == "refused" else None}
    asked().filter(withdrawal=stopped).update(reason="gave_up", **ended)
    if state_before == "unknown":
        Withdrawal.objects.filter(pk=stopped.pk).update(state="unknown")
    later(24 * HOUR)
    assert state(stopped) == state_before
    migration = import_module("referrals.migrations.0013_payouts_asked_for_ever")
    migration.ask_again(apps, SimpleNamespace(connection=connection))
    later(1)
    assert [state(each) for each in (taken, refused, stopped)] == ["taken", "refused", "taken"]
    assert now_of(stopped).external_order_id == stopped.external_order_id
    assert stopped.external_order_id in done_at(feishu)


def test_a_customer_who_has_removed_the_app_is_never_asked(feishu, owner, approved, drain, settings):
    account = owner(points=100)
    settings.FEISHU_APP_TYPE = "store"
    withdrawal = approved(account)
    Tenant.objects.filter(pk=account.tenant_id).update(state=Tenant.State.GONE)
    drain()
    assert state(withdrawal) == "refused"
    assert done_at(feishu) == {}


def test_what_was_done_before_the_database_was_restored_is_found_by_its_order(
    feishu, owner, requested, ada, drain
):
    """E12: in the backup it waits for approval, at Feishu it was done."""
    account = owner(points=100)
    withdrawal = requested(account)
    drain()
    path = WITHDRAW.replace(":referral_account_id", account.account_id)
    body = {"withdraw_bonus_type": [1, 2], "external_order_id": withdrawal.external_order_id}
    feishu.call("POST", path, body)
    feishu.reward(account.account_id, points=7)
    services.approve_withdrawal(withdrawal, by=ada, reason="")
    drain()
    assert amounts(now_of(withdrawal)) == {POINTS: (Decimal(100), Decimal(100))}
    assert [each["repeats"] for each in done_at(feishu).values()] == [1]
    assert balances(account) == {POINTS: Decimal(7)}


# --- Asking now


def test_staff_can_ask_at_once(feishu, approved, ada, drain, clock):
    feishu.add_fault("refused", path=WITHDRAW, code=1009999, http_status=400)
    withdrawal = approved()
    drain()
    services.ask_again(withdrawal, by=ada, reason="the permission is there now")
    asked = entries_about(withdrawal).filter(action="Feishu asked again").get()
    assert (asked.actor, asked.reason) == (ada, "the permission is there now")
    with pytest.raises(Refused, match="being asked already"):
        services.ask_again(withdrawal, by=ada, reason="")
    drain()
    assert state(withdrawal) == "taken"
    with pytest.raises(Refused, match="nothing to ask"):
        services.ask_again(withdrawal, by=ada, reason="")


@sends_nothing
def test_in_the_outbox_nobody_cancels_it_or_sends_it_again(feishu, approved, ada, drain):
    withdrawal = approved()
    for act in (outbox.cancel_call, outbox.resend_call):
        with pytest.raises(Refused, match="on the page of the withdrawal"):
            act(withdrawal.call, by=ada, reason="x")


# --- At the same time


def test_of_two_requests_at_the_same_instant_one_is_there(owner, requested):
    """E5"""
    for _ in range(10):
        account = owner(points=100)
        results = at_once(*[partial(requested, account)] * 4)
        assert sum(isinstance(each, Withdrawal) for each in results) == 1, results
        assert all("this account" in str(each) for each in results if isinstance(each, Refused)), results
        assert sum(isinstance(each, Refused) for each in results) == 3, results
        assert account.withdrawals.count() == 1


def test_of_two_decisions_at_the_same_instant_one_counts(requested, ada):
    for _ in range(5):
        withdrawal = requested()
        results = at_once(
            partial(services.approve_withdrawal, withdrawal, by=ada, reason="yes"),
            partial(services.approve_withdrawal, withdrawal, by=ada, reason="yes"),
            partial(services.reject_withdrawal, withdrawal, by=ada, reason="no"),
        )
        assert sum(isinstance(each, Refused) for each in results) == 2, results
        assert asked().filter(withdrawal=withdrawal).count() == int(state(withdrawal) == "approved")
    assert asked().count() == Withdrawal.objects.filter(state="approved").count()


@two_writers
def test_workers_at_once_take_everything_once(feishu, owner, approved, drain, clock):
    """E4"""
    feishu.add_fault("cut", path=WITHDRAW, when="after", calls=5)
    feishu.add_fault("refused", path=WITHDRAW, code=1009999, http_status=400, calls=5)
    made = [approved(owner(points=100 + number)) for number in range(12)]
    for _ in range(40):
        at_once(drain, drain, drain)
        clock.advance(120)
        if not Withdrawal.objects.filter(state__in=Withdrawal.UNDECIDED).exists():
            break
    assert [state(each) for each in made] == ["taken"] * 12
    assert set(done_at(feishu)) == {each.external_order_id for each in made}
    assert [amounts(each)[POINTS][1] for each in made] == [100 + number for number in range(12)]


@two_writers
def test_of_two_people_who_ask_again_at_once_one_is_told_that_it_is_asked(feishu, approved, drain, ada):
    feishu.add_fault("refused", path=WITHDRAW, code=1009999, http_status=400)
    withdrawal = approved()
    drain()
    results = at_once(*[lambda: services.ask_again(withdrawal, by=ada, reason="now")] * 4)
    assert sum(isinstance(each, Refused) for each in results) == 3, results
    drain()
    assert state(withdrawal) == "taken"


@two_writers
def test_noting_a_doubt_does_not_wait_for_a_lock(feishu, requested, drain, later, ada):
    """E9: the next try tells it."""
    withdrawal = requested()
    drain()
    feishu.add_fault("cut", path=WITHDRAW, when="after", calls=2)
    services.approve_withdrawal(withdrawal, by=ada, reason="checked")
    locked, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            transitions.lock(withdrawal.pk)
            locked.set()
            done.wait(30)

    def send():
        locked.wait(30)
        try:
            drain()
        finally:
            done.set()

    assert at_once(hold, send) == [None, None]
    assert (state(withdrawal), now_of(withdrawal).call.tries) == ("approved", 1)
    later()
    assert state(withdrawal) == "unknown"
    later()
    assert state(withdrawal) == "taken"
