"""Two at once about the same thing, on PostgreSQL."""

from random import Random

import pytest
from django.db import connection, transaction

from bindings.customers.services import change_customer
from bindings.matching import services
from bindings.matching.binding import match_accounts
from bindings.models import BindingCode, CheckPackage, EcoAccount, Offer
from hireops.desk.errors import Refused
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


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_bindings_events_and_changes_of_customers_never_wait_for_each_other(
    customer, rule, arrives, bound, otto
):
    customers = [customer(code) for code in ("A001", "B002", "C003")]
    rule(proposes_only=True)
    basic = CheckPackage.objects.create(code="basic", name="Basic")
    for tier in ("gold", "silver"):
        Offer.objects.create(package=basic, tier=tier)
    accounts = [arrives("?", tenant_key=f"tenant_{number % 2}") for number in range(4)]

    def walk(seed):
        chance = Random(seed)

        def bind():
            chosen, to = chance.sample(accounts, 2), chance.choice(customers)
            services.bind_all(chosen, to, by=otto, reason="r")

        def change():
            change_customer(
                chance.choice(customers), values={"tier": chance.choice(["gold", "silver"])}, by=otto
            )

        def arrive():
            account_id = f"walk{chance.randrange(8)}"
            typed = [{"key": "customer_code", "value": chance.choice(customers).code}]
            body = {"scope": 1, "account_id": account_id, "account_name": "x", "usage_list": [1]}
            tenant = f"tenant_{chance.randrange(2)}"
            bound({**body, "custom_field_list": typed}, tenant_key=tenant)

        for _step in range(20):
            try:
                chance.choice([bind, change, arrive])()
            except Refused:
                continue

    before = deadlocks()
    assert at_once(*(lambda seed=seed: walk(seed) for seed in range(4))) == [None] * 4
    assert deadlocks() == before
