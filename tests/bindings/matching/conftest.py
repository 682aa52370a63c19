from datetime import timedelta
from itertools import count

import pytest

from bindings.matching import one_time_codes
from bindings.models import BindingCode, Customer, EcoAccount, MatchingRule
from hireops.database import clock

NUMBERS = count(1)
KEY = "customer_code"


@pytest.fixture
def customer(db):
    """``customer("A001")``: one of ours."""

    def customer(code, name="", **values):
        return Customer.objects.create(code=code, name=name or f"客户{code}", **values)

    return customer


@pytest.fixture
def rule(db):
    """``rule("code")``: the field ``customer_code`` of the form for background checks is read like that."""

    def rule(kind="code", key=KEY, position=1, **values):
        known = {"scope": 1, "key": key, "kind": kind, "position": position, "proposes_only": False}
        return MatchingRule.objects.create(**known | values)

    return rule


@pytest.fixture
def issued(db, otto):
    """``issued(customer)``: a binding code, as the customer gets it."""

    def issued(customer, *, expired=False):
        code, now = one_time_codes.made(), clock.now()
        BindingCode.objects.create(
            customer=customer,
            digest=one_time_codes.digest(code),
            hint=one_time_codes.hint(code),
            issued_by=otto,
            expires_at=now + timedelta(days=-1 if expired else 30),
        )
        return one_time_codes.in_groups(code)

    return issued


@pytest.fixture
def arrives(bound):
    """``arrives("A001", tenant_key="t")``: an account with that typed into the field comes by event."""

    def arrives(typed, *, account_id=None, key=KEY, name="背调账号", **event):
        account_id = account_id or f"acct{next(NUMBERS)}"
        fields = [{"key": key, "value": typed}] if isinstance(typed, str) else typed
        body = {"scope": 1, "account_id": account_id, "account_name": name, "usage_list": [1]}
        handled = bound({**body, "custom_field_list": fields}, **event)
        assert handled.state == "handled", handled.reason
        return EcoAccount.objects.get(event=handled)

    return arrives
