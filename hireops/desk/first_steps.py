"""What somebody who starts does first: three steps, on the home page while there is nothing to see yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from hireops.desk.cards import Text
from hireops.desk.staff import Reader


@dataclass(frozen=True, slots=True)
class Step:
    """``url`` is empty for what happens by itself."""

    title: Text
    text: Text
    url: str = ""
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """``in_the_demo`` says what to play on the simulator's page for them."""

    title: Text
    steps: Sequence[Step]
    in_the_demo: Text = ""


FirstStepsFunction = Callable[[Reader], FirstSteps | None]

_functions: list[FirstStepsFunction] = []


def register(function: FirstStepsFunction) -> FirstStepsFunction:
    """Show the steps that ``function(reader)`` returns; None for who does other work, or has begun."""
    _functions.append(function)
    return function


def first_steps_for(reader: Reader) -> list[FirstSteps]:
    return [steps for function in _functions if (steps := function(reader)) is not None]


def simulator() -> str:
    """Where Feishu is played in the demo; empty elsewhere."""
    return settings.FEISHU_BASE_URL if settings.DEMO else ""
