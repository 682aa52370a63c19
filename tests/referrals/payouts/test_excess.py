"""Withdrawals of which Feishu took more than was approved: shown, and paid after an acknowledgement."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from hireops.database import clock
from hireops.desk.errors import Refused
from referrals.models import Payment, ReferralAccount, Withdrawal
from referrals.payments import services as payments
from referrals.payouts import services
from tests.pages import figures_shown
from tests.referrals.withdrawals import approved, taken

pytestmark = pytest.mark.django_db

LIST = "/admin/referrals/withdrawal/"
PREPARE = "/admin/referrals/payoutbatch/prepare/"


@pytest.fixture
def excess(account: Callable[..., ReferralAccount], hira: User, ada: User) -> Withdrawal:
    """CNY 1,234.56 was approved, and 11,233.56 taken."""
    seen = {"CNY": Decimal("1234.56")}
    asked = approved(account(CNY="1234.56"), by=hira, approver=ada, points=False, cash=True, seen=seen)
    asked.amounts.update(taken="11233.56")
    now = clock.now()
    Withdrawal.objects.filter(pk=asked.pk).update(state="taken", trans_time=now, answered_at=now)
    return Withdrawal.objects.get(pk=asked.pk)


def acknowledge(browser: Any, withdrawal: Withdrawal, **sent: str) -> Any:
    page, chosen = f"{LIST}actions/acknowledge/", {"_selected_action": withdrawal.pk}
    shown = browser.post(page, chosen)
    sent = {"confirmed": "yes", "reason": "a bonus of November", "figures": figures_shown(shown), **sent}
    return shown, browser.post(page, {**chosen, **sent}, follow=True)


def test_it_is_paid_after_an_approver_has_acknowledged_the_difference(
    excess: Withdrawal, account: Any, hira: User, ada: User, pages: Any
) -> None:
    plain = taken(account(CNY="5"), by=hira, approver=ada, CNY="5.00")
    officer, approver = pages(hira), pages(ada)
    choice = officer.get(PREPARE).content.decode()
    due, left_out = (
        choice.split("Withdrawals to be paid", 1)[1],
        choice.split("More was taken than approved")[0],
    )
    assert f'id="withdrawal-{plain.pk}"' in due
    assert f'id="withdrawal-{excess.pk}"' not in due
    assert f"#{excess.pk}<" in left_out
    with pytest.raises(Refused, match=f"#{excess.pk}"):
        payments.hand_over([excess, plain], by=hira)
    page = officer.get(f"{LIST}{excess.pk}/change/").content.decode()
    assert "CNY: 11,233.56 taken, 1,234.56 approved" in page
    assert "has to acknowledge the difference before it can be handed over" in page
    assert "Payouts of more than was approved" in approver.get("/admin/").content.decode()
    assert "Payouts of more than was approved" not in officer.get("/admin/").content.decode()

    shown, _done = acknowledge(approver, excess)

    assert "9,999.00" in shown.content.decode()
    assert "Difference acknowledged by ada" in officer.get(f"{LIST}{excess.pk}/change/").content.decode()
    assert "Payouts of more than was approved" not in approver.get("/admin/").content.decode()
    payments.hand_over([excess, plain], by=hira)
    assert Payment.objects.get(amount__withdrawal=excess).sum == Decimal("11233.56")


def test_a_reason_is_needed_and_another_person_than_who_asked(
    excess: Withdrawal, hira: User, ada: User, pages: Any
) -> None:
    acknowledge(pages(ada), excess, reason="")
    assert pages(hira).post(f"{LIST}actions/acknowledge/", {"_selected_action": excess.pk}).status_code == 403
    with pytest.raises(Refused, match="somebody else has to acknowledge it"):
        services.acknowledge_excess(excess, by=hira, reason="mine")
    assert Withdrawal.objects.get(pk=excess.pk).has_unacknowledged_excess
    services.acknowledge_excess(excess, by=ada, reason="seen")
    with pytest.raises(Refused, match="Nothing is left"):
        services.acknowledge_excess(excess, by=ada, reason="seen")
