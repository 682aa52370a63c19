"""Two at once about the same thing, on PostgreSQL."""

import pytest
from django.db import transaction

from bindings.matching import services
from bindings.matching.binding import match_accounts
from bindings.models import BindingCode, EcoAccount
from tests.meanwhile import at_once, meanwhile, two_writers

pytestmark = [two_writers, pytest.mark.django_db(transaction=True)]


def test_one_binding_code_that_two_events_use_at_once_binds_one(customer, rule, arrives, issued):
    acme = customer("A001")
    once = rule("binding_code", enabled=False)
    code = issued(acme)
    first = arrives(code, tenant_key="tenant_1")
    once.enabled = True
    once.save()

    def arrive():
        arrives(code, account_id="second", tenant_key="tenant_2")

    with meanwhile(arrive) as until_it_waits, transaction.atomic():
        match_accounts([EcoAccount.objects.select_for_update().get(pk=first.pk)])
        until_it_waits()
    assert list(EcoAccount.objects.filter(customer=acme)) == [first]
    assert BindingCode.objects.get().used_by == first


def test_an_account_that_arrives_while_a_person_says_whose_its_tenant_is_is_bound_too(
    customer, rule, arrives, otto
):
    acme = customer("A001")
    rule(proposes_only=True)
    first = arrives("?", tenant_key="t")

    def arrive():
        arrives("A001", account_id="late", tenant_key="t")

    with meanwhile(arrive) as until_it_waits, transaction.atomic():
        services.bind(first, acme, by=otto, reason="known")
        until_it_waits()
    assert EcoAccount.objects.get(account_id="late").customer == acme


def test_two_people_who_bind_an_account_at_once_leave_one_history(customer, arrives, otto):
    acme, other = customer("A001"), customer("B002")
    account = arrives("?")

    def bind(to):
        return lambda: services.bind(account, to, by=otto, reason="r")

    at_once(bind(acme), bind(other))
    changes = list(account.binding_changes.all())
    account.refresh_from_db()
    assert (changes[0].customer, changes[0].customer_before) == (account.customer, changes[1].customer)
