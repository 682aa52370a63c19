"""Whose a new account is, from the event on."""

from itertools import count

import pytest

from bindings.matching import services
from bindings.models import BackgroundCheck, BindingCode, EcoAccount, Exam, MatchingRule
from hireops.database import clock
from hireops.desk.invariants import broken
from hireops.inbox.models import Event
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]
ORDERS = count(1)


def last_change(account):
    return account.binding_changes.first()


@pytest.fixture(autouse=True)
def _every_promise_is_kept(db):
    yield
    assert [each for each in broken() if each[0].startswith("bindings.")] == []


def test_a_typed_code_binds_the_account_whatever_its_width_case_and_space(customer, rule, arrives):
    acme = customer("ACME-7")
    used = rule()
    account = arrives(" ａｃｍｅ–7 ")
    assert account.customer == acme
    change = last_change(account)
    assert (change.how, change.rule, change.value) == ("rule", used, " ａｃｍｅ–7 ")
    assert (change.customer_before, change.customer, change.event) == (None, acme, account.event)


def test_an_exact_code_must_be_the_very_same(customer, rule, arrives):
    acme = customer("ACME-7")
    rule("exact_code")
    assert arrives("acme-7").customer is None
    assert arrives("ACME-7").customer == acme


def test_without_a_rule_that_is_on_for_this_form_nobody_is_bound(customer, rule, arrives):
    customer("A001")
    rule(enabled=False)
    rule(key="another")
    assert arrives("A001").customer is None


def test_archived_customers_are_nobody(customer, rule, arrives, issued):
    gone = customer("A001")
    code = issued(gone)
    rule()
    rule("binding_code", key="once")
    gone.archived = True
    gone.save()
    assert arrives("A001").customer is None
    assert arrives(code, key="once").customer is None


def test_two_rules_that_name_two_customers_bind_nobody_and_use_up_nothing(customer, rule, arrives, issued):
    customer("A001")
    code = issued(customer("B002"))
    rule()
    rule("binding_code", key="once", position=2)
    account = arrives([{"key": "customer_code", "value": "A001"}, {"key": "once", "value": code}])
    assert account.customer is None
    assert BindingCode.objects.get().used_at is None


def test_two_rules_that_agree_bind_and_the_first_by_position_is_the_reason(customer, rule, arrives, issued):
    acme = customer("A001")
    code = issued(acme)
    rule("binding_code", key="once", position=2)
    first = rule()
    account = arrives([{"key": "once", "value": code}, {"key": "customer_code", "value": "A001"}])
    assert last_change(account).rule == first
    assert BindingCode.objects.get().used_by == account


@pytest.mark.parametrize(
    "spelled",
    [
        str.lower,
        lambda code: code.replace("-", " "),
        lambda code: f"  {code.replace('-', '')}\u200b",
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: "".join(chr(ord(each) + 0xFEE0) for each in code),
    ],
)
def test_a_binding_code_is_read_as_people_write_it(customer, rule, arrives, issued, spelled):
    acme = customer("A001")
    rule("binding_code")
    account = arrives(spelled(issued(acme)))
    assert account.customer == acme
    change = last_change(account)
    assert change.how == "binding_code"
    assert change.value == change.binding_code.hint == BindingCode.objects.get().hint


def test_a_binding_code_binds_once(customer, rule, arrives, issued):
    code = issued(customer("A001"))
    rule("binding_code")
    first, second = arrives(code), arrives(code, tenant_key="another")
    assert (first.customer.code, second.customer) == ("A001", None)
    assert BindingCode.objects.get().used_by == first


def test_an_expired_or_mistyped_binding_code_binds_nobody(customer, rule, arrives, issued):
    acme = customer("A001")
    rule("binding_code")
    assert arrives(issued(acme, expired=True)).customer is None
    good = issued(acme)
    assert arrives(good[1] + good[0] + good[2:] if good[0] != good[1] else "x").customer is None
    assert not BindingCode.objects.filter(used_at__isnull=False).exists()


# --- A code can be typed by anybody


def test_a_stranger_who_types_a_right_code_gets_nothing(customer, arrives):
    customer("A001")
    MatchingRule.objects.create(scope=1, key="customer_code", kind="code")
    assert arrives("A001", tenant_key="stranger").customer is None


def test_once_somebody_has_said_whose_a_tenant_is_codes_bind_alone_before_and_after(
    customer, rule, arrives, otto
):
    acme = customer("A001")
    rule(proposes_only=True)
    waiting, other = arrives("A001", tenant_key="t"), arrives("A001", tenant_key="stranger")
    said = arrives("nothing", tenant_key="t")
    services.bind(said, acme, by=otto, reason="told by phone")
    assert EcoAccount.objects.get(pk=waiting.pk).customer == acme
    assert arrives("a001", tenant_key="t").customer == acme
    assert EcoAccount.objects.get(pk=other.pk).customer is None
    customer("B002")
    assert arrives("B002", tenant_key="t").customer is None


def test_a_binding_code_says_it_too_and_a_bare_code_does_not(customer, rule, arrives, issued):
    acme = customer("A001")
    rule(proposes_only=True)
    rule("binding_code", key="once", position=2)
    first = arrives("A001", tenant_key="t")
    arrives(issued(acme), key="once", tenant_key="t")
    first.refresh_from_db()
    assert first.customer == acme
    assert last_change(first).binding_code is None


def test_what_a_person_has_released_no_rule_binds_again(customer, rule, arrives, otto):
    acme = customer("A001")
    rule()
    account = arrives("A001")
    services.release(account, by=otto, reason="wrong company")
    arrives("A001", account_id=account.account_id, minutes=5)
    account.refresh_from_db()
    assert account.customer is None
    services.bind(account, acme, by=otto, reason="after all")
    assert [each.how for each in account.binding_changes.all()] == ["by_hand", "released", "rule"]


# --- A second event


def test_a_second_event_binds_what_was_still_nobodys_and_says_what_changed(customer, rule, arrives):
    acme = customer("A001")
    rule()
    account = arrives("A0O1", name="旧名")
    assert account.customer is None
    account = arrives("A001", account_id=account.account_id, name="新名", minutes=5)
    assert account.customer == acme
    assert account.bindings.last().changes == [
        {"what": "name", "before": "旧名", "after": "新名"},
        {"what": "field", "key": "customer_code", "before": "A0O1", "after": "A001"},
    ]


def test_a_bound_account_that_names_somebody_else_stays_and_asks(customer, rule, arrives, otto):
    acme, other = customer("A001"), customer("B002")
    rule()
    account = arrives("A001")
    account = arrives("B002", account_id=account.account_id, minutes=5)
    assert (account.customer, account.in_question) == (acme, other)
    services.keep(account, by=otto, reason="typed by mistake")
    account.refresh_from_db()
    assert (account.customer, account.in_question) == (acme, None)
    account = arrives("b002", account_id=account.account_id, minutes=6)
    account = arrives("A001", account_id=account.account_id, minutes=7)
    assert (account.customer, account.in_question) == (acme, None)


# --- Orders that came before


def ordered(account, tenant, model=BackgroundCheck, **values):
    event = Event.objects.create(
        app_id=tenant.app_id,
        tenant_key=tenant.tenant_key,
        event_type=model.__name__,
        event_id=f"order-{next(ORDERS)}",
    )
    number = (
        {"background_check_id": event.event_id} if model is BackgroundCheck else {"exam_id": event.event_id}
    )
    now = clock.now()
    return model.objects.create(
        tenant=tenant,
        account=account,
        account_named=account.account_id if account else "early",
        event=event,
        received_at=now,
        turn_since=now,
        **number,
        **values,
    )


@pytest.mark.parametrize("model", [BackgroundCheck, Exam])
def test_orders_find_their_account_and_their_customer_and_keep_the_one_they_have(
    customer, arrives, otto, model
):
    acme, other = customer("A001"), customer("B002")
    account = arrives("?")
    waiting = ordered(account, account.tenant, model)
    theirs = ordered(account, account.tenant, model, customer=other)
    early = ordered(None, account.tenant, model)
    services.bind(account, acme, by=otto, reason="known")
    late = arrives("?", account_id="early")
    for order in (waiting, theirs, early):
        order.refresh_from_db()
    assert (waiting.customer, theirs.customer) == (acme, other)
    assert (early.account, early.customer) == (late, None)
