"""No sentence of the other language on any page, and none of the words that we don't use.

A page that is new is found by itself. What is on it is somebody's name or Feishu's own words? Then either the
page says so (``translate="no"``, ``lang``, ``code``), or ``world.py`` knows its column.
"""

from collections import defaultdict

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.databases import Database
from tests.selection import on_sqlite
from tests.words.judging import CHINESE, ENGLISH, mistakes
from tests.words.reading import texts
from tests.words.site import page, visits, visits_of_a_stranger

pytestmark = [on_sqlite, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def reader(world: Database) -> Client:
    """May open everything."""
    client = Client(raise_request_exception=False)
    superuser = User.objects.filter(username="Ÿ").first() or User.objects.create_superuser("Ÿ")
    client.force_login(superuser)
    return client


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_no_page_says_anything_in_the_other_language(reader: Client, language: str) -> None:
    reader.cookies["django_language"] = language
    found: dict[str, list[str]] = defaultdict(list)
    for who, where in ((reader, visits()), (_stranger(language), visits_of_a_stranger())):
        for visit in where:
            for text in texts(page(who, visit)):
                for wrong in mistakes(text, language):
                    found[f"{wrong} in “{text}”"].append(str(visit))
    assert not found, "\n".join(
        f"{what}: {len(pages)} pages, such as {pages[0]}" for what, pages in sorted(found.items())
    )


def _stranger(language: str) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    return client
