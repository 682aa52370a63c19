"""How values come from Feishu, and come again from an answer that was stored as JSON.

An amount is a JSON number on the wire, a ``Decimal`` in a fresh answer and its exact text in a stored one;
all three read the same. What cannot be read is a ``FeishuError`` with ``UNKNOWN`` that names the field, never
a guess.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hireops.feishu import sentences
from hireops.feishu.errors import Advice, FeishuError, Outcome

_CENT = Decimal("0.01")
_TOO_MUCH = Decimal(10) ** 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_TEXT = re.compile(r"[0-9]{13}")
_NUMBER_TEXT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")

# By their number from 1 (contract 2.8).
CURRENCIES = (
    *("CNY", "USD", "GBP", "HKD", "TWD", "EUR", "JPY", "INR", "MYR", "SGD", "DKK", "CHF"),
    *("RUB", "VND", "IDR", "BRL", "THB", "AED", "KRW", "MOP", "AUD", "MAD", "CAD", "NZD"),
    *("NOK", "SAR", "LAK", "KHR", "MMK", "NPR", "TRY", "ILS", "PLN", "MXN", "EGP", "PHP"),
    *("ZAR", "SEK", "BND", "GEL", "KGS", "BYN", "AZN", "NGN", "CDF", "ZWL", "PKR", "BDT"),
)
_ISO_BY_NUMBER = {str(number): iso for number, iso in enumerate(CURRENCIES, 1)}


def unreadable(field: str) -> FeishuError:
    """Asking again would give the same answer, so the advice is a person."""
    return FeishuError(Outcome.UNKNOWN, sentences.UNREADABLE % {"field": field}, advice=Advice.ASK_PERSON)


def member(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of this name."""
    value = data.get(name)
    if isinstance(value, dict):
        return value
    raise unreadable(name)


def optional_member(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of this name; {} if Feishu left it out."""
    return {} if data.get(name) is None else member(data, name)


def members(data: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The list of objects of this name; [] if Feishu left it out."""
    value = data.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise unreadable(name)


def text(data: dict[str, Any], name: str) -> str:
    """The text of this name; "" if Feishu left it out."""
    value = data.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise unreadable(name)


def texts(data: dict[str, Any], name: str) -> tuple[str, ...]:
    """The list of texts of this name; () if Feishu left it out."""
    value = data.get(name)
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise unreadable(name)


def next_page(data: dict[str, Any]) -> str:
    """The token that gives the next page; "" if this is the last one, even where Feishu sends a token."""
    return identifier(data, "page_token") if data.get("has_more") is True else ""


def identifier(data: dict[str, Any], name: str) -> str:
    """The id of this name, which must be there."""
    value = text(data, name)
    if value:
        return value
    raise unreadable(name)


def whole(data: dict[str, Any], name: str, default: int | None = None) -> int:
    """The whole number of this name; ``default`` if Feishu left it out."""
    if data.get(name) is None and default is not None:
        return default
    number = _number(data, name)
    if number == number.to_integral_value():
        return int(number)
    raise unreadable(name)


def amount(data: dict[str, Any], name: str) -> Decimal:
    """The amount of this name with two decimals, half a cent rounded up."""
    return _number(data, name).quantize(_CENT, ROUND_HALF_UP)


def moment(data: dict[str, Any], name: str) -> datetime:
    """The time of this name (Unix milliseconds on the wire) in UTC."""
    value = str(data.get(name))
    if _MILLISECONDS_TEXT.fullmatch(value):
        return _EPOCH + timedelta(milliseconds=int(value))
    raise unreadable(name)


def currency(data: dict[str, Any], name: str) -> str:
    """The currency of this name as ISO text in capitals, however Feishu writes it."""
    value = data.get(name)
    written = str(value).strip().upper() if type(value) in {int, str} else ""
    if not written:
        raise unreadable(name)
    return _ISO_BY_NUMBER.get(written, written)


def _number(data: dict[str, Any], name: str) -> Decimal:
    value = data.get(name)
    if type(value) in {int, Decimal, str} and _NUMBER_TEXT.fullmatch(str(value)):
        number = Decimal(str(value))
        if abs(number) < _TOO_MUCH:
            return number
    raise unreadable(name)
