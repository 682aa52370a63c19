import pytest
from django.conf import settings

from bindings.models import AccountOrderForm, EcoAccount, OrderForm, OrderFormField
from bindings.order_forms import invariants, services
from hireops.database.clock import now
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from tests.in_this_process import one_sender_that_does_not_wait
from tests.kept_events import keep_event
from tests.simulator_process import running_simulator

__all__ = ["one_sender_that_does_not_wait"]


@pytest.fixture
def an_account(db):
    """``an_account("1")``: a background-check account that a customer has added."""

    def an_account(account_id="1", **values):
        tenant = values.pop("tenant", None) or Tenant.objects.known(
            app_id=settings.FEISHU_APP_ID, tenant_key="tenant_a"
        )
        event = keep_event(
            app_id=settings.FEISHU_APP_ID,
            event_id=f"event-of-{account_id}",
            event_type="hire.eco_account.created_v1",
            tenant_key=tenant.tenant_key,
            payload={},
            state=Event.State.HANDLED,
            handled_at=now(),
        )
        values = {"scope": 1, "name": f"背调 {account_id}", **values}
        return EcoAccount.objects.create(tenant=tenant, account_id=account_id, event=event, **values)

    return an_account


@pytest.fixture
def account(an_account):
    return an_account()


@pytest.fixture(scope="session")
def feishu_process():
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def feishu(transactional_db, feishu_process, settings):
    """An empty simulator that this test's calls go to."""
    feishu_process.reset()
    feishu_process.switch(quota_enforced=False, delivery_paused=True)
    settings.FEISHU_BASE_URL = feishu_process.url
    settings.FEISHU_APP_ID = feishu_process.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = feishu_process.environment["FEISHU_APP_SECRET"]
    return feishu_process


@pytest.fixture
def order_form(vera):
    """``order_form("标准", degree="学历")``: a form with such fields of text, as staff have defined it."""

    def order_form(name="标准", **names):
        form = OrderForm.objects.create(name=name)
        for number, (key, name_zh) in enumerate(names.items(), start=1):
            OrderFormField.objects.create(form=form, base_key=key, name_zh=name_zh, position=number * 10)
        services.note_edit(form)
        return form

    return order_form


def rename(form, key, name_zh):
    form.fields.filter(base_key=key).update(name_zh=name_zh)
    services.note_edit(OrderForm.objects.get(pk=form.pk))


def add_field(form, key, name_zh="新字段", **values):
    OrderFormField.objects.create(form=form, base_key=key, name_zh=name_zh, position=1000, **values)
    services.note_edit(OrderForm.objects.get(pk=form.pk))


def row_of(account):
    return AccountOrderForm.objects.get(account=account)


def invariants_hold():
    promises = (
        invariants.forms_stand_as_their_calls_say,
        invariants.burned_keys_never_return,
        invariants.order_forms_are_sent_as_kept,
        invariants.digests_are_those_of_their_fields,
    )
    broken = [sentence for promise in promises for sentence in promise()]
    assert not broken, broken
    return True
