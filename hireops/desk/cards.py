"""What the home page shows above the menu: one card per thing that waits for staff today."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise

from hireops.desk.paging import bounded_count
from hireops.desk.staff import Reader
from hireops.desk.states import Tone

Text = str | Promise
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Card:
    title: Text
    value: int | str
    note: Text = ""
    url: str = ""
    tone: Tone = "ok"


CardFunction = Callable[[Reader], Card | None]

_card_functions: list[CardFunction] = []


def register(function: CardFunction) -> CardFunction:
    """Show the card that ``function(reader)`` returns; None where it does not concern that reader.

    Called on every visit of the home page, so its query must be cheap on a large table.
    """
    _card_functions.append(function)
    return function


def cards_for(reader: Reader) -> list[Card]:
    """The cards of this reader, in the order of registration."""
    return [card for function in _card_functions if (card := function(reader)) is not None]


def counted(rows: QuerySet[Any]) -> int:
    """How many there are; not more than ``MOST_COUNTED``, so that the query stays cheap."""
    return bounded_count(rows, MOST_COUNTED)


def list_url(model: str, query: str) -> str:
    """The admin's list of ``model`` (such as ``referrals_case``), narrowed by ``query``."""
    return f"{reverse(f'admin:{model}_changelist')}?{query}"
