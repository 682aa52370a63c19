"""The home page of one person: what waits for them, how hireops is, and what was going on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hireops.database import clock
from hireops.desk import figures
from hireops.desk.cards import Card, cards_for, loudest_first
from hireops.desk.charts import charts_for
from hireops.desk.display import duration
from hireops.desk.first_steps import first_steps_for, simulator
from hireops.desk.staff import Reader


@dataclass(frozen=True, slots=True)
class Waiting:
    """``age`` is how long the oldest has waited, in words; empty where nobody asks."""

    card: Card
    age: str


def home_of(reader: Reader) -> dict[str, Any]:
    """What the page's template shows."""
    with clock.held(), figures.read_together():
        return _home_of(reader)


def _home_of(reader: Reader) -> dict[str, Any]:
    cards = cards_for(reader)
    work = [card for card in cards if card.about == "work"]
    system = [card for card in cards if card.about == "system"]
    charts = charts_for(reader)
    return {
        "cards": cards,
        "waiting": _waiting([card for card in work if not card.is_idle]),
        "idle": [card for card in work if card.is_idle],
        "alarms": loudest_first([card for card in system if card.is_loud]),
        "quiet": [card for card in system if not card.is_loud],
        "is_alarmed": any(card.tone == "bad" for card in system),
        "first_steps": first_steps_for(reader),
        "simulator": simulator(),
        "charts": [(chart, chart.draw()) for chart in charts],
    }


def _waiting(cards: Sequence[Card]) -> list[Waiting]:
    now = clock.now() if any(card.since for card in cards) else None
    return [Waiting(card, _age(card.since, now)) for card in loudest_first(cards)]


def _age(since: datetime | None, now: datetime | None) -> str:
    return duration(now - since) if since and now else ""
