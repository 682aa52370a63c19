"""Orders and their ends, in whatever order and however often Feishu tells of them."""

import json

import pytest

from bindings.models import BackgroundCheck, CheckPackage, Customer, EcoAccount, OfferedItem
from hireops.desk.audit import entries_about
from hireops.encryption import decrypt
from hireops.inbox import services as inbox
from tests.bindings.checks.conftest import handle_events, now_of, states, tell_canceled, tell_ordered

pytestmark = pytest.mark.django_db
State = BackgroundCheck.State
ORDER = "6931286400470354183"


def test_an_order_is_what_its_event_says(bound):
    CheckPackage.objects.create(code="basic", name="基础背调")
    customer = Customer.objects.create(code="A1", name="甲公司")
    bound({"account_id": "77", "scope": 1, "account_name": "甲"})
    EcoAccount.objects.update(customer=customer)

    event = tell_ordered(
        ORDER,
        account_id="77",
        package_id="basic-v2",
        additional_item_id_list=["ext002"],
        comment="请尽快",
        client_contact_info={"name": "李四"},
        custom_field_list=[{"key": "id_number", "value": "11010519491231002X"}],
    )

    check = BackgroundCheck.objects.get()
    assert (check.background_check_id, check.state, check.turn) == (ORDER, State.RECEIVED, "vendor")
    assert (check.account, check.customer) == (EcoAccount.objects.get(), customer)
    assert (check.package_id, check.package_name) == ("basic-v2", "基础背调")
    assert check.items == [{"id": "ext002", "name": ""}]
    assert (check.candidate_name, check.candidate_mobile) == ("王小二", "+8618900001111")
    assert json.loads(decrypt(check.answers) or "") == [{"key": "id_number", "value": "11010519491231002X"}]
    assert check.received_at == event.received_at
    assert "11010519491231002X" not in check.answers


def test_an_order_of_an_account_that_nobody_knows_is_kept(db):
    tell_ordered(ORDER, account_id="unheard of")

    check = BackgroundCheck.objects.get()
    assert (check.account, check.account_named) == (None, "unheard of")


def test_what_an_order_named_before_its_account_was_known_is_not_taken_for_ours(bound):
    tell_ordered(ORDER, account_id="77", package_id="theirs", additional_item_id_list=["ext002"])
    bound({"account_id": "77", "scope": 1, "account_name": "甲"})

    assert BackgroundCheck.objects.get().account == EcoAccount.objects.get()
    named = OfferedItem.objects.values_list("offer__account__account_id", "feishu_id", "standing")
    assert set(named) == {("77", "theirs", "foreign"), ("77", "ext002", "foreign")}


def test_an_order_comes_once_whatever_the_events_are_called(db):
    tell_ordered(ORDER)
    tell_ordered(ORDER, candidate_info={"name": "somebody else"})
    tell_ordered(ORDER, tenant_key="tenant_b")

    assert [check.candidate_name for check in BackgroundCheck.objects.order_by("pk")] == ["王小二", "王小二"]


def test_a_customer_ends_an_order(ordered):
    check = ordered(ORDER)

    tell_canceled(ORDER, "候选人撤回")
    tell_canceled(ORDER, "another reason")

    check = now_of(check)
    assert (check.state, check.termination_reason) == (State.CANCELED_BY_CUSTOMER, "候选人撤回")
    assert check.ended_at is not None
    assert check.turn == "nobody"


def test_an_end_that_comes_before_its_order_waits_for_it(ordered):
    tell_canceled(ORDER, "候选人撤回")

    check = ordered(ORDER)

    assert (check.state, check.termination_reason) == (State.CANCELED_BY_CUSTOMER, "候选人撤回")


def test_handling_an_event_again_changes_nothing(ordered, vera):
    check = ordered(ORDER)
    canceled = tell_canceled(ORDER)
    before = list(entries_about(check).values_list("pk", flat=True))

    for event in (check.event, canceled):
        inbox.replay_event(event, by=vera, reason="to see")
        handle_events()

    assert list(entries_about(check).values_list("pk", flat=True)) == before
    assert states(check) == []
