"""What is laid before who confirms something of many accounts or withdrawals."""

from typing import Any

import pytest

from referrals.models import ReferralAccount, Withdrawal
from referrals.payments import reversing
from referrals.payments.recording import record_paid
from referrals.payments.services import hand_over
from referrals.payouts import services
from tests.questions import queries_of_confirming
from tests.referrals.payments.results_files import payment_of
from tests.referrals.withdrawals import taken

FEW, MANY = 2, 9


@pytest.fixture
def accounts(account: Any) -> list[ReferralAccount]:
    return [account(points=1, CNY="2") for _ in range(MANY)]


@pytest.fixture
def requests(accounts: list[ReferralAccount], hira: Any) -> list[Withdrawal]:
    asked = {"by": hira, "points": True, "cash": True, "reason": "due"}
    return [services.request_withdrawal(each, **asked) for each in accounts]


@pytest.mark.parametrize("action", ["refresh", "enable", "deactivate"])
def test_what_is_asked_about_accounts_does_not_grow_with_their_number(
    action: str, accounts: list[ReferralAccount], pages: Any, hira: Any
) -> None:
    browser = pages(hira)
    queries_of_confirming(browser, action, accounts[:1])
    few = queries_of_confirming(browser, action, accounts[:FEW])
    assert queries_of_confirming(browser, action, accounts) == few


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_nor_that_about_withdrawals(action: str, requests: list[Withdrawal], pages: Any, ada: Any) -> None:
    browser = pages(ada)
    queries_of_confirming(browser, action, requests[:1])
    few = queries_of_confirming(browser, action, requests[:FEW])
    assert queries_of_confirming(browser, action, requests) == few


def test_nor_that_about_reversals(account: Any, pages: Any, hira: Any, ada: Any) -> None:
    reversals = []
    for number in range(MANY):
        withdrawal = taken(account(), by=hira, approver=ada, CNY="1")
        hand_over([withdrawal], by=hira)
        record_paid(payment_of(withdrawal), by=hira, reference=f"A{number}")
        reversals.append(reversing.propose(payment_of(withdrawal), by=hira, cause="account_closed"))
    browser = pages(ada)
    queries_of_confirming(browser, "confirm", reversals[:1])
    few = queries_of_confirming(browser, "confirm", reversals[:FEW])
    assert queries_of_confirming(browser, "confirm", reversals) == few


def test_whose_account_is_deactivated_stands_apart(requests: list[Withdrawal], pages: Any, ada: Any) -> None:
    ReferralAccount.objects.filter(pk=requests[0].account_id).update(status=2)
    chosen = {"_selected_action": [each.pk for each in requests]}
    page = pages(ada).post("/admin/referrals/withdrawal/actions/approve/", chosen)
    assert (page.context["fit"].count, page.context["apart"].count) == (MANY - 1, 1)
