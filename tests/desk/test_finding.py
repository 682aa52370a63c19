"""The search box of every page: what staff have at hand leads to its row, each side to its own only."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client

from bindings.models import BackgroundCheck, Customer
from hireops.database import clock
from hireops.encryption import encrypt
from hireops.inbox.models import Event
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call
from referrals.models import ReferralAccount
from tests.bindings.checks.conftest import ordered
from tests.in_this_process import in_english
from tests.referrals.conftest import account, tenant
from tests.referrals.withdrawals import handed_over, taken

__all__ = ["account", "in_english", "ordered", "tenant"]
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

FIND = "/admin/find/"
NUMBER = "+8618900001111"  # an employee who was rewarded, and a candidate who is checked
NOTHING = "Nothing was found for"
Browsers = Callable[[User], Client]


@pytest.fixture
def browser_of(client_of: Browsers) -> Browsers:
    def browser_of(person: User) -> Client:
        client = client_of(person)
        client.cookies["django_language"] = "en"
        return client

    return browser_of


@pytest.fixture
def rewarded(account: Callable[..., ReferralAccount]) -> ReferralAccount:
    return account(points=100, mobile=NUMBER, email="wei@example.com", name="张伟明")


@pytest.fixture
def check(ordered: Callable[..., BackgroundCheck]) -> BackgroundCheck:
    return ordered()


def type_in(browser: Client, term: str) -> Any:
    return browser.post(FIND, {"q": term})


def answer(browser: Client, term: str) -> str:
    return str(browser.post(FIND, {"q": term}, follow=True).content.decode())


def sent(operation: str, log_id: str) -> Call:
    """A call that was tried once."""
    with transaction.atomic():
        call = outbox.enqueue(operation=operation, target="one", payload={}, tenant=None, by=None)
    Attempt.objects.create(call=call, started_at=clock.now(), log_id=log_id)
    return call


def hr_side(rewarded: ReferralAccount) -> dict[str, str]:
    """By what somebody types the page that it leads to."""
    payment = handed_over(taken(rewarded, points=100))[0]
    withdrawal, event = payment.amount.withdrawal, Event.objects.get(subject=rewarded.account_id)
    account_page = f"/admin/referrals/referralaccount/{rewarded.pk}/change/"
    return {
        rewarded.account_id: account_page,
        "189-0000 1111": account_page,
        " +86 １８９００００１１１１": account_page,
        "Wei@Example.com": account_page,
        "张伟": account_page,
        withdrawal.external_order_id: f"/admin/referrals/withdrawal/{withdrawal.pk}/change/",
        payment.payment_id: f"/admin/referrals/payment/{payment.pk}/change/",
        event.event_id: f"/admin/inbox/event/{event.pk}/change/",
        "LOG-HR": f"/admin/outbox/call/{sent('referral_account.enable', 'LOG-HR').pk}/change/",
    }


def vendors_side(check: BackgroundCheck) -> dict[str, str]:
    customer = Customer.objects.create(code="KH-001", name="红杉科技")
    check_page = f"/admin/bindings/backgroundcheck/{check.pk}/change/"
    return {
        check.background_check_id: check_page,
        "0086 189 0000 1111": check_page,
        "王小二": check_page,
        check.event.event_id: f"/admin/inbox/event/{check.event.pk}/change/",
        "ｋｈ-001": f"/admin/bindings/customer/{customer.pk}/change/",
        "红杉": f"/admin/bindings/customer/{customer.pk}/change/",
    }


def test_each_side_is_led_straight_to_its_own_row_and_finds_nothing_of_the_other(
    rewarded: ReferralAccount, check: BackgroundCheck, hira: User, vera: User, browser_of: Browsers
) -> None:
    hr, vendor = browser_of(hira), browser_of(vera)
    of_hr, of_vendor = hr_side(rewarded), vendors_side(check)

    assert {term: type_in(hr, term).headers["Location"] for term in of_hr} == of_hr
    assert {term: type_in(vendor, term).headers["Location"] for term in of_vendor} == of_vendor
    same_person = {"189-0000 1111", " +86 １８９００００１１１１", "0086 189 0000 1111"}
    assert [term for term in of_vendor.keys() - same_person if NOTHING not in answer(hr, term)] == []
    assert [term for term in of_hr.keys() - same_person if NOTHING not in answer(vendor, term)] == []


def test_who_may_not_see_personal_data_finds_ids_and_nobody_by_a_name_or_number(
    rewarded: ReferralAccount, audrey: User, browser_of: Browsers
) -> None:
    browser = browser_of(audrey)

    assert f"/{rewarded.pk}/change/" in type_in(browser, rewarded.account_id).headers["Location"]
    for term in (NUMBER, "wei@example.com", "张伟"):
        page = answer(browser, term)
        assert NOTHING in page
        assert "You may not see personal data" in page
    of_list = browser.get("/admin/referrals/referralaccount/").content.decode()
    assert "You may not see personal data" in of_list


def test_who_may_see_personal_data_reads_nothing_about_lacking_that(hira: User, browser_of: Browsers) -> None:
    for page in (FIND, "/admin/referrals/referralaccount/"):
        assert "You may not see personal data" not in browser_of(hira).get(page).content.decode()


def test_numbers_of_rows_and_last_digits_of_ids_find_them(
    rewarded: ReferralAccount, check: BackgroundCheck, hira: User, vera: User, browser_of: Browsers
) -> None:
    payment = handed_over(taken(rewarded, points=100))[0]
    withdrawal = payment.amount.withdrawal
    hr, vendor = browser_of(hira), browser_of(vera)

    def pages(browser: Client, term: str) -> set[str]:
        found = browser.post(FIND, {"q": term}, follow=True)
        hits = [hit.url for kind in found.context.get("found") or () for hit in kind.hits]
        return {*hits} or {found.request["PATH_INFO"]}

    assert f"/admin/referrals/withdrawal/{withdrawal.pk}/change/" in pages(hr, f"#{withdrawal.pk}")
    assert f"/admin/referrals/payoutbatch/{payment.batch_id}/change/" in pages(hr, f"#{payment.batch_id}")
    assert pages(hr, f"#{10**17}") == {FIND}
    account_page = f"/admin/referrals/referralaccount/{rewarded.pk}/change/"
    assert account_page in pages(hr, rewarded.account_id[-5:])
    check_page = f"/admin/bindings/backgroundcheck/{check.pk}/change/"
    assert pages(vendor, f"#{check.background_check_id}") == {check_page}
    assert check_page in pages(vendor, check.background_check_id[-4:])


def test_a_text_sealed_for_another_purpose_is_a_search_that_is_over(hira: User, browser_of: Browsers) -> None:
    browser = browser_of(hira)
    for text in ("the token of a report", "[]", json.dumps([hira.pk, NUMBER])):
        sought = {"q": f"~{encrypt(text)}"}
        for page in (FIND, "/admin/referrals/referralaccount/"):
            answer = browser.get(page, sought)
            assert answer.status_code == 200
            assert "This search is over" in answer.content.decode()


def test_several_rows_are_listed_masked_and_what_was_typed_stands_in_no_address(
    rewarded: ReferralAccount,
    account: Callable[..., ReferralAccount],
    hira: User,
    ada: User,
    browser_of: Browsers,
) -> None:
    account(name="张伟", mobile="+8618900002222")

    address = type_in(browser_of(hira), "张伟").headers["Location"]
    page = browser_of(hira).get(address)

    assert address.startswith(f"{FIND}?q=~")
    (found,) = page.context["found"]
    assert [(hit.title, "8900001111" in hit.about) for hit in found.hits] == [("张*", False), ("张**", False)]
    assert "+86****2222" in page.content.decode()
    assert page.context["find_term"] == "张伟"
    of_another = browser_of(ada).get(address)
    assert (of_another.context["find_term"], of_another.context["found"]) == ("", [])
    assert browser_of(hira).get(f"{FIND}?q=张伟").context["found"] == []


def test_where_there_are_more_rows_than_are_named_a_link_leads_to_the_list_of_all(
    vera: User, browser_of: Browsers
) -> None:
    for number in range(23):
        Customer.objects.create(code=f"KH-{number:03}", name=f"{number}")
    browser = browser_of(vera)

    (found,) = browser.post(FIND, {"q": "kh-"}, follow=True).context["found"]

    assert len(found.hits) == 20
    assert len(browser.get(found.list_url).context["cl"].result_list) == 23


def test_the_box_is_on_every_page_of_who_can_find_something(
    hira: User, eve: User, browser_of: Browsers
) -> None:
    box = '<label for="find-term"'
    for page in ("/admin/", "/admin/referrals/referralaccount/", "/admin/password_change/", FIND):
        assert browser_of(hira).get(page).content.decode().count(box) == 1, page
    assert box not in browser_of(eve).get("/admin/").content.decode()


def test_a_page_of_another_site_can_not_search(hira: User, client_of: Browsers) -> None:
    browser = client_of(hira)
    browser.handler.enforce_csrf_checks = True
    page = browser.get("/admin/").content.decode()
    token = re.search(
        r'<form id="find" method="post".*?name="csrfmiddlewaretoken" value="(\w+)"', page, re.DOTALL
    )
    assert token is not None

    assert type_in(browser, NUMBER).status_code == 403
    assert browser.post(FIND, {"q": NUMBER, "csrfmiddlewaretoken": token[1]}).status_code == 302
