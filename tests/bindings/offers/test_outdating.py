"""Whatever changes what an account is to offer marks it as out of date; nothing is sent by that."""

import pytest
from django.utils import translation

from bindings.customers import changes
from bindings.matching import services as matching
from bindings.models import AccountOffer, Customer
from bindings.offers import catalogue, choosing, outdating
from bindings.offers.choosing import Choice
from hireops.desk.errors import Refused
from hireops.jobs.models import Job
from hireops.outbox.models import Call
from tests.bindings.conftest import says
from tests.bindings.offers.conftest import offer, page_of
from tests.long_work import work

State = AccountOffer.State


def out_of_date():
    return {each.account.account_id for each in AccountOffer.objects.filter(state=State.OUT_OF_DATE)}


def test_an_account_that_is_bound_to_a_customer_is_to_offer_what_the_customer_is_offered(
    vera, account, customer, package
):
    acme = customer(tier="gold")
    offer(package(), tier="gold")
    ours = account("1")
    assert out_of_date() == set()
    matching.bind(ours, acme, by=vera, reason="their contract")
    assert out_of_date() == {"1"}
    matching.release(ours, by=vera, reason="it was another one")
    assert AccountOffer.objects.get().state == State.UP_TO_DATE
    assert not Call.objects.exists()


def test_a_customer_of_another_tier_is_offered_what_that_tier_is(account, customer, package):
    acme = customer()
    account("1", customer=acme)
    offer(package(), tier="gold")
    Customer.objects.update(tier="gold")
    changes.tell([acme])
    assert out_of_date() == {"1"}


def test_a_change_of_what_feishu_never_hears_of_leaves_accounts_as_they_are(vera, account, package):
    ours, basic = account("1"), package("basic")
    choosing.choose(offered=[Choice(basic, ours)], withdrawn=[], by=vera)
    AccountOffer.objects.update(state=State.UP_TO_DATE)
    catalogue.change(basic, values={"working_days": 9}, by=vera)
    assert out_of_date() == set()
    catalogue.change(basic, values={"description": "more"}, by=vera)
    assert out_of_date() == {"1"}


@pytest.mark.parametrize("at_once", [2, 3, 100])
def test_many_accounts_are_compared_by_the_workers(vera, account, package, monkeypatch, at_once):
    monkeypatch.setattr(outdating, "AT_ONCE", at_once)
    accounts = [account(str(number)) for number in range(4)]
    basic = package()
    for each in accounts:
        offer(basic, account=each)
    catalogue.archive(basic, by=vera)
    catalogue.restore(basic, by=vera)
    assert Job.objects.filter(kind=outdating.COMPARE).exists() == (at_once < 4)
    work()
    assert out_of_date() == {"0", "1", "2", "3"}


def test_a_code_that_feishu_may_know_is_fixed_and_the_page_says_so(vendor, vera, account, package):
    ours, basic = account("1"), package("basic")
    choosing.choose(offered=[Choice(basic, ours)], withdrawn=[], by=vera)
    catalogue.change(basic, values={"code": "basis"}, by=vera)
    shown = AccountOffer.objects.get()
    shown.items.create(
        kind="package", feishu_id="basis", code="basis", standing="confirmed", content={"name": "Basis"}
    )
    basic.refresh_from_db()
    with translation.override("en"), pytest.raises(Refused, match="basis is known to Feishu"):
        catalogue.change(basic, values={"code": "basic"}, by=vera)
    page = vendor.get(page_of(basic))
    assert "code" not in page.context["adminform"].form.fields
    assert says(page, "Copy it under another code instead")
