from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from bindings.customers import services
from bindings.models import BackgroundCheck, Customer, CustomerContact, EcoAccount
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from tests.bindings.conftest import english
from tests.kept_events import keep_event

NUMBERS = count(1)


@pytest.fixture
def customer(vera):
    """``customer("A001", name="红杉科技")``: somebody has added it."""

    def customer(code, name="", **values):
        made = Customer(code=code, name=name or f"客户 {code}", **values)
        return services.create_customer(customer=made, by=vera)

    return customer


@pytest.fixture
def contact(vera):
    """``contact(customer, mobile="+8613800138000")``"""

    def contact(customer, **values):
        return services.save_contact(CustomerContact(customer=customer, **values), by=vera)

    return contact


def an_event(**values: Any) -> Event:
    number = next(NUMBERS)
    return keep_event(
        app_id=settings.FEISHU_APP_ID,
        event_id=f"e-{number}",
        event_type="x",
        payload={},
        **values,
    )


def an_account(customer: Customer | None = None, **values: Any) -> EcoAccount:
    """An account that has been bound to ``customer``."""
    tenant = Tenant.objects.get_or_create(app_id=settings.FEISHU_APP_ID, tenant_key="t1")[0]
    given = {"account_id": f"acc-{next(NUMBERS)}", "scope": 1, **values}
    return EcoAccount.objects.create(tenant=tenant, event=an_event(), customer=customer, **given)


def a_check(customer: Customer, **values: Any) -> BackgroundCheck:
    tenant = Tenant.objects.get_or_create(app_id=settings.FEISHU_APP_ID, tenant_key="t1")[0]
    now = timezone.now()
    number = next(NUMBERS)
    given = {"background_check_id": f"bc-{number}", "received_at": now, "turn_since": now, **values}
    return BackgroundCheck.objects.create(tenant=tenant, event=an_event(), customer=customer, **given)


@pytest.fixture
def hr(hira, client_of):
    return english(client_of(hira))
