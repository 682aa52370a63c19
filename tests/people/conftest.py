"""An installation whose first approver was named long ago, so that who comes later waits."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from hireops.desk.roles import ROLES
from tests.clocks import Clock

DELAY = timedelta(hours=24)


@pytest.fixture
def delayed(settings: Any) -> None:
    """As outside the demo."""
    settings.PEOPLE_PAYOUT_DELAY_HOURS = 24


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="root's own")


def role(name: str) -> Group:
    return Group.objects.get(name=ROLES[name])


def may(person: User, right: str = "referrals.approve_withdrawal") -> bool:
    """As a page asks it of who is signed in."""
    client = Client()
    client.force_login(person)
    request = client.get("/admin/").wsgi_request
    return request.user.has_perm(right)


__all__ = ["DELAY", "Clock", "may", "role"]
