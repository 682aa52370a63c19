"""What a query can prove about our rows."""

from datetime import timedelta

from django.db import transaction

from bindings.fields.calls import CREATE_CUSTOM_FIELDS
from bindings.models import CustomField, CustomFieldPush, EcoAccount
from hireops.desk.invariants import broken
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call
from hireops.outbox.services import enqueue
from hireops.outbox.trimming import trim
from tests.bindings.conftest import confirm, feishu_says


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
    assert [name for name, _sentence in ours()] == ["accounts_come_from_their_event"]


def test_an_account_whose_event_never_bound_it_is_found(bound):
    account, other = (EcoAccount.objects.get(event=bound({"account_id": number})) for number in "12")
    EcoAccount.objects.filter(pk=account.pk).update(event=other.event)
    assert [name for name, _sentence in ours()] == ["accounts_come_from_their_event"]


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
