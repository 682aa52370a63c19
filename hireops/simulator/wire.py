"""JSON as this Feishu writes it: Chinese as it is, and a ``Decimal`` as a number with all its digits."""

import json
import re
import secrets
from decimal import Decimal
from typing import Any

# ``json`` knows no exact decimals: they pass through it as texts that nobody can guess, then lose the quotes.
_MARK = secrets.token_hex(16)
_MARKED = re.compile(f'"{_MARK}(-?[0-9]+(?:[.][0-9]+)?)"')


def to_json(value: Any, **options: Any) -> str:
    """``value`` as JSON text: ``{"amount": Decimal("100.00")}`` becomes ``{"amount": 100.00}``."""
    written = json.dumps(value, ensure_ascii=False, default=_marked, **options)
    return _MARKED.sub(r"\1", written) if _MARK in written else written


def from_json(written: str) -> Any:
    """What ``to_json`` wrote, with its decimals."""
    return json.loads(written, parse_float=Decimal)


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form")
