"""Reading what an event says, at the boundary: ``AppTicketEvent.of(payload)`` is typed, or ``Unreadable``.

What an event is worth nothing without is required. Whatever else is not as documented is empty, or kept as
the JSON that came: Feishu tells most things only once, so no event is refused for a part of it.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self

from hireops.feishu.callbacks import Unreadable
from hireops.feishu.strict_json import gettext_noop


class MissingContentError(Exception):
    """What is required is not there. The text is a sentence for staff (a msgid); only ``of`` sees it."""


class EventContent:
    """Base of what the events of one type say; a dataclass that has ``_read``."""

    __slots__ = ()
    without_event: ClassVar[str] = gettext_noop("The field event is missing or not an object.")

    @classmethod
    def of(cls, payload: object) -> Self | Unreadable:
        """``payload`` is the whole envelope (contract 6.3). Raises nothing, whatever is in it."""
        event = payload.get("event") if isinstance(payload, dict) else None
        if not isinstance(event, dict):
            return Unreadable(cls.without_event)
        try:
            return cls._read(event)
        except MissingContentError as missing:
            return Unreadable(str(missing))

    @classmethod
    def _read(cls, event: Mapping[str, Any]) -> Self:
        raise NotImplementedError


def required_text(event: Mapping[str, Any], name: str, otherwise: str) -> str:
    """The text of this name; ``MissingContentError(otherwise)`` if it is none, or blank."""
    value = event.get(name)
    if isinstance(value, str) and value.strip():
        return value
    raise MissingContentError(otherwise)


def text(value: object) -> str:
    """Text as it is, nothing as "", and what should have been text as the JSON that came."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def mapping(value: object) -> Mapping[str, Any]:
    """The object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def elements(value: object) -> list[Any]:
    """The list; an empty one for anything else."""
    return value if isinstance(value, list) else []
