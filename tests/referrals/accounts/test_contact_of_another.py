"""Somebody is registered with the number of another: it is seen before money goes there."""

import pytest
from django.urls import reverse

from hireops.outbox import services as outbox
from referrals.accounts.services import refresh
from referrals.models import Case, ReferralAccount
from referrals.registrations.services import register
from tests.searching import reveal

WARNING = "The contact registered here is not the one that Feishu has of this employee."

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registered(feishu, hira, drain):
    """``registered("139 9999 9999")``: 赵六, whom Feishu finds by the address, with that mobile number."""
    feishu.add_employees({"name": "赵六", "email": "z6@open.com", "mobile_number": "13812345674"})

    def registered(mobile):
        row = register(mobile=mobile, email="z6@open.com", name="", by=hira)
        drain()
        account = ReferralAccount.objects.get(registrations=row)
        refresh(account, by=hira)
        drain()
        account.refresh_from_db()
        return account

    return registered


@pytest.fixture(autouse=True)
def _feishu_finds_by_address(monkeypatch):
    """Which of two contacts wins is not documented (2.1); the simulator refuses, so only one is sent."""
    send = outbox.enqueue

    def only_the_address(**call):
        call["payload"].pop("mobile", None)
        return send(**call)

    monkeypatch.setattr(outbox, "enqueue", only_the_address)


def test_the_difference_is_a_case_and_is_shown_to_who_approves(registered, pages, ada):
    account = registered("139 9999 9999")
    assert (account.mobile, account.feishu_mobile) == ("+8613999999999", "+8613812345674")
    assert account.feishu_name == "赵六"
    case = Case.objects.get()
    assert (case.kind, case.account, case.closed_at) == ("contact", account, None)
    page = reveal(pages(ada), reverse("admin:referrals_referralaccount_change", args=[account.pk])).text
    assert "+8613812345674" in page
    assert "+8613999999999" in page


def test_the_same_contact_is_none(registered):
    assert not registered("138 1234 5674").contact_differs
    assert not Case.objects.exists()


def test_it_is_told_once_and_closes_by_itself_when_feishu_agrees(registered, feishu, hira, drain):
    account = registered("139 9999 9999")
    refresh(account, by=hira)
    drain()
    assert Case.objects.count() == 1
    account.mobile = account.feishu_mobile
    account.feishu_mobile = ""
    account.save()
    refresh(account, by=hira)
    drain()
    assert Case.objects.get().closed_at is not None


def test_who_asks_for_a_withdrawal_is_warned(registered, pages, hira):
    account = registered("139 9999 9999")
    asking = pages(hira).get(reverse("admin:referrals_withdrawal_request"), {"account": account.pk})
    assert WARNING in asking.text
