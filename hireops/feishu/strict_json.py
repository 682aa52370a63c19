"""JSON from outside, as text: can it be stored, and stored without a secret.

Everything is decided on the *text*, because the text is what gets stored: a flaw that Python's parser hides
(a NUL in the first of two equal keys) would still be refused by PostgreSQL's jsonb.
"""

import json
import re
from collections.abc import Iterator
from math import isinf
from typing import Any, NoReturn

NUMBER_MAX_CHARS = 100
EXPONENT_MAX = 400
# More than any document has. How much deeper a parser or a database would get depends on its version.
DEPTH_MAX = 64

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


class ShallowDecoder(json.JSONDecoder):
    """For ``json.loads(cls=…)`` of a text from outside: what is nested too deeply is no JSON."""

    def decode(self, s: str, *args: Any) -> Any:
        if is_too_deep(s):
            raise json.JSONDecodeError("nested too deeply", s, 0)
        return super().decode(s, *args)


def utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTextError(gettext_noop("The text is not UTF-8.")) from error


def parse(text: str) -> tuple[dict[str, Any], str]:
    """The JSON object in ``text``, and the flaw for which it cannot be stored ("" if there is none)."""
    try:
        envelope, flaw = _decode(_cut(text) if is_too_deep(text) else text)
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
    brackets = text.count("{") + text.count("[")
    return brackets > DEPTH_MAX and any(level > DEPTH_MAX for level, _bracket in _brackets(text))


def _cut(text: str) -> str:
    """The JSON ``text`` with null for all that is nested too deeply."""
    kept, begin = [], 0
    for level, bracket in _brackets(text):
        if level > DEPTH_MAX and begin < len(text):
            kept += [text[begin : bracket.start()], "null"]
            begin = len(text)
        elif level == DEPTH_MAX and begin == len(text):
            begin = bracket.end()
    return "".join([*kept, text[begin:]])


def _brackets(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Each bracket outside of strings, and the level that it leads to."""
    level = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in "[{]}":
            level += 1 if token[0] in "[{" else -1
            yield level, token


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
