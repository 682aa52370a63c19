"""What a query can prove about our rows."""

from datetime import timedelta

from django.db import transaction

from bindings.fields.calls import CREATE_CUSTOM_FIELDS
from bindings.models import CustomField, CustomFieldPush, EcoAccount
from hireops.desk.invariants import broken
from hireops.feishu.models import Tenant
from hireops.inbox.registry import changed_by
from hireops.outbox.models import Call
from hireops.outbox.services import enqueue
from hireops.outbox.trimming import trim
from tests.bindings.conftest import confirm, feishu_says
from tests.referrals.raw_sql import execute
from tests.referrals.withdrawals import take_guards_from


def ours():
    return [
        (name.rpartition(".")[2], sentence) for name, sentence in broken() if name.startswith("bindings.")
    ]


def test_after_ordinary_work_nothing_is_broken(vendor, pushed, bound):
    pushed("token")
    bound({"account_id": "1", "scope": 1})
    CustomField.objects.update(name_zh="新名")
    confirm(vendor)
    assert ours() == []


def test_an_account_with_an_event_of_another_tenant_is_found(bound):
    bound({"account_id": "1"})
    EcoAccount.objects.update(tenant=Tenant.objects.create(app_id="x", tenant_key="y"))
    assert [name for name, _sentence in ours()] == [
        "accounts_come_from_their_event",
        "handled_bindings_have_their_account",
    ]


def test_an_account_whose_event_never_bound_it_is_found(bound):
    account, other = (EcoAccount.objects.get(event=bound({"account_id": number})) for number in "12")
    EcoAccount.objects.filter(pk=account.pk).update(event=other.event)
    assert [name for name, _sentence in ours()] == ["accounts_come_from_their_event"]


def test_a_handled_binding_whose_account_is_gone_is_found(bound):
    lost, kept = bound({"account_id": "1"}), bound({"account_id": "2"})
    bound({"account_id": "2"}, tenant_key="tenant_b")
    bound({"account_id": None})
    take_guards_from("bindings_accountbinding")
    account = EcoAccount.objects.get(event=lost)
    execute("DELETE FROM bindings_accountbinding WHERE account_id = %s", account.pk)
    account.delete()
    assert ours() == [
        (
            "handled_bindings_have_their_account",
            f"event {lost.event_id} is handled, but the account 1 that it bound is gone",
        )
    ]
    assert kept.event_id not in str(ours())


def test_a_binding_without_a_tenant_belongs_to_the_only_one_of_a_custom_app(bound):
    bound({"account_id": "1"})
    event = bound({"account_id": "2"}, tenant_key="")
    assert set(EcoAccount.objects.values_list("tenant__tenant_key", flat=True)) == {"tenant_a"}
    assert changed_by(event) == [EcoAccount.objects.get(account_id="2")]
    assert ours() == []


def test_a_push_that_is_not_what_its_call_sends_is_found(vera):
    with transaction.atomic():
        call = enqueue(operation=CREATE_CUSTOM_FIELDS, target="x", payload={}, tenant=None, by=vera)
        CustomFieldPush.objects.create(scope=1, fields=[], call=call, created_by=vera)
    assert [name for name, _sentence in ours()] == ["pushes_are_sent_as_kept"]


def test_a_push_whose_call_is_so_old_that_its_content_was_removed_is_not_broken(pushed, settings):
    pushed("token")
    settings.OUTBOX_KEEP_DAYS = -1
    assert trim() == 1
    assert ours() == []


def test_an_older_push_that_landed_after_a_newer_one_is_found(vendor, pushed):
    pushed("token")
    confirm(vendor)
    newer = feishu_says("accepted")
    assert ours() == []
    older = Call.objects.order_by("pk")[0]
    Call.objects.filter(pk=older.pk).update(finished_at=newer.finished_at + timedelta(seconds=1))
    assert [name for name, _sentence in ours()] == ["pushes_land_in_their_order"]
