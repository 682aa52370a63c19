"""How hireops is: figures with a verdict, for people on the health page and for machines at ``/metrics``.

Apps register functions that give a ``Section``; a figure is defined once and shown in both places. What is
*urgent* (silence, a stopped process, a broken promise) is also asked on every visit of the home page, so its
queries must be cheap; all of them must stay quick on large tables.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hireops.desk.cards import Text
from hireops.desk.states import Tone

PERMISSION = "desk.view_heartbeat"


@dataclass(frozen=True, slots=True)
class Metric:
    """``help`` is one English sentence for whoever looks at the machine's side."""

    name: str
    help: str


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` is for machines (None: there is none now), ``shown`` for people."""

    metric: Metric
    label: Text
    value: float | None
    shown: Text
    note: Text = ""
    tone: Tone = "ok"
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: Text
    figures: Sequence[Figure]
    note: Text = ""
    details: Sequence[Text] = ()


SectionFunction = Callable[[], Section]

_functions: list[tuple[SectionFunction, bool]] = []


def register(function: SectionFunction, *, urgent: bool = False) -> SectionFunction:
    """Show the section that ``function()`` returns; it holds nothing personal."""
    _functions.append((function, urgent))
    return function


def sections() -> list[Section]:
    return [function() for function, _urgent in _functions]


def alarms() -> list[Figure]:
    """What cannot wait: the urgent figures that are bad."""
    urgent = (function() for function, is_urgent in _functions if is_urgent)
    return [figure for section in urgent for figure in section.figures if figure.tone == "bad"]
