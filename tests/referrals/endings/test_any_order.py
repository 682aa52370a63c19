"""Lost answers, stopped workers, refusals, events, two people and the next withdrawal, in any order.

Whatever happens: what hireops says that an order took is what Feishu says, no order is sent again once two
people have ended it, and one that was done all the same is in sight.
"""

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from hireops.desk import invariants
from hireops.desk.errors import Refused
from hireops.outbox import sending
from hireops.outbox.models import Attempt, Call
from hireops.outbox.recording import Claim, TryResult, record
from referrals.accounts import services as accounts
from referrals.endings import services as endings
from referrals.models import POINTS, Case, Ending, Payment, ReferralAccount, Withdrawal
from referrals.payments.services import hand_over, to_be_paid
from referrals.payouts import services as withdrawals
from tests.referrals.conftest import tell
from tests.referrals.endings.conftest import WITHDRAW, done_at, refuse_for_ever
from tests.simulator_process import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

STEPS = 45
DONE = [Withdrawal.State.TAKEN, Withdrawal.State.HANDED_OVER]


class Story:
    """One account; people, workers and Feishu do something by turns."""

    def __init__(self, feishu: Simulator, account: ReferralAccount, people: tuple[User, User], later: Any):
        self.feishu, self.account, self.later = feishu, account, later
        self.officer, self.approver = people
        self.stopped: list[tuple[Claim, TryResult]] = []

    @property
    def open_one(self) -> Any:
        return self.account.withdrawals.filter(state__in=Withdrawal.OPEN).first()

    def ask_and_approve(self) -> None:
        account = ReferralAccount.objects.get(pk=self.account.pk)
        asked = withdrawals.request_withdrawal(account, by=self.officer, points=True, cash=False, reason="x")
        withdrawals.approve_withdrawal(asked, by=self.approver, reason="x")

    def a_worker_is_stopped_with_its_result(self) -> None:
        if (claim := sending.claim()) is not None:
            self.stopped.append((claim, sending.send(claim)))

    def it_goes_on(self) -> None:
        if self.stopped:
            record(*self.stopped.pop(random.randrange(len(self.stopped))))

    def the_answer_is_lost(self) -> None:
        self.feishu.add_fault("cut", path=WITHDRAW, when="after")

    def the_request_is_lost(self) -> None:
        self.feishu.add_fault("cut", path=WITHDRAW, when="before")

    def feishu_refuses(self) -> None:
        refuse_for_ever(self.feishu)

    def feishu_is_well(self) -> None:
        self.feishu.clear_faults()

    def time_passes(self) -> None:
        self.later(random.choice([1, 31, 61, 91, 700]))

    def ask_for_evidence(self) -> None:
        if self.open_one:
            endings.ask_for_evidence(self.open_one, by=self.officer)
            self.later(1)

    def propose(self) -> None:
        if self.open_one:
            endings.propose_not_done(self.open_one, by=self.officer, reason="x", in_spite=True)

    def confirm(self) -> None:
        for proposal in Ending.objects.filter(state=Ending.State.PROPOSED):
            endings.confirm(proposal, by=self.approver, reason="x")

    def it_was_done(self) -> None:
        for withdrawal in self.account.withdrawals.filter(state=Withdrawal.State.NOT_DONE):
            order = done_at(self.feishu).get(withdrawal.external_order_id)
            if order and endings.seems_taken(withdrawal)[0].get(POINTS) == order["points"]:
                endings.propose_taken(withdrawal, by=self.officer, reason="the rewards read paid")

    def an_event_tells_the_balance(self) -> None:
        told = self.feishu.reward(self.account.account_id)
        at = datetime.fromtimestamp(told["modified_ms"] / 1000, UTC)
        tell(self.account.account_id, points=told["points"], at=at)

    def a_reward(self) -> None:
        self.feishu.reward(self.account.account_id, points=random.randint(1, 50))
        self.an_event_tells_the_balance()

    def pay(self) -> None:
        if due := list(to_be_paid()):
            hand_over(due, by=self.officer)

    def end(self) -> None:
        """Everybody comes back, Feishu is well, and the balance is asked for."""
        self.feishu.clear_faults()
        while self.stopped:
            self.it_goes_on()
        self.later(endings.PAUSED_WHILE_PROPOSED.total_seconds())
        for _ in range(4):
            self.later(4000)
        accounts.refresh(self.account, by=None)
        self.later(61)
        self.pay()


DO = [
    *[Story.ask_and_approve] * 3,
    *[Story.time_passes] * 5,
    *[Story.ask_for_evidence, Story.propose, Story.confirm] * 3,
    *[Story.a_worker_is_stopped_with_its_result] * 3,
    Story.it_goes_on,
    Story.the_answer_is_lost,
    Story.the_request_is_lost,
    *[Story.feishu_refuses] * 2,
    Story.feishu_is_well,
    Story.it_was_done,
    Story.an_event_tells_the_balance,
    Story.a_reward,
    Story.pay,
]


@pytest.fixture
def story(feishu: Simulator, rewarded: Any, later: Any, hira: User, ada: User) -> Story:
    return Story(feishu, rewarded(), (hira, ada), later)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(8))
def test_no_order_takes_what_feishu_does_not_say_and_none_is_forgotten(story: Story, seed: int) -> None:
    random.seed(seed * 7919 + 1)
    feishu = story.feishu
    told = []
    story.ask_and_approve()
    for _ in range(STEPS):
        do = random.choice(DO)
        told.append(do.__name__)
        with suppress(Refused):
            do(story)
    story.end()

    done = done_at(feishu)
    for withdrawal in Withdrawal.objects.all():
        at_feishu = done.get(withdrawal.external_order_id)
        taken = sum((row.taken or 0 for row in withdrawal.amounts.filter(asset=POINTS)), 0)
        if withdrawal.state in DONE:
            assert at_feishu is not None, told
            assert taken == at_feishu["points"], told
        elif at_feishu is not None and at_feishu["points"]:
            assert withdrawal.state == "not_done", (withdrawal.state, told)
            assert Case.objects.filter(kind=Case.Kind.TURNED_OUT, account=story.account).exists(), told
        else:
            assert not taken, told
    for ending in Ending.objects.filter(state="confirmed", outcome="not_done"):
        later_tries = Attempt.objects.filter(
            call__withdrawal=ending.withdrawal, started_at__gt=ending.decided_at, request__isnull=False
        )
        assert not later_tries.exists(), told
    paid = Payment.objects.filter(amount__withdrawal__account=story.account).values_list("amount")
    assert len(paid) == len(set(paid)), told
    assert not Call.objects.filter(state=Call.State.PENDING, operation="referral_account.withdraw").exists()
    assert [each for each in invariants.broken() if "due for more" not in each[1]] == [], told
