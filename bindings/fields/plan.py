"""What a push of custom fields would do to the customer's form. Pure: no database, no Django.

Feishu replaces the whole list of a scope with each push (contract 3.2), so the difference between the list
that it holds and the one that we want is worked out here, before anything is sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from enum import Enum
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form that a customer fills in when adding our account."""

    key: str
    name_zh: str
    name_en: str = ""
    description_zh: str = ""
    description_en: str = ""
    is_required: bool = False

    def as_sent(self) -> dict[str, Any]:
        """The field as Feishu wants it (contract 3.2). Empty texts are left out, never sent as ``""``."""
        sent: dict[str, Any] = {
            "key": self.key,
            "name": _i18n(self.name_zh, self.name_en),
            "is_required": self.is_required,
        }
        if description := _i18n(self.description_zh, self.description_en):
            sent["description"] = description
        return sent

    @classmethod
    def from_sent(cls, sent: Mapping[str, Any]) -> Self:
        """The field that ``as_sent`` gave."""
        description = sent.get("description", {})
        return cls(
            key=sent["key"],
            name_zh=sent["name"].get("zh_cn", ""),
            name_en=sent["name"].get("en_us", ""),
            description_zh=description.get("zh_cn", ""),
            description_en=description.get("en_us", ""),
            is_required=sent["is_required"],
        )


def _i18n(chinese: str, english: str) -> dict[str, str]:
    return {code: text for code, text in (("zh_cn", chinese), ("en_us", english)) if text}


@dataclass(frozen=True, slots=True)
class Change:
    """A field that stays, with other texts or another ``is_required``."""

    before: Field
    after: Field

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that differ, e.g. ``("name_zh", "is_required")``."""
        names = (field.name for field in fields(Field))
        return tuple(name for name in names if getattr(self.before, name) != getattr(self.after, name))


class ProblemKind(Enum):
    EMPTY = "empty"
    BURNED = "burned"
    DUPLICATE = "duplicate"
    NO_CHINESE_NAME = "no_chinese_name"


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason why the list may not be sent; ``key`` is empty where the whole list is meant."""

    kind: ProblemKind
    key: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference between two lists. ``moved`` names kept keys whose place among the kept ones changes."""

    today: tuple[Field, ...]
    wanted: tuple[Field, ...]
    added: tuple[Field, ...]
    changed: tuple[Change, ...]
    removed: tuple[Field, ...]
    moved: tuple[str, ...]
    unchanged: tuple[Field, ...]
    problems: tuple[Problem, ...]

    @property
    def changes_nothing(self) -> bool:
        return self.today == self.wanted


def plan_push(today: Sequence[Field], wanted: Sequence[Field], burned: AbstractSet[str]) -> Plan:
    """The plan that turns the list ``today`` into the list ``wanted``, with every reason not to send it.

    ``burned`` are the keys that Feishu may refuse for ever (see ``burned_keys``).
    """
    before = {field.key: field for field in today}
    after = {field.key: field for field in wanted}
    kept = [field for key, field in after.items() if key in before]
    return Plan(
        today=tuple(today),
        wanted=tuple(wanted),
        added=tuple(field for key, field in after.items() if key not in before),
        changed=tuple(Change(before[field.key], field) for field in kept if before[field.key] != field),
        removed=tuple(field for key, field in before.items() if key not in after),
        moved=_moved([key for key in before if key in after], [field.key for field in kept]),
        unchanged=tuple(field for field in kept if before[field.key] == field),
        problems=tuple(_problems(wanted, burned)),
    )


def _moved(before: list[str], after: list[str]) -> tuple[str, ...]:
    blocks = SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
    stayed = {key for block in blocks for key in after[block.b : block.b + block.size]}
    return tuple(key for key in after if key not in stayed)


def _problems(wanted: Sequence[Field], burned: AbstractSet[str]) -> Iterable[Problem]:
    if not wanted:
        yield Problem(ProblemKind.EMPTY)
    seen: set[str] = set()
    for field in wanted:
        if field.key in seen:
            yield Problem(ProblemKind.DUPLICATE, field.key)
        if field.key in burned:
            yield Problem(ProblemKind.BURNED, field.key)
        if not field.name_zh.strip():
            yield Problem(ProblemKind.NO_CHINESE_NAME, field.key)
        seen.add(field.key)


def burned_keys(history: Iterable[AbstractSet[str]]) -> frozenset[str]:
    """Keys that Feishu may never take again: once in a list, absent from a later one (contract 3.2, 3.4).

    ``history`` holds the keys of every list that reached Feishu or may have reached it, oldest first.
    Whether a key that a replacing list drops counts as deleted is not documented; here it does.
    """
    known: set[str] = set()
    burned: set[str] = set()
    for keys in history:
        burned |= known - keys
        known |= keys
    return frozenset(burned)
