"""What the home page shows above the menu: a card for each thing that waits, or that tells how hireops is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Aggregate, Count, QuerySet
from django.urls import reverse
from django.utils.functional import Promise

from hireops.desk.paging import at_most, bounded_count
from hireops.desk.staff import Reader
from hireops.desk.states import Tone

Text = str | Promise
# *work*: it waits for who may do it. *system*: how hireops itself is; it is quiet as long as all is well.
About = Literal["work", "system"]
MOST_COUNTED = 1000
LOUDEST_FIRST: list[Tone] = ["bad", "warn", "busy", "ok", "quiet"]


@dataclass(frozen=True, slots=True)
class Card:
    """``sums`` are amounts in words, one for each currency; ``since`` is when the oldest began to wait."""

    title: Text
    value: int | str
    note: Text = ""
    url: str = ""
    tone: Tone = "ok"
    about: About = "work"
    sums: Sequence[str] = ()
    since: datetime | None = None

    @property
    def is_loud(self) -> bool:
        return self.tone in {"warn", "bad"}

    @property
    def is_idle(self) -> bool:
        """Nothing waits; there is only its list to go to."""
        return not self.value and not self.is_loud


CardFunction = Callable[[Reader], Card | None]

_card_functions: list[CardFunction] = []


def register(function: CardFunction) -> CardFunction:
    """Show the card that ``function(reader)`` returns; None where it does not concern that reader.

    A card of work concerns who has the right to do it, and counts what this very person may do. Called on
    every visit of the home page, so its query must be cheap on a large table.
    """
    _card_functions.append(function)
    return function


def cards_for(reader: Reader) -> list[Card]:
    """The cards of this reader, in the order of registration."""
    return [card for function in _card_functions if (card := function(reader)) is not None]


def loudest_first(cards: Sequence[Card]) -> list[Card]:
    """Otherwise in their order."""
    return sorted(cards, key=lambda card: LOUDEST_FIRST.index(card.tone))


def counted(rows: QuerySet[Any]) -> int:
    """How many there are; not more than ``MOST_COUNTED``, so that the query stays cheap."""
    return bounded_count(rows, MOST_COUNTED)


def counted_with(rows: QuerySet[Any], **figures: Aggregate) -> dict[str, Any]:
    """``counted`` as ``count``, and ``figures`` of the rows that are counted, in one query.

    ``rows`` are in an order that an index has: of more than are counted, the figures are of the first.
    """
    found = rows[: MOST_COUNTED + 1].aggregate(count=Count("pk"), **figures)
    return found | {"count": at_most(found["count"], MOST_COUNTED)}


def list_url(model: str, query: str) -> str:
    """The admin's list of ``model`` (such as ``referrals_case``), narrowed by ``query``."""
    return f"{reverse(f'admin:{model}_changelist')}?{query}"
