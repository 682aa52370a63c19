"""Checks of request bodies. A check yields one ``Violation`` for each thing that breaks the contract."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Check = Callable[[str, Any], Iterator["Violation"]]
Rule = Callable[[Any], tuple[str, str] | None]

_MILLISECONDS = re.compile(r"[0-9]{13}")
_LINK = re.compile(r"https?://[^\s/]\S*")


@dataclass(frozen=True, slots=True)
class Violation:
    """As in ``error.field_violations`` of contract 8.2; ``field`` is a path such as ``a.b[0].c``."""

    field: str
    value: str
    description: str


def field_violations(check: Check, body: Any) -> list[dict[str, str]]:
    """What is wrong with ``body``, ready for the answer; empty when it is right."""
    return [asdict(violation) for violation in check("", body)]


def text(*, at_most: int | None = None, may_be_empty: bool = False) -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, str):
            yield _wrong(field, value, "must be a string")
        elif not value.strip() and not may_be_empty:
            yield _wrong(field, value, "must not be empty")
        elif at_most is not None and len(value) > at_most:
            yield _wrong(field, value, f"must have at most {at_most} characters")

    return check


def integer(*allowed: int) -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield _wrong(field, value, "must be an integer")
        elif allowed and value not in allowed:
            yield _wrong(field, value, f"must be one of {', '.join(map(str, allowed))}")

    return check


def number(least: float, most: float) -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            yield _wrong(field, value, f"must be a number from {least:g} to {most:g}")

    return check


def whole(least: int, most: int) -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            yield _wrong(field, value, f"must be an integer from {least} to {most}")

    return check


def boolean() -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, bool):
            yield _wrong(field, value, "must be a boolean")

    return check


def choice(*allowed: str) -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if value not in allowed:
            yield _wrong(field, value, f"must be one of {', '.join(allowed)}")

    return check


def anything() -> Check:
    """Any object, whatever its members."""

    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield _wrong(field, value, "must be an object")

    return check


def millis(*, may_be_empty: bool = False) -> Check:
    """A text of 13 digits: Unix milliseconds, never seconds."""
    return _matching(_MILLISECONDS, "must be Unix milliseconds as a string", may_be_empty=may_be_empty)


def link(*, may_be_empty: bool = False) -> Check:
    return _matching(_LINK, "must be an http:// or https:// address", may_be_empty=may_be_empty)


def digits(least: int, most: int) -> Check:
    """A text that is a number in these bounds, as queries have it."""

    def check(field: str, value: Any) -> Iterator[Violation]:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            yield _wrong(field, value, f"must be a number from {least} to {most}")

    return check


def each(item: Check, *, at_least: int = 0, at_most: int | None = None) -> Check:
    """A list whose items all pass ``item``."""

    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, list):
            yield _wrong(field, value, "must be an array")
            return
        if len(value) < at_least:
            yield _wrong(field, value, f"must have at least {at_least} item(s)")
        if at_most is not None and len(value) > at_most:
            yield _wrong(field, value, f"must have at most {at_most} item(s)")
        for position, one in enumerate(value):
            yield from item(f"{field}[{position}]", one)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these members and no others."""
    known = {**required, **(optional or {})}

    def check(field: str, value: Any) -> Iterator[Violation]:
        if not isinstance(value, dict):
            yield _wrong(field, value, "must be an object")
            return
        for name in required.keys() - value.keys():
            yield _wrong(_member(field, name), "", "is required")
        for name, one in value.items():
            if name in known:
                yield from known[name](_member(field, name), one)
            else:
                yield _wrong(_member(field, name), one, "is not a parameter of this call")

    return check


def also(shape: Check, *rules: Rule) -> Check:
    """``shape``, and if it holds, rules across members, which return ``(member, what is wrong)`` or None."""

    def check(field: str, value: Any) -> Iterator[Violation]:
        violations = list(shape(field, value))
        yield from violations
        for rule in () if violations else rules:
            if wrong := rule(value):
                yield _wrong(_member(field, wrong[0]), "", wrong[1])

    return check


def i18n(*, may_be_empty: bool = False) -> Check:
    """``{zh_cn?, en_us?}``; a label must have text in at least one of them, a hint need not."""
    shape = record({}, {"zh_cn": text(may_be_empty=True), "en_us": text(may_be_empty=True)})

    def check(field: str, value: Any) -> Iterator[Violation]:
        violations = list(shape(field, value))
        yield from violations
        if not violations and not may_be_empty and not any(words.strip() for words in value.values()):
            yield _wrong(field, value, "must have a text in zh_cn or en_us")

    return check


def _matching(pattern: re.Pattern[str], otherwise: str, *, may_be_empty: bool) -> Check:
    def check(field: str, value: Any) -> Iterator[Violation]:
        if may_be_empty and value == "":
            return
        if not isinstance(value, str) or not pattern.fullmatch(value):
            yield _wrong(field, value, otherwise)

    return check


def _member(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _wrong(field: str, value: Any, description: str) -> Violation:
    return Violation(field, str(value)[:100], f"{field or 'body'} {description}")
