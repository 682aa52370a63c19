"""A withdrawal that Feishu never answers: ended by two people who have seen why, and never paid twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import override_settings

from hireops.database import clock as database_clock
from hireops.desk import invariants
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.outbox import sending
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.outbox.recording import Claim, TryResult, record
from referrals.endings import evidence as evidences
from referrals.endings import services as endings
from referrals.models import POINTS, Case, Ending, Reconciliation, Withdrawal
from referrals.payouts import services as withdrawals
from referrals.reconciliation import days
from referrals.reconciliation.services import reconcile_day
from tests.clocks import Clock
from tests.meanwhile import at_once, meanwhile, two_writers
from tests.referrals.conftest import balances, tell
from tests.referrals.endings.conftest import (
    NO_SUCH_ACCOUNT,
    QUERY,
    done_at,
    now_of,
    proposed,
    refuse_for_ever,
    tries_of,
)
from tests.simulator_process import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOUR = 3600
MAKE = Callable[..., Any]
Later = Callable[..., None]


@pytest.fixture(autouse=True)
def _all_promises_hold() -> Iterator[None]:
    yield
    assert list(invariants.broken()) == []


def missing(withdrawal: Any) -> str:
    return " ".join(evidences.of(now_of(withdrawal)).missing)


def against(withdrawal: Any) -> str:
    return " ".join(evidences.of(now_of(withdrawal)).against)


def actions(withdrawal: Withdrawal) -> list[str]:
    return [entry.action for entry in entries_about(withdrawal)][::-1]


# --- The end


def test_without_two_people_it_stays_unknown_and_blocks_the_next_one(
    unanswered: MAKE, hira: User, later: Later
) -> None:
    withdrawal = unanswered()
    for _ in range(10):
        later(HOUR)
    assert now_of(withdrawal).state == "unknown"
    with pytest.raises(Refused, match="is open"):
        withdrawals.request_withdrawal(withdrawal.account, by=hira, points=True, cash=True, reason="")


def test_two_people_end_it_and_the_account_is_free(
    feishu: Simulator, proven: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = proven()
    proposal = endings.propose_not_done(withdrawal, by=hira, reason=" refused for days ")
    assert now_of(withdrawal).state == "unknown"
    endings.confirm(proposal, by=ada, reason="looked in Feishu Hire")
    withdrawal = now_of(withdrawal)
    assert (withdrawal.state, withdrawal.call.state, withdrawal.answered_at) == ("not_done", "canceled", None)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.proposed_by, proposal.decided_by) == ("confirmed", hira, ada)
    assert (proposal.reason, proposal.self_approved) == ("refused for days", False)
    assert actions(withdrawal)[3:] == [
        "evidence asked for",
        "proposed to end it as not done",
        "withdrawal ended as not done",
    ]
    assert balances(withdrawal.account) == {POINTS: Decimal(100), "CNY": Decimal("12.30")}
    feishu.clear_faults()
    again = withdrawals.request_withdrawal(
        withdrawal.account, by=hira, points=True, cash=True, reason="again"
    )
    withdrawals.approve_withdrawal(again, by=ada, reason="")
    later(0)
    assert (now_of(again).state, now_of(withdrawal).state) == ("taken", "not_done")
    assert list(done_at(feishu)) == [again.external_order_id]


def test_its_order_is_never_sent_again(feishu: Simulator, ended: MAKE, later: Later, hira: User) -> None:
    withdrawal = ended()
    tries = tries_of(withdrawal)
    feishu.clear_faults()
    for _ in range(5):
        later(24 * HOUR)
    assert (tries_of(withdrawal), now_of(withdrawal).state, done_at(feishu)) == (tries, "not_done", {})
    for again in (
        partial(withdrawals.ask_again, withdrawal, by=hira, reason=""),
        partial(outbox.resend_call, withdrawal.call, by=None, reason=""),
        partial(outbox.resend_call, withdrawal.call, by=hira, reason=""),
        partial(outbox.cancel_call, withdrawal.call, by=None, reason=""),
    ):
        with pytest.raises(Refused):
            again()
    later(24 * HOUR)
    assert done_at(feishu) == {}


def test_what_was_kept_says_where_the_evidence_is(proven: MAKE, hira: User, ada: User) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, hira)
    endings.confirm(proposal, by=ada, reason="seen")
    proposal.refresh_from_db()
    call = now_of(withdrawal).call
    for kept in (proposal.evidence, proposal.decided_on):
        assert kept["attempts"] == list(call.attempts.order_by("pk").values_list("pk", flat=True))
        assert Call.objects.get(pk=kept["query"]).operation == "referral_account.get_account_assets"
        assert kept["balances"]["CNY"] == {"seen": "12.30", "now": "12.30"}
        assert kept["against"] == 0


# --- Who


def test_who_proposed_it_does_not_confirm_it(proven: MAKE, hira: User, ada: User) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, ada)
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    with pytest.raises(Refused, match="somebody else has to confirm it"):
        endings.confirm(proposal, by=User.objects.get(pk=ada.pk), reason="seen")
    assert now_of(withdrawal).state == "unknown"


@override_settings(REFERRALS_SELF_APPROVAL=True)
def test_a_team_of_one_may_by_setting_and_the_row_says_so(proven: MAKE, ada: User) -> None:
    proposal = proposed(proven(), ada)
    endings.confirm(proposal, by=ada, reason="alone today")
    proposal.refresh_from_db()
    assert (proposal.state, proposal.self_approved) == ("confirmed", True)


def test_it_is_proposed_once_at_a_time_and_decided_once(proven: MAKE, hira: User, ada: User) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, hira)
    with pytest.raises(Refused, match="proposed that already"):
        proposed(withdrawal, ada)
    endings.decline(proposal, by=ada, reason="ask Feishu's support first")
    for decide in (endings.confirm, endings.decline):
        with pytest.raises(Refused, match="decided already by"):
            decide(proposal, by=ada, reason="seen")
    second = proposed(withdrawal, hira)
    with pytest.raises(Refused, match="Only who has proposed this"):
        endings.take_back(second, by=ada, reason="")
    endings.take_back(second, by=hira, reason="")
    assert now_of(withdrawal).state == "unknown"
    assert actions(withdrawal)[4:] == [
        "proposed to end it as not done",
        "proposed ending declined",
        "proposed to end it as not done",
        "proposed ending taken back",
    ]


def test_each_step_has_a_reason(proven: MAKE, hira: User, ada: User) -> None:
    withdrawal = proven()
    with pytest.raises(Refused, match="Give a reason"):
        endings.propose_not_done(withdrawal, by=hira, reason=" ")
    proposal = proposed(withdrawal, hira)
    for decide in (endings.confirm, endings.decline):
        with pytest.raises(Refused):
            decide(proposal, by=ada, reason=" ")
    assert now_of(withdrawal).state == "unknown"


# --- While it is under way, hireops asks for nothing that would make the evidence stale


def test_the_retries_of_the_first_minutes_do_not_void_the_evidence(
    unanswered: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = unanswered()
    tried = tries_of(withdrawal)
    endings.ask_for_evidence(withdrawal, by=hira)
    for _ in range(4):
        later(61)
    assert (missing(withdrawal), tries_of(withdrawal)) == ("", tried)
    proposal = proposed(withdrawal, hira)
    later(2 * HOUR)
    endings.confirm(proposal, by=ada, reason="looked in Feishu Hire")
    assert (now_of(withdrawal).state, tries_of(withdrawal)) == ("not_done", tried)


@pytest.mark.parametrize("leave", ["decline", "take_back"])
def test_what_is_not_ended_is_asked_for_again_at_once(
    proven: MAKE, hira: User, ada: User, later: Later, leave: str
) -> None:
    withdrawal = proven()
    tried = tries_of(withdrawal)
    by = ada if leave == "decline" else hira
    getattr(endings, leave)(proposed(withdrawal, hira), by=by, reason="not proven")
    later(1)
    assert tries_of(withdrawal) == tried + 1


def test_nothing_pauses_while_the_last_try_has_no_answer(
    feishu: Simulator, approved: MAKE, hira: User, later: Later
) -> None:
    feishu.add_fault("cut", when="before", calls=100,
                     path="/open-apis/hire/v1/referral_account/:referral_account_id/withdraw")  # fmt: skip
    withdrawal = approved()
    later(0)
    endings.ask_for_evidence(withdrawal, by=hira)
    tried = tries_of(withdrawal)
    later(61)
    assert tries_of(withdrawal) > tried


# --- What has to be known


def test_nothing_is_ended_before_the_balance_was_asked_for_since_the_last_try(
    unanswered: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = unanswered()
    assert "no balance that was asked for after" in missing(withdrawal)
    with pytest.raises(Refused, match="not complete"):
        proposed(withdrawal, hira)
    endings.ask_for_evidence(withdrawal, by=hira)
    assert missing(withdrawal)
    later(1)
    proposal = proposed(withdrawal, hira)
    tried = tries_of(withdrawal)
    later(HOUR)
    assert tries_of(withdrawal) == tried  # the retries pause
    later(endings.PAUSED_WHILE_PROPOSED.total_seconds())
    assert tries_of(withdrawal) > tried  # and go on by themselves
    with pytest.raises(Refused, match="no longer fresh"):
        endings.confirm(proposal, by=ada, reason="seen")
    assert now_of(withdrawal).state == "unknown"
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    endings.confirm(proposal, by=ada, reason="seen")


def test_a_query_that_left_while_the_request_may_still_land_says_nothing(
    feishu: Simulator, approved: MAKE, hira: User, later: Later
) -> None:
    feishu.add_fault("refused", path="/open-apis/hire/v1/referral_account/:referral_account_id/withdraw",
                     code=1002001, http_status=500, calls=100)  # fmt: skip
    withdrawal = approved()
    later(0)
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    assert "no balance that was asked for after" in missing(withdrawal)


def test_an_account_that_feishu_does_not_know_has_no_balance_to_be_asked_for(
    feishu: Simulator, unanswered: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = unanswered()
    feishu.add_fault("refused", path=QUERY, code=NO_SUCH_ACCOUNT, http_status=400, calls=100)
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    found = evidences.of(now_of(withdrawal))
    assert (found.missing, found.is_known_to_feishu, found.against) == ([], False, [])
    endings.confirm(proposed(withdrawal, hira), by=ada, reason="left the company")
    assert now_of(withdrawal).state == "not_done"


def test_each_closed_day_since_the_first_try_is_reconciled(
    unanswered: MAKE, hira: User, ada: User, later: Later, clock: Clock
) -> None:
    withdrawal = unanswered()
    first = days.day_of(database_clock.now())
    later(2 * 24 * HOUR)
    assert "Not reconciled for this account yet" in missing(withdrawal)
    endings.ask_for_evidence(withdrawal, by=hira)
    for _ in range(3):
        later(1)
    compared = evidences.of(now_of(withdrawal)).days
    assert [each.day for each in compared] == [first, first + days.ONE_DAY]
    assert all(each.run and not each.differs for each in compared)
    proposal = proposed(withdrawal, hira)
    endings.confirm(proposal, by=ada, reason="seen")
    proposal.refresh_from_db()
    assert sorted(proposal.decided_on["reconciliations"]) == [str(each.day) for each in compared]


def test_of_cash_alone_no_day_is_asked_for(unanswered: MAKE, hira: User, later: Later) -> None:
    withdrawal = unanswered(points=False)
    later(2 * 24 * HOUR)
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    assert (missing(withdrawal), Reconciliation.objects.count()) == ("", 0)


def test_a_last_try_without_any_answer_decides_nothing(
    feishu: Simulator, approved: MAKE, hira: User, later: Later
) -> None:
    feishu.add_fault("cut", when="before", calls=100,
                     path="/open-apis/hire/v1/referral_account/:referral_account_id/withdraw")  # fmt: skip
    withdrawal = approved()
    later(0)
    later(HOUR)
    later(31)
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    assert "got no answer from Feishu" in missing(withdrawal)


def test_a_call_in_flight_forbids_it(
    feishu: Simulator, proven: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, hira)
    withdrawals.ask_again(withdrawal, by=hira, reason="")
    claim = sending.claim()
    assert claim is not None
    assert claim.call == withdrawal.call
    with pytest.raises(Refused, match="on its way at this moment"):
        endings.confirm(proposal, by=ada, reason="seen")
    feishu.clear_faults()
    record(claim, sending.send(claim))
    assert now_of(withdrawal).state == "taken"
    with pytest.raises(Refused, match="another state"):
        endings.confirm(proposal, by=ada, reason="seen")


def test_money_that_is_gone_speaks_against_it(
    feishu: Simulator, proven: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = proven(done=True)
    assert "100 were seen when asking, and only 0 are there now" in against(withdrawal)
    assert "12.30" in against(withdrawal)
    with pytest.raises(Refused, match="has probably done it"):
        proposed(withdrawal, hira)
    proposal = endings.propose_not_done(withdrawal, by=hira, reason="taken back in Feishu", in_spite=True)
    endings.confirm(proposal, by=ada, reason="seen the rewards")
    assert proposal.evidence["against"] > 0
    # Whoever was wrong: it stays in sight.
    opened = Case.objects.filter(kind=Case.Kind.TURNED_OUT, withdrawal=withdrawal, closed_at=None)
    assert {case.asset: case.theirs for case in opened} == {POINTS: 100, "CNY": Decimal("12.30")}


def test_what_speaks_against_it_only_since_the_proposal_stops_it(
    feishu: Simulator, proven: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, hira)
    feishu.reward(withdrawal.account.account_id, points=-60)
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    with pytest.raises(Refused, match="Since it was proposed"):
        endings.confirm(proposal, by=ada, reason="seen")
    assert now_of(withdrawal).state == "unknown"


# --- If it turns out done


@pytest.fixture
def stopped(feishu: Simulator, approved: MAKE, hira: User, ada: User, later: Later) -> Callable[..., Any]:
    """An order that Feishu has done, and whose worker stands still with the answer; ended as not done."""

    def stopped(**options: Any) -> tuple[Withdrawal, Claim, TryResult]:
        withdrawal = approved(**options)
        while (claim := sending.claim()) and claim.call != withdrawal.call:
            record(claim, sending.send(claim))
        assert claim is not None
        result = sending.send(claim)
        refuse_for_ever(feishu)
        later(91)
        endings.ask_for_evidence(withdrawal, by=hira)
        later(1)
        proposal = endings.propose_not_done(withdrawal, by=hira, reason="refused", in_spite=True)
        endings.confirm(proposal, by=ada, reason="seen")
        Case.objects.filter(kind=Case.Kind.TURNED_OUT).update(closed_at=database_clock.now(), note="?")
        return now_of(withdrawal), claim, result

    return stopped


def test_a_late_answer_is_taken_in_and_becomes_a_case(
    feishu: Simulator, stopped: Any, drain: Any, later: Later
) -> None:
    withdrawal, claim, result = stopped()
    assert withdrawal.state == "not_done"
    record(claim, result)
    later(1)
    withdrawal = now_of(withdrawal)
    assert (withdrawal.state, withdrawal.call.state) == ("taken", "succeeded")
    assert {row.asset: row.taken for row in withdrawal.amounts.all()} == {
        POINTS: 100,
        "CNY": Decimal("12.30"),
    }
    assert actions(withdrawal)[-1] == "withdrawal answered after it had been ended as not done"
    opened = Case.objects.filter(kind=Case.Kind.TURNED_OUT, withdrawal=withdrawal, closed_at=None)
    told: Any = {case.asset: (case.ours, case.theirs) for case in opened}
    assert told == {
        POINTS: (0, 100),
        "CNY": (0, Decimal("12.30")),
    }
    assert set(balances(withdrawal.account).values()) == {Decimal(0)}
    done = done_at(feishu)[withdrawal.external_order_id]
    assert done["repeats"] == 0
    record(claim, result)  # once more
    later(HOUR)
    assert (now_of(withdrawal).state, opened.count()) == ("taken", 2)


def test_a_late_answer_finds_the_next_withdrawal_under_way(
    feishu: Simulator, stopped: Any, hira: User, ada: User, later: Later
) -> None:
    """Each of the two takes what Feishu says that it took, whichever is heard first."""
    withdrawal, claim, result = stopped()
    feishu.clear_faults()
    at = feishu.reward(withdrawal.account.account_id, points=5)["modified_ms"]
    tell(withdrawal.account.account_id, points=5, at=datetime.fromtimestamp(at / 1000, UTC))
    later(1)
    following = withdrawals.request_withdrawal(
        withdrawal.account, by=hira, points=True, cash=False, reason="new"
    )
    withdrawals.approve_withdrawal(following, by=ada, reason="")
    record(claim, result)
    later(1)
    later(1)
    assert (now_of(withdrawal).state, now_of(following).state) == ("taken", "taken")
    taken = {each.pk: each.amounts.get(asset=POINTS).taken for each in (withdrawal, following)}
    assert taken == {withdrawal.pk: 100, following.pk: 5}
    assert balances(withdrawal.account)[POINTS] == 0


def test_a_late_refusal_changes_nothing(feishu: Simulator, ended: MAKE, proven: MAKE, hira: User) -> None:
    withdrawal = ended()
    call = withdrawal.call
    claim = Claim(call, call.attempts.latest("pk"), 0.0)
    record(claim, TryResult(error=TimeoutError()))
    assert (now_of(withdrawal).state, now_of(withdrawal).call.state) == ("not_done", "canceled")


def test_a_balance_that_goes_down_later_becomes_a_case(
    feishu: Simulator, ended: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = ended()
    account_id = withdrawal.account.account_id
    tell(account_id, points=0, cash={"CNY": "12.30"}, at=database_clock.now())
    case: Any = Case.objects.get(kind=Case.Kind.TURNED_OUT)
    assert (case.withdrawal, case.asset, case.ours, case.theirs) == (withdrawal, POINTS, 0, 100)
    assert case.change is not None
    assert balances(withdrawal.account)[POINTS] == 0
    # Two people take it in.
    proposal = endings.propose_taken(withdrawal, by=hira, reason="the rewards read paid")
    with pytest.raises(Refused, match="somebody else"):
        endings.confirm(proposal, by=hira, reason="seen")
    endings.confirm(proposal, by=ada, reason="seen too")
    withdrawal = now_of(withdrawal)
    assert (withdrawal.state, withdrawal.trans_time) == ("taken", case.change.as_of)
    assert {row.asset: row.taken for row in withdrawal.amounts.all()} == {POINTS: 100, "CNY": 0}
    assert balances(withdrawal.account) == {POINTS: 0, "CNY": Decimal("12.30")}


def test_a_query_that_finds_less_becomes_a_case_too(feishu: Simulator, ended: MAKE, later: Later) -> None:
    from referrals.accounts import services as accounts  # noqa: PLC0415

    withdrawal = ended()
    feishu.reward(withdrawal.account.account_id, CNY="-12.30")
    later(60)
    accounts.refresh(withdrawal.account, by=None)
    later(1)
    case: Any = Case.objects.get(kind=Case.Kind.TURNED_OUT)
    assert (case.withdrawal, case.asset, case.theirs) == (withdrawal, "CNY", Decimal("12.30"))


def test_a_balance_that_the_next_withdrawal_takes_is_no_case(
    feishu: Simulator, ended: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = ended()
    feishu.clear_faults()
    following = withdrawals.request_withdrawal(
        withdrawal.account, by=hira, points=True, cash=True, reason="again"
    )
    withdrawals.approve_withdrawal(following, by=ada, reason="")
    later(1)
    assert now_of(following).state == "taken"
    assert not Case.objects.filter(kind=Case.Kind.TURNED_OUT).exists()


def test_a_reconciliation_that_finds_the_order_becomes_a_case(
    feishu: Simulator, stopped: Any, hira: User, ada: User, later: Later
) -> None:
    withdrawal, _claim, _result = stopped(cash=False)
    feishu.clear_faults()
    later(24 * HOUR)
    reconcile_day(withdrawal.account.tenant, days.day_of(datetime.now(UTC)), by=hira)
    for _ in range(3):
        later(1)
    case: Any = Case.objects.get(kind=Case.Kind.POINTS)
    assert (case.withdrawal, case.ours, case.theirs) == (withdrawal, 0, 100)
    proposal = endings.propose_taken(withdrawal, by=hira, reason="Feishu has the points paid out")
    endings.confirm(proposal, by=ada, reason="seen")
    assert now_of(withdrawal).state == "taken"
    reconcile_day(withdrawal.account.tenant, days.day_of(datetime.now(UTC)), by=hira)
    for _ in range(3):
        later(1)
    case.refresh_from_db()
    assert case.closed_at is not None


def test_nothing_is_taken_in_without_a_case(ended: MAKE, hira: User) -> None:
    with pytest.raises(Refused, match="No open case"):
        endings.propose_taken(ended(), by=hira, reason="I think so")
    assert not Ending.objects.filter(outcome="taken").exists()


# --- At the same moment


@two_writers
def test_of_two_who_confirm_at_once_one_does(proven: MAKE, hira: User, ada: User, otto: User) -> None:
    proposal = proposed(proven(), hira)
    results = at_once(*(partial(endings.confirm, proposal, by=by, reason="seen") for by in (ada, otto)))
    assert results.count(None) == 1
    assert any("decided already by" in str(each) for each in results)
    assert now_of(proposal.withdrawal).state == "not_done"


@two_writers
def test_an_answer_that_is_being_written_comes_first(
    feishu: Simulator, proven: MAKE, hira: User, ada: User
) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, hira)
    feishu.clear_faults()
    withdrawals.ask_again(withdrawal, by=hira, reason="")
    claim = sending.claim()
    assert claim is not None
    result = sending.send(claim)
    refusals: list[str] = []

    def confirm() -> None:
        try:
            endings.confirm(proposal, by=ada, reason="seen")
        except Refused as refusal:
            refusals.append(str(refusal))

    with meanwhile(confirm) as wait, transaction.atomic():
        record(claim, result)
        wait()
    assert len(refusals) == 1
    assert now_of(withdrawal).state == "taken"


@two_writers
def test_a_late_answer_waits_for_who_is_confirming(
    feishu: Simulator, approved: MAKE, hira: User, ada: User, later: Later
) -> None:
    withdrawal = approved(cash=False)
    while (claim := sending.claim()) and claim.call != withdrawal.call:
        record(claim, sending.send(claim))
    assert claim is not None
    result = sending.send(claim)
    refuse_for_ever(feishu)
    later(91)
    endings.ask_for_evidence(withdrawal, by=hira)
    later(1)
    proposal = endings.propose_not_done(withdrawal, by=hira, reason="refused", in_spite=True)
    with meanwhile(partial(record, claim, result)) as wait, transaction.atomic():
        endings.confirm(proposal, by=ada, reason="seen")
        wait()
    later(1)
    assert (now_of(withdrawal).state, len(done_at(feishu))) == ("taken", 1)


@two_writers
def test_who_claims_the_call_at_the_moment_of_confirming_gets_nothing(
    proven: MAKE, hira: User, ada: User
) -> None:
    withdrawal = proven()
    proposal = proposed(withdrawal, hira)
    Call.objects.filter(pk=withdrawal.call_id).update(not_before=database_clock.now())
    claimed: list[Any] = []
    with meanwhile(lambda: claimed.append(sending.claim())) as wait, transaction.atomic():
        endings.confirm(proposal, by=ada, reason="seen")
        wait()
    assert claimed == [None]
    assert (now_of(withdrawal).state, sending.claim()) == ("not_done", None)
