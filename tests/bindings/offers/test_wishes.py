"""What an account is to offer: what it, its customer and its customer's tier are offered."""

import pytest
from django.db import IntegrityError, transaction

from bindings.models import Offer
from bindings.offers import wishes
from tests.bindings.offers.conftest import offer


def test_an_account_offers_what_it_its_customer_and_its_tier_are_offered(account, customer, package, item):
    acme = customer(tier="gold")
    ours = account(customer=acme)
    for each, to in [
        (package("a"), {"account": ours}),
        (package("b"), {"customer": acme}),
        (package("c"), {"tier": "gold"}),
        (package("d"), {"tier": "silver"}),
        (item("x"), {"tier": "gold"}),
    ]:
        offer(each, **to)
    offered = wishes.wished(ours)
    assert list(offered.packages) == ["a", "b", "c"]
    assert list(offered.items) == ["x"]
    assert offered.packages["a"].name == "Package a"


def test_what_is_offered_twice_is_offered_once_and_what_is_archived_not_at_all(account, customer, package):
    acme = customer(tier="gold")
    ours = account(customer=acme)
    basic, old = package("basic"), package("old", archived=True)
    for each in (basic, old):
        offer(each, account=ours)
        offer(each, customer=acme)
        offer(each, tier="gold")
    assert list(wishes.wished(ours).packages) == ["basic"]


def test_exam_accounts_offer_papers_and_background_check_accounts_packages(account, customer, package, paper):
    acme = customer()
    checks, exams = account(customer=acme, scope=1), account(customer=acme, scope=2)
    offer(package("basic"), customer=acme)
    offer(paper("java"), customer=acme)
    offered = wishes.wished_by([checks, exams])
    assert (list(offered[checks.pk].packages), list(offered[checks.pk].papers)) == (["basic"], [])
    assert (list(offered[exams.pk].packages), list(offered[exams.pk].papers)) == ([], ["java"])


def test_an_account_of_nobody_offers_only_what_is_offered_to_itself(account, customer, package):
    stranger = account()
    customer(tier="")
    offer(package("a"), account=stranger)
    offer(package("b"), tier="gold")
    assert list(wishes.wished(stranger).packages) == ["a"]


@pytest.fixture(params=[0, 500])
def named(request, monkeypatch):
    """Fewer accounts than are asked for are named one by one in a query, or more."""
    monkeypatch.setattr(wishes, "MOST_NAMED", request.param)


@pytest.mark.usefixtures("named")
def test_any_number_of_accounts_takes_two_queries(account, customer, package, django_assert_num_queries):
    accounts = []
    for number in range(12):
        owner = customer(f"C{number}", tier="gold" if number % 2 else "")
        accounts.append(account(customer=owner))
        offer(package(f"own-{number}"), account=accounts[-1])
    offer(package("gold"), tier="gold")
    with django_assert_num_queries(2):
        offered = wishes.wished_by(accounts)
    assert [len(offered[each.pk].packages) for each in accounts] == [1, 2] * 6


def test_the_accounts_that_an_item_is_offered_to_by_any_way(account, customer, package):
    gold, acme = customer("G", tier="gold"), customer("A")
    direct, owned, tiered, _other = account(), account(customer=acme), account(customer=gold), account()
    _exams = account(customer=acme, scope=2)
    basic = package()
    offer(basic, account=direct)
    offer(basic, customer=acme)
    offer(basic, tier="gold")
    assert set(wishes.accounts_offered(basic)) == {direct, owned, tiered}


def test_an_offer_is_of_one_thing_to_one_and_only_once(account, customer, package, paper):
    basic, ours = package(), account()
    offer(basic, account=ours)
    offer(basic, tier="gold")
    for wrong in (
        {"package": basic, "account": ours},
        {"package": basic, "tier": "gold"},
        {"package": basic},
        {"account": ours},
        {"package": basic, "paper": paper(), "tier": "silver"},
        {"package": basic, "customer": customer(), "tier": "silver"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Offer.objects.create(**wrong)
