"""Referral accounts of some customer, and people at their browsers, in English."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from hireops.feishu.models import Tenant
from referrals.models import ReferralAccount
from tests.referrals.conftest import tell

NUMBERS = count(1)


@pytest.fixture
def pages(client_of: Callable[[User], Client]) -> Callable[[User], Client]:
    """``pages(hira)``: her browser."""

    def pages(person: User) -> Client:
        browser = client_of(person)
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return browser

    return pages


@pytest.fixture
def account(db: None) -> Callable[..., ReferralAccount]:
    """``account(CNY="12.30", name="张三")``"""
    tenant = Tenant.objects.own()

    def account(**values: Any) -> ReferralAccount:
        points = values.pop("points", 0)
        cash = {currency: values.pop(currency) for currency in list(values) if currency.isupper()}
        number = next(NUMBERS)
        fields = {
            "source": ReferralAccount.Source.REGISTERED,
            "account_id": f"69427781980541{number:05}",
            "mobile": f"+86138{number:08}",
            "email": f"worker{number}@example.com",
            "name": "张三丰",
        }
        made = ReferralAccount.objects.create(tenant=tenant, **{**fields, **values})
        if points or cash:
            tell(made.account_id, points=points, cash=cash)
        return made

    return account
