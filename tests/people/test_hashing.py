"""Passwords are hashed two at a time, whoever asks; who would wait for long is told so."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password
from django.contrib.auth.models import User
from django.urls import reverse

from hireops.people.hashing import TooManyPasswordsError, TurnTakingHasher, turn

PASSWORD = "correct horse battery staple"


@pytest.fixture
def _real_hashing(settings):
    settings.PASSWORD_HASHERS = ["hireops.people.hashing.TurnTakingHasher"]


def test_of_eight_at_once_four_are_hashed_and_four_refused_at_once():
    def hashed(number: int) -> tuple[str, float]:
        started = time.monotonic()
        try:
            TurnTakingHasher().encode(f"password {number}", "salt", iterations=300_000)
        except TooManyPasswordsError:
            return "refused", time.monotonic() - started
        return "hashed", time.monotonic() - started

    with ThreadPoolExecutor(8) as people:
        outcomes = list(people.map(hashed, range(8)))
    assert Counter(outcome for outcome, _ in outcomes) == {"hashed": 4, "refused": 4}
    assert max(seconds for outcome, seconds in outcomes if outcome == "refused") < 0.5


@pytest.mark.usefixtures("_real_hashing")
def test_passwords_that_were_hashed_before_are_still_right():
    kept = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    assert check_password(PASSWORD, kept)
    assert not check_password("wrong", kept)


@pytest.mark.usefixtures("_real_hashing", "db")
@pytest.mark.parametrize("person", ["ann", "nobody"])
def test_signing_in_while_others_do_is_429_in_words_after_a_second(client, person):
    User.objects.create_user("ann", password=PASSWORD, is_staff=True)
    page = reverse(django_settings.LOGIN_URL)
    form = {"username": person, "login": person, "password": PASSWORD}
    with ExitStack() as others:
        others.enter_context(turn())
        others.enter_context(turn())
        started = time.monotonic()
        refused = client.post(page, form, headers={"Accept-Language": "zh-hans"})
        waited = time.monotonic() - started
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "请等几秒" in refused.content.decode()
    assert waited < 2
    assert "_auth_user_id" not in client.session
    if person == "ann":
        assert client.post(page, form).status_code == 302


def test_no_other_hasher_is_installed():
    """Read as hireops is started: the settings of tests have a quick one instead."""
    from hireops import settings  # noqa: PLC0415

    assert settings.PASSWORD_HASHERS == ["hireops.people.hashing.TurnTakingHasher"]
