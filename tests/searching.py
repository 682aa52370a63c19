"""Typing into the search field of a list, and pressing the button that shows personal data."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client


def search(browser: Client, page: str, term: str, **filters: str) -> Any:
    """The list that the search field of ``page`` leads to."""
    return browser.post(f"{page}search/?{urlencode(filters)}", {"q": term}, follow=True)


def found(answer: Any) -> list[Any]:
    return list(answer.context["cl"].result_list)


def reveal(browser: Client, page: str, **form: str) -> Any:
    """What somebody sees of the row with this ``.../change/`` page after *Show personal data*."""
    return browser.post(f"{page.removesuffix('change/')}reveal/", form, follow=True)
