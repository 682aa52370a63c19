"""Kinds of work that are known in one test."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from hireops.jobs import registry
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, Step, repeated
from tests.jobs.kinds import COUNTING, count_on


@pytest.fixture
def pages(client_of: Callable[[User], Client]) -> Callable[[User], Client]:
    """``pages(otto)``: his browser, in English."""

    def pages(person: User) -> Client:
        browser = client_of(person)
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return browser

    return pages


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kind]:
    """``kind("x", part)``: a kind of work that is known in this test."""

    def kind(name: str, part: Callable[[Job], Step] = count_on, **values: Any) -> Kind:
        made = Kind(name=name, label=name.title(), **{"parts": repeated(part), **values})
        monkeypatch.setitem(registry._kinds, name, made)
        return made

    return kind


@pytest.fixture(autouse=True)
def _counting_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._kinds, COUNTING.name, COUNTING)
