"""Employees at a Feishu that runs as a real process, their accounts here, and workers that do what is due."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.test import Client

from hireops.feishu.models import Tenant
from hireops.inbox import dispatch
from hireops.inbox.models import Event
from referrals.models import Balance, BalanceChange, ReferralAccount
from tests.in_this_process import drain, in_english, one_sender_that_does_not_wait
from tests.kept_events import keep_event
from tests.simulator_process import Simulator, running_simulator

__all__ = ["in_english", "one_sender_that_does_not_wait"]

NUMBERS = count(1)
MORNING = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
LONG = "long"  # pytest --hypothesis-profile=long
BALANCE_EVENT = "hire.referral_account.assets_update_v1"

hypothesis.settings.register_profile(LONG)


@pytest.fixture(scope="session")
def feishu_process() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def feishu(feishu_process: Simulator, settings: Any) -> Simulator:
    """An empty simulator that this test's calls go to. Needs ``transactional_db`` if the test drains."""
    feishu_process.reset()
    feishu_process.switch(quota_enforced=False, delivery_paused=True)
    settings.FEISHU_BASE_URL = feishu_process.url
    settings.FEISHU_APP_ID = feishu_process.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = feishu_process.environment["FEISHU_APP_SECRET"]
    return feishu_process


@pytest.fixture(name="drain")
def _drain() -> Callable[[], int]:
    """``drain()`` does what workers would do now with calls and long work; how many calls it tried."""
    return drain


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.own()


@pytest.fixture
def account(tenant: Tenant) -> Callable[..., ReferralAccount]:
    """``account(points=100, CNY="12.30")``: an account with those balances, as an event told them."""

    def account(account_id: str = "", *, points: int = 0, **values: Any) -> ReferralAccount:
        cash = {key: values.pop(key) for key in list(values) if key.isupper()}
        account_id = account_id or f"69427781980541{next(NUMBERS):05}"
        fields = {"source": ReferralAccount.Source.REGISTERED, "name": "张三", **values}
        made = ReferralAccount.objects.create(tenant=tenant, account_id=account_id, **fields)
        if points or cash:
            tell(account_id, points=points, cash=cash)
            made.refresh_from_db()
        return made

    return account


def tell(
    account_id: str,
    *,
    points: int = 0,
    cash: dict[str, str] | None = None,
    minutes: float = 0,
    at: datetime | None = None,
    **event: Any,
) -> Event:
    """A balance event arrives and is handled: balances after a change at ``at``, else MORNING + minutes."""
    moment = at or MORNING + timedelta(minutes=minutes)
    body = {
        "account_id": account_id,
        "assets": {
            "confirmed_bonus": {
                "point_bonus": points,
                "cash_bonus": [
                    {"currency_type": currency, "amount": str(amount)}
                    for currency, amount in (cash or {}).items()
                ],
            }
        },
        "modify_time": str(int(moment.timestamp() * 1000)),
    }
    values = {
        "app_id": django_settings.FEISHU_APP_ID,
        "event_id": f"event-{next(NUMBERS)}",
        "event_type": BALANCE_EVENT,
        "tenant_key": Tenant.objects.own().tenant_key or "tenant_a",
        "created_at": moment,
        "subject": account_id,
        "payload": {"schema": "2.0", "header": {}, "event": body},
        **event,
    }
    told = keep_event(**values)
    handle_events()
    told.refresh_from_db()
    return told


def handle_events() -> None:
    while batch := dispatch.claim():
        dispatch.handle(batch)


def balances(account: ReferralAccount) -> dict[str, Decimal]:
    return dict(Balance.objects.filter(account=account).values_list("asset", "amount"))


def history(account: ReferralAccount) -> list[tuple[str, Decimal, Decimal, str]]:
    """(asset, before, after, cause), oldest first."""
    changes = BalanceChange.objects.filter(account=account).order_by("pk")
    return list(changes.values_list("asset", "before", "after", "cause"))


@pytest.fixture
def pages(client_of: Callable[..., Client]) -> Callable[..., Client]:
    """``pages(hira)``: her browser, in English."""

    def pages(person: Any) -> Client:
        client = client_of(person)
        client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "en"
        return client

    return pages
