"""What a push of custom fields would do to the customer's form. Pure: no database, no Django.

The difference between the list that Feishu holds and the one that we want is worked out here, before anything
is sent, and with it the calls that lead there. Contract 3.2 and 3.4 contradict each other on whether a list
that is sent replaces the one that is there or leaves older fields in place; ``steps`` is right either way.
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
        names = (field.name for field in fields(self.after))
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

    @property
    def changes_texts_only(self) -> bool:
        """Whether names and hints are all that changes, and none is emptied: whether an update would clear a
        text that it leaves out is not documented (contract 3.3)."""
        if not self.changed or self.added or self.removed or self.moved:
            return False
        return all(_is_text(change, name) for change in self.changed for name in change.attributes)


def _is_text(change: Change, name: str) -> bool:
    return name in TEXTS and bool(getattr(change.after, name))


TEXTS = frozenset({"name_zh", "name_en", "description_zh", "description_en"})


class Kind(Enum):
    """The three calls (contract 3.2 to 3.4)."""

    REPLACE = "replace"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """One call, and the list that Feishu has after it. ``deleted`` are the keys that a delete names."""

    kind: Kind
    after: tuple[Field, ...]
    deleted: tuple[str, ...] = ()


def steps(plan: Plan, given_up: Sequence[str], *, certain: bool, whole: bool = False) -> list[Step]:
    """The calls that lead to the wanted list, whether or not a list leaves older fields in place.

    ``given_up`` are the keys that leave the form. ``certain``: Feishu surely has just the form of today.
    ``whole``: send the whole list although an update of the texts would do.

    What leaves is deleted by name while it is surely there: before the new list, or after one that still has
    it, where otherwise no field would remain (contract 3.4). If it is not certain that it is there, each key
    is deleted by itself after the new list, and a refusal then means that it was gone.
    """
    replace_all = Step(Kind.REPLACE, plan.wanted)
    if not certain:
        return [replace_all, *(Step(Kind.DELETE, plan.wanted, (key,)) for key in given_up)]
    if not given_up:
        return [Step(Kind.UPDATE, plan.wanted)] if plan.changes_texts_only and not whole else [replace_all]
    remaining = tuple(field for field in plan.today if field.key not in given_up)
    gone = tuple(field for field in plan.today if field.key in given_up)
    if not remaining:
        both = Step(Kind.REPLACE, (*plan.wanted, *gone))
        return [both, Step(Kind.DELETE, plan.wanted, tuple(given_up))]
    delete = Step(Kind.DELETE, remaining, tuple(given_up))
    rest = plan_push(remaining, plan.wanted, frozenset())
    return [delete] if rest.changes_nothing else [delete, *steps(rest, (), certain=True, whole=whole)]


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
