"""Who approves sets up a second factor when they first sign in, and types a code of it from then on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.visitor import Door, Visitor
from tests.browser.world import PASSWORD, World, world
from tests.databases import Database
from tests.people.conftest import Phone

# The approver signs in in Chinese, the administrator in English.
WHO = {"zh-hans": "ada", "en": "otto"}


@pytest.fixture(scope="module")
def site(database: Database, folder: Path) -> Iterator[World]:
    with world(database, folder, SECOND_FACTOR_ROLES="hr_approver,administrator") as site:
        yield site


def test_a_second_factor_is_set_up_and_asked_for(door: Door, language: str) -> None:
    person = door.stranger(language)
    _type_the_password(person, WHO[language])
    person.follow("Set up an authenticator app")
    phone = Phone(person.page.locator("code.secret").inner_text())
    person.fill("Verification code", phone.code())
    person.confirm()
    assert person.page.locator("ul.codes li").count() == 10

    again = door.stranger(language)
    _type_the_password(again, WHO[language])
    again.fill("Verification code", phone.code(steps_later=1))
    again.press("Log in")
    again.sees("Waiting for me")


def _type_the_password(person: Visitor, login: str) -> None:
    person.open("/admin/")
    person.fill("User name or email address", login)
    person.fill("Password", PASSWORD)
    person.press("Log in")
