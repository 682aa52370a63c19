"""What the home page shows above the menu: one card per thing that waits for staff today."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import Promise

Text = str | Promise
Tone = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Card:
    title: Text
    value: int | str
    note: Text = ""
    url: str = ""
    tone: Tone = "ok"


CardFunction = Callable[[User | AnonymousUser], Card | None]

_card_functions: list[CardFunction] = []


def register(function: CardFunction) -> CardFunction:
    """Show the card that ``function(user)`` returns; None where it does not concern that user.

    Called on every visit of the home page, so its query must be cheap on a large table.
    """
    _card_functions.append(function)
    return function


def cards_for(user: User | AnonymousUser) -> list[Card]:
    """The cards of this user, in the order of registration."""
    return [card for function in _card_functions if (card := function(user)) is not None]
