"""An installation whose first approver was named long ago; a person with a password and a phone."""

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
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


LOGIN = "/account/login/"
PASSWORD = "correct-horse-7"


class Phone:
    """An authenticator app (RFC 6238), which is not of the library that is tested with it."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def code(self, *, steps_later: int = 0) -> str:
        counter = int(time.time()) // 30 + steps_later
        mac = hmac.new(base64.b32decode(self.secret), struct.pack(">Q", counter), hashlib.sha1).digest()
        at = mac[-1] & 15
        return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


@pytest.fixture
def mei(db: None) -> User:
    """Of the staff, with a password and without a role; her pages are English."""
    return User.objects.create_user("mei", email="mei@example.com", password=PASSWORD, is_staff=True)


@pytest.fixture
def her_phone(mei: User) -> Phone:
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    TOTP.activate(mei, secret)
    return Phone(secret)


def sign_in(client: Client, name: str = "mei", password: str = PASSWORD, **more: str) -> str:
    """Where it leads; empty if it leads nowhere."""
    answer = client.post(LOGIN, {"login": name, "password": password, **more})
    return answer.headers.get("Location", "")


def complaint(client: Client, name: str = "mei", password: str = "wrong") -> str:
    """What the page says to it."""
    page = client.post(LOGIN, {"login": name, "password": password}).content.decode()
    return "".join(re.findall(r'<p class="errornote">([^<]*)</p>', page))


def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def hidden_fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


__all__ = ["DELAY", "Clock", "may", "role"]
