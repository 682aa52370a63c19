"""The pages on which two people take back that a payment was made, and which say so meanwhile."""

import re
from typing import Any

import pytest
from django.utils.html import escape

from referrals.models import Reversal, Withdrawal
from referrals.payments import reversing
from referrals.payments.recording import record_paid
from referrals.payments.services import hand_over
from tests.referrals.payments.results_files import payment_of, state
from tests.referrals.withdrawals import taken

State = Withdrawal.State
LIST = "/admin/referrals/reversal/"


@pytest.fixture
def paid(account: Any, hira: Any, ada: Any) -> Withdrawal:
    """Points and cash, in one batch."""
    withdrawal = taken(account(name="张三"), by=hira, approver=ada, points=100, CNY="12.30")
    for payment in hand_over([withdrawal], by=hira).payments.all():
        record_paid(payment, by=hira, reference="A1")
    return withdrawal


def page_of(row: Any) -> str:
    return f"/admin/referrals/{row._meta.model_name}/{row.pk}/change/"


def reverse_page(payment: Any) -> str:
    return f"/admin/referrals/payment/{payment.pk}/reverse/"


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", answer.content.decode())


def act(client: Any, action: str, reversal: Reversal, **sent: str) -> Any:
    sent = {"_selected_action": str(reversal.pk), "confirmed": "yes", **sent}
    return client.post(f"{LIST}actions/{action}/", sent, follow=True)


def test_from_the_page_of_the_batch_to_the_next_one(paid: Any, pages: Any, hira: Any, ada: Any) -> None:
    officer, approver, payment = pages(hira), pages(ada), payment_of(paid)
    assert reverse_page(payment) in text_of(officer.get(page_of(payment.batch)))
    assert reverse_page(payment) not in text_of(approver.get(page_of(payment.batch)))
    assert reverse_page(payment) in text_of(officer.get(page_of(payment)))
    assert "CNY 12.30" in text_of(officer.get(reverse_page(payment)))

    answer = officer.post(reverse_page(payment), {"cause": "other", "reason": " "})
    assert "This field is required" in text_of(answer)
    assert not Reversal.objects.exists()
    said = {"cause": "account_closed", "reason": "advice of the bank, 3 December"}
    own = text_of(officer.post(reverse_page(payment), said, follow=True))
    reversal = Reversal.objects.get()
    assert "somebody else has to confirm it" in own
    assert "actions/confirm/" not in own
    assert act(officer, "confirm", reversal, reason="seen").status_code == 403
    for row in (payment, payment.batch, paid):
        page = text_of(approver.get(page_of(row)))
        assert page_of(reversal) in page
        assert "second person" in page
    assert state(paid) == State.PAID

    assert "Returns and reversals to confirm" in text_of(approver.get("/admin/"))
    assert "Returns and reversals to confirm" not in text_of(officer.get("/admin/"))
    assert "actions/confirm/" in text_of(approver.get(page_of(reversal)))
    asked = text_of(approver.post(f"{LIST}actions/confirm/", {"_selected_action": reversal.pk}))
    assert payment.payment_id in asked
    assert "This field is required" in text_of(act(approver, "confirm", reversal, reason=""))
    act(approver, "confirm", reversal, reason="seen in the account")
    assert state(paid) == State.BOUNCED

    page = text_of(officer.get(page_of(payment.batch)))
    assert "reversed" in page
    assert reverse_page(payment) not in page
    steps = text_of(officer.get(page_of(paid)))
    for text in ("advice of the bank, 3 December", "seen in the account", "returned by the bank"):
        assert escape(text) in steps
    due = text_of(officer.get("/admin/referrals/payoutbatch/prepare/"))
    assert "advice of the bank, 3 December" in due
    assert "CNY 12.30" in due
    assert "points 100" not in due
    officer.post(
        "/admin/referrals/payoutbatch/prepare/", {"withdrawal": paid.pk, "confirmed": "yes"}, follow=True
    )
    second = payment_of(paid)
    assert second.instead_of == payment
    assert page_of(payment) in text_of(officer.get(page_of(second)))
    assert page_of(second) in text_of(officer.get(page_of(payment)))


def test_who_may_only_look_sees_it_masked_and_does_nothing(
    paid: Any, pages: Any, hira: Any, audrey: Any, vera: Any
) -> None:
    payment = payment_of(paid)
    reversal = reversing.propose(payment, by=hira, cause="wrong_row")
    looking = pages(audrey)
    assert "张三" not in text_of(looking.get(page_of(reversal)))
    assert payment.payment_id in text_of(looking.get(LIST))
    for client in (looking, pages(vera)):
        assert client.post(reverse_page(payment), {"cause": "wrong_row"}).status_code == 403
        for action in ("confirm", "decline", "take_back"):
            assert act(client, action, reversal, reason="x").status_code == 403
    assert pages(vera).get(LIST).status_code == 403
    assert Reversal.objects.get().state == "proposed"
