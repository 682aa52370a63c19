"""What one room shows on the page of another room's rows, so that the page's own room need not know it.

A template that has such sections says ``{% include "admin/desk/sections.html" %}``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from hireops.desk.cards import Text


@dataclass(frozen=True, slots=True)
class Section:
    """``template`` is given the whole section as ``section``."""

    title: Text
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


SectionFunction = Callable[[HttpRequest, Any], Section | None]

_functions: dict[type[Model], list[SectionFunction]] = {}


def register(model: type[Model], function: SectionFunction) -> None:
    """Show the section that ``function(request, obj)`` returns on the page of each row of ``model``; None
    where it does not concern that person."""
    _functions.setdefault(model, []).append(function)


def sections_of(request: HttpRequest, obj: Model) -> list[Section]:
    """In the order of registration."""
    shown = (function(request, obj) for function in _functions.get(type(obj), ()))
    return [section for section in shown if section is not None]
