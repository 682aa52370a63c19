"""A withdrawal whose first try was lost, and that Feishu then always refuses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User

from hireops.outbox.models import Call
from referrals.endings import services as endings
from referrals.models import Ending, ReferralAccount, Withdrawal
from referrals.payouts import services as withdrawals
from tests.clocks import Clock
from tests.referrals.conftest import tell
from tests.simulator_process import Simulator

NUMBERS = count(1)
WITHDRAW = "/open-apis/hire/v1/referral_account/:referral_account_id/withdraw"
QUERY = "/open-apis/hire/v1/referral_account/get_account_assets"
NO_SUCH_ACCOUNT = 1002553


@pytest.fixture
def later(feishu: Simulator, clock: Clock, drain: Callable[[], int]) -> Callable[..., None]:
    """``later(60)``: what hireops does by itself after so many seconds, which pass at Feishu too."""

    def later(seconds: float = 61) -> None:
        clock.advance(seconds)
        feishu.let_pass(seconds)
        drain()

    return later


@pytest.fixture
def rewarded(feishu: Simulator, account: Any) -> Callable[..., ReferralAccount]:
    def rewarded(points: int = 100, **cash: str) -> ReferralAccount:
        account_id = f"69427781980588{next(NUMBERS):05}"
        feishu.add_employees({"name": "张三", "email": f"{account_id}@open.com", "account_id": account_id})
        made = account(account_id)
        at = feishu.reward(account_id, points=points, **cash)["modified_ms"]
        tell(account_id, points=points, cash=cash, at=datetime.fromtimestamp(at / 1000, UTC))
        return ReferralAccount.objects.get(pk=made.pk)

    return rewarded


def now_of(withdrawal: Any) -> Any:
    return Withdrawal.objects.select_related("account__tenant", "call").get(pk=withdrawal.pk)


def done_at(feishu: Simulator) -> dict[str, Any]:
    """The withdrawals that Feishu has made, by order ID."""
    return dict(feishu.state("withdrawals")["withdrawals"])


def refuse_for_ever(feishu: Simulator, code: int = NO_SUCH_ACCOUNT) -> None:
    feishu.add_fault("refused", path=WITHDRAW, code=code, http_status=400, calls=10_000)


@pytest.fixture
def approved(rewarded: Any, hira: User, ada: User) -> Callable[..., Any]:
    def approved(of: ReferralAccount | None = None, *, points: bool = True, cash: bool = True) -> Any:
        asked = withdrawals.request_withdrawal(
            of or rewarded(CNY="12.30"), by=hira, points=points, cash=cash, reason="November"
        )
        withdrawals.approve_withdrawal(asked, by=ada, reason="checked")
        return now_of(asked)

    return approved


@pytest.fixture
def unanswered(feishu: Simulator, approved: Any, later: Any) -> Callable[..., Any]:
    """``unanswered(done=False)``: lost before, or after (``done=True``), Feishu did it; refused since."""

    def unanswered(of: ReferralAccount | None = None, *, done: bool = False, **options: Any) -> Any:
        feishu.add_fault("cut", path=WITHDRAW, when="after" if done else "before")
        withdrawal = approved(of, **options)
        later(0)
        refuse_for_ever(feishu)
        later(61)
        withdrawal = now_of(withdrawal)
        assert (withdrawal.state, withdrawal.call.error_code) == ("unknown", NO_SUCH_ACCOUNT)
        return withdrawal

    return unanswered


@pytest.fixture
def proven(unanswered: Any, hira: User, later: Any) -> Callable[..., Any]:
    """The same with all the evidence that its end needs."""

    def proven(of: ReferralAccount | None = None, **options: Any) -> Any:
        withdrawal = unanswered(of, **options)
        endings.ask_for_evidence(withdrawal, by=hira)
        later(1)
        return now_of(withdrawal)

    return proven


@pytest.fixture
def ended(proven: Any, hira: User, ada: User) -> Callable[..., Any]:
    """The same, ended as not done by two people."""

    def ended(of: ReferralAccount | None = None, **options: Any) -> Any:
        withdrawal = proven(of, **options)
        proposal = endings.propose_not_done(withdrawal, by=hira, reason="refused for days", in_spite=True)
        endings.confirm(proposal, by=ada, reason="looked in Feishu Hire")
        return now_of(withdrawal)

    return ended


def proposed(withdrawal: Withdrawal, by: User) -> Ending:
    return endings.propose_not_done(withdrawal, by=by, reason="refused for days")


def tries_of(withdrawal: Withdrawal) -> int:
    return Call.objects.get(withdrawal=withdrawal).tries


A_DAY = timedelta(days=1)
