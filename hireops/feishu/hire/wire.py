"""How values go to Feishu: ids as text, times as text of Unix milliseconds, nothing that was left out.

What an outbox call has kept as JSON goes the same way as what Python passes: there, a datetime has become
ISO 8601 text, and is understood as such.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

Moment = datetime | str  # aware; or its text in ISO 8601 with an offset, or in Unix milliseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MILLISECONDS_TEXT = re.compile(r"[0-9]{13}")  # the years 2001 to 2286


class I18n(TypedDict, total=False):
    """A text in one language or both."""

    zh_cn: str
    en_us: str


def content(**fields: Any) -> dict[str, Any]:
    """``fields`` as the body of a request; those that are None are left out, at every depth.

    The names decide: ``..._time`` is a ``Moment``, ``id`` and ``..._id`` are text. Raises ``TypeError`` for
    an id that is none and for what JSON cannot carry exactly (a float first of all), ``ValueError`` for an
    empty id and an unclear time.
    """
    return {name: _value(name, value) for name, value in fields.items() if value is not None}


def query(**fields: Any) -> dict[str, str]:
    """The same as a query, where every value is text."""
    return {name: str(value) for name, value in content(**fields).items()}


def milliseconds(moment: Moment) -> str:
    """Unix milliseconds as text; what is finer is cut off."""
    if isinstance(moment, str):
        if _MILLISECONDS_TEXT.fullmatch(moment):
            return moment
        moment = datetime.fromisoformat(moment)
    if not isinstance(moment, datetime):
        raise TypeError(f"a time is a datetime, not {type(moment).__name__}")
    if moment.tzinfo is None:
        raise ValueError("a time needs its time zone")
    return str((moment - _EPOCH) // _MILLISECOND)


def require_length(value: str, name: str, *, at_most: int) -> None:
    """Raise ``ValueError`` for a text that is empty or longer than Feishu keeps."""
    if not 1 <= len(value) <= at_most:
        raise ValueError(f"{name} must have 1 to {at_most} characters, not {len(value)}")


def require_scope(scope: int) -> None:
    """Raise ``ValueError`` unless it is 1 (background check) or 2 (exam)."""
    if scope not in {1, 2}:
        raise ValueError(f"scope must be 1 or 2, not {scope!r}")


def _value(name: str, value: Any) -> Any:
    if name.endswith("_time"):
        return milliseconds(value)
    if name == "id" or name.endswith("_id"):
        return _id(name, value)
    match value:
        case str() | bool() | int():
            return value
        case dict():
            return content(**value)
        case list() | tuple():
            element = name.removesuffix("_list")
            return [_value(element, member) for member in value]
    raise TypeError(f"{name} cannot be sent as {type(value).__name__}")


def _id(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is a text, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{name} is empty")
    return value
