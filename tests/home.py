"""The figures of somebody's home page, beside how many rows the lists have that they lead to."""

from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

from hireops.desk.cards import cards_for

# It counts what differs at Feishu, also fields that are no rows any more.
OF_SOMETHING_ELSE = {"Custom fields not yet pushed"}


def figures_and_rows(person: User, client: Client) -> dict[str, tuple[int, int]]:
    """By title, of every card that is a number of rows."""
    found = {}
    for card in cards_for(person):
        if isinstance(card.value, int) and _is_list(card.url) and str(card.title) not in OF_SOMETHING_ELSE:
            answer = client.get(card.url)
            assert answer.status_code == 200, (card.url, answer.status_code)
            found[str(card.title)] = (card.value, answer.context["cl"].result_count)
    return found


def _is_list(url: str) -> bool:
    return bool(url) and str(resolve(urlsplit(url).path).url_name).endswith("_changelist")
