"""JSON from outside, as text: can it be stored, and stored without a secret.

Everything is decided on the *text*, because the text is what gets stored: a flaw that Python's parser hides
(a NUL in the first of two equal keys) would still be refused by PostgreSQL's jsonb.
"""

import json
import re
from math import isinf
from typing import Any, NoReturn

NUMBER_MAX_CHARS = 100
EXPONENT_MAX = 400
DEPTH_MAX = 100

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"')
# Such a text between two quotes is a string: what JSON has between two strings is never like it.
_NEVER_BETWEEN_STRINGS = re.compile(r"[A-Za-z0-9_.-]+")
_STRING_OR_BRACKET = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]")
# Reads escapes from left to right; the group is set where PostgreSQL's text has no room for one.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u0000|u[dD][89a-fA-F]..)|.)")


class UnreadableTextError(ValueError):
    """Why an authentic text cannot be stored; what it says is a msgid."""


def gettext_noop(message: str) -> str:
    """Marks ``message`` as Django's own does, but needs no settings: this module runs without a project."""
    return message


def refuse_constant(name: str) -> NoReturn:
    """For ``parse_constant``: NaN and Infinity are no JSON."""
    raise UnreadableTextError(gettext_noop("A number is NaN or infinite."))


def _float(literal: str) -> float:
    """The number, if PostgreSQL can keep it: 1e999 and 1e-99999 are valid JSON, but no amounts."""
    number = float(literal)
    exponent = literal.lower().partition("e")[2]
    if isinf(number) or len(literal) > NUMBER_MAX_CHARS or abs(int(exponent or 0)) > EXPONENT_MAX:
        raise UnreadableTextError(gettext_noop("A number is too large, too small or too long."))
    return number


_decoder = json.JSONDecoder(parse_float=_float, parse_constant=refuse_constant)
# Reads what has impossible numbers in it, to find out whose it is.
_lenient_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTextError(gettext_noop("The text is not UTF-8.")) from error


def parse(text: str) -> tuple[dict[str, Any], str]:
    """The JSON object in ``text``, and the flaw for which it cannot be stored ("" if there is none)."""
    try:
        envelope, flaw = _decode(text)
    except RecursionError as error:
        raise UnreadableTextError(gettext_noop("The JSON is nested too deeply.")) from error
    except json.JSONDecodeError as error:
        raise UnreadableTextError(gettext_noop("The text is not JSON.")) from error
    if not isinstance(envelope, dict):
        raise UnreadableTextError(gettext_noop("The JSON is not an object."))
    return envelope, flaw or _flaw_of_text(text)


def _decode(text: str) -> tuple[Any, str]:
    try:
        return _decoder.decode(text), ""
    except json.JSONDecodeError:
        raise
    except UnreadableTextError as flaw:
        return _lenient_decoder.decode(text), str(flaw)
    except ValueError:  # Python's limit of 4,300 digits
        return _lenient_decoder.decode(text), gettext_noop("A number is too large, too small or too long.")


def _flaw_of_text(text: str) -> str:
    if "\\u" in text and any(escape[1] for escape in _ESCAPE.finditer(text)):
        return gettext_noop("A text contains NUL or half a surrogate pair.")
    if is_too_deep(text):
        return gettext_noop("The JSON is nested too deeply.")
    return ""


def is_too_deep(text: str) -> bool:
    """Whether the JSON ``text`` is nested deeper than anything that Feishu sends."""
    return text.count("{") + text.count("[") > DEPTH_MAX and _depth(text) > DEPTH_MAX


def _depth(text: str) -> int:
    """How deep the JSON ``text`` is nested, without recursion."""
    level = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in "[{":
            level += 1
            deepest = max(deepest, level)
        elif token[0] in "]}":
            level -= 1
    return deepest


def blanked(text: str, *secrets: str) -> str:
    """The JSON ``text`` with ``"***"`` for each string that is one of ``secrets``, however it is escaped."""
    for secret in secrets:
        text = replaced(text, secret, "***")
    return text


def replaced(text: str, secret: str, by: str) -> str:
    """The JSON ``text`` with ``by`` for each string that is ``secret``; ``by`` needs no escapes."""
    if "\\" not in text and _NEVER_BETWEEN_STRINGS.fullmatch(secret):
        return text.replace(f'"{secret}"', f'"{by}"')

    def blank(string: re.Match[str]) -> str:
        literal = string[0]
        value = _decoder.decode(literal) if "\\" in literal else literal[1:-1]
        return f'"{by}"' if value == secret else literal

    return _STRING.sub(blank, text)
