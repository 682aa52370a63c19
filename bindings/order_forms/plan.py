"""What it takes to have an account show the order form that we want. Pure: no database, no Django.

Contract 4.1 to 4.3 leave open whether a create replaces a form or is refused where there is one, whether a
key that it drops is burned, whether option names may be updated, and what a refused delete means. Each road
here leads to the wished form whichever of these holds. How much is known of an account's form is a
``Known``; ``learn`` says what one more call and its answer add to it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from bindings.fields.plan import Field

VERSIONED = re.compile(r"(?P<base>.+)_v(?P<version>[1-9][0-9]{0,8})")
TEXTS = ("name_zh", "name_en", "description_zh", "description_en")


class Type(StrEnum):
    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    BOOLEAN = "boolean"
    SELECT = "select"
    MULTISELECT = "multiselect"
    DATE = "date"
    FILE = "file"
    RESUME = "resume"


WITH_OPTIONS = frozenset({Type.SELECT, Type.MULTISELECT})


@dataclass(frozen=True, slots=True)
class Option:
    key: str
    name_zh: str
    name_en: str = ""

    def as_sent(self) -> dict[str, Any]:
        names = {"zh_cn": self.name_zh, "en_us": self.name_en}
        return {"key": self.key, "name": {code: name for code, name in names.items() if name}}

    @classmethod
    def from_sent(cls, sent: dict[str, Any]) -> Self:
        return cls(sent["key"], sent["name"].get("zh_cn", ""), sent["name"].get("en_us", ""))


@dataclass(frozen=True, slots=True)
class OrderField(Field):
    """One field of an order form. Its ``key`` is a base key in a wish, and one with a version at Feishu."""

    type: str = Type.TEXT
    options: tuple[Option, ...] = ()

    def as_sent(self) -> dict[str, Any]:
        """The field as Feishu wants it (contract 4.1)."""
        sent = {"type": str(self.type), **Field.as_sent(self)}
        if self.type in WITH_OPTIONS:
            sent["options"] = [option.as_sent() for option in self.options]
        return sent

    @classmethod
    def from_sent(cls, sent: Any) -> Self:
        """The field that ``as_sent`` gave."""
        description = sent.get("description", {})
        return cls(
            key=sent["key"],
            name_zh=sent["name"].get("zh_cn", ""),
            name_en=sent["name"].get("en_us", ""),
            description_zh=description.get("zh_cn", ""),
            description_en=description.get("en_us", ""),
            is_required=sent["is_required"],
            type=sent["type"],
            options=tuple(Option.from_sent(option) for option in sent.get("options", [])),
        )

    @property
    def frozen(self) -> tuple[object, ...]:
        """What no update can change, and what of it no source says that it can: the names of options."""
        return (base_of(self.key), self.type, self.is_required, self.options)


Form = tuple[OrderField, ...]
NOTHING: Form = ()


def base_of(key: str) -> str:
    """``degree`` of ``degree_v2``."""
    versioned = VERSIONED.fullmatch(key)
    return versioned["base"] if versioned else key


def content(form: Form) -> Form:
    """The form under its base keys: what customers see, whatever the versions."""
    return tuple(replace(field, key=base_of(field.key)) for field in form)


def keys(form: Form) -> frozenset[str]:
    return frozenset(field.key for field in form)


# --- What is known of an account's form


@dataclass(frozen=True, slots=True)
class Known:
    """``possible``: every form that Feishu may show there now; one, if we are certain. ``unknown``: or one
    that we have not made. ``used``: every key that was ever sent; ``burned``: those that may be burned."""

    possible: frozenset[Form] = frozenset({NOTHING})
    unknown: bool = False
    used: frozenset[str] = frozenset()
    burned: frozenset[str] = frozenset()

    @property
    def certain(self) -> Form | None:
        """The form that is there; None while that is in doubt."""
        return next(iter(self.possible)) if len(self.possible) == 1 and not self.unknown else None


class Asked(StrEnum):
    """The three calls."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Heard(StrEnum):
    """What became of a call. *Perhaps*: it may have been done, also where a repetition was refused then."""

    DONE = "done"
    NOT_DONE = "not_done"
    PERHAPS = "perhaps"
    EXISTS = "exists"  # create: 1002855, and no earlier try may have landed
    PERHAPS_EXISTS = "perhaps_exists"  # create: 1002855, and an earlier try may have landed
    NOT_DELETED = "not_deleted"  # delete: 1002860, and no earlier try may have landed
    PERHAPS_DELETED = "perhaps_deleted"  # delete: 1002860, and an earlier try may have landed


def learn(known: Known, asked: Asked, form: Form, heard: Heard) -> Known:
    """``known`` after one more call; ``form`` is what was sent with it, nothing for a delete."""
    known = replace(known, used=known.used | keys(form))
    if heard is Heard.NOT_DONE:
        return known
    if asked is Asked.DELETE:
        return _after_delete(known, heard)
    if heard is Heard.DONE:
        return replace(_burning(known, keys(form)), possible=frozenset({form}), unknown=False)
    if heard in {Heard.EXISTS, Heard.PERHAPS_EXISTS}:
        # Something is there, or the list is wrong. Where we know of nothing else, it may be another's form.
        known = replace(known, unknown=known.unknown or not known.possible - {NOTHING, form})
    if heard is Heard.EXISTS:
        return known
    return replace(_burning(known, keys(form)), possible=known.possible | {form})


def _after_delete(known: Known, heard: Heard) -> Known:
    expected = NOTHING in known.possible or heard is Heard.PERHAPS_DELETED
    if heard is Heard.NOT_DELETED and not expected:
        return known  # there is one, and Feishu does not want to lose it
    burned = _burning(known, frozenset())
    if heard is Heard.PERHAPS:
        return replace(burned, possible=known.possible | {NOTHING})
    return replace(burned, possible=frozenset({NOTHING}), unknown=False)


def _burning(known: Known, kept: AbstractSet[str]) -> Known:
    there = frozenset[str]().union(*map(keys, known.possible))
    return replace(known, burned=known.burned | (there - kept))


# --- The road to what we want


class Road(StrEnum):
    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"  # delete, then create with new keys
    DELETE = "delete"


class Why(StrEnum):
    """Why this road and no gentler one."""

    SAME = "same"
    FIRST = "first"
    AGAIN = "again"
    TEXTS = "texts"
    EMPTY = "empty"
    ADDED = "added"
    REMOVED = "removed"
    TYPE = "type"
    REQUIRED = "required"
    OPTIONS = "options"
    OPTION_NAMES = "option_names"
    MOVED = "moved"
    EMPTIED = "emptied"
    DOUBT = "doubt"
    UNKNOWN = "unknown"
    ANEW = "anew"
    EXISTS = "exists"  # Feishu has answered that there is a form


@dataclass(frozen=True, slots=True)
class Plan:
    """``form`` is what is sent, under the keys that Feishu gets; ``why`` has at least one reason."""

    road: Road
    form: Form
    why: tuple[Why, ...]

    @property
    def calls(self) -> tuple[Asked, ...]:
        return CALLS[self.road]


CALLS: dict[Road, tuple[Asked, ...]] = {
    Road.NONE: (),
    Road.CREATE: (Asked.CREATE,),
    Road.UPDATE: (Asked.UPDATE,),
    Road.RECREATE: (Asked.DELETE, Asked.CREATE),
    Road.DELETE: (Asked.DELETE,),
}


def plan(known: Known, wish: Form, *, anew: bool = False) -> Plan:
    """The fewest calls that surely lead to ``wish``, a form under base keys. An empty wish is no form.

    ``anew``: somebody wants the form deleted and created, whatever we know of it.
    """
    if known.certain is not None and content(known.certain) == wish and not anew:
        return Plan(Road.NONE, known.certain, (Why.SAME,))
    if not wish:
        return Plan(Road.DELETE, NOTHING, (Why.EMPTY,))
    return _delete_and_create(known, wish, (Why.ANEW,)) if anew else _plan_form(known, wish)


def _plan_form(known: Known, wish: Form) -> Plan:
    if known.certain == NOTHING:
        return Plan(Road.CREATE, _under_new_keys(wish, known.used), (Why.FIRST,))
    if updated := _updated(known, wish):
        return Plan(Road.UPDATE, updated, (Why.TEXTS,))
    if sent_before := _to_be_repeated(known, wish):
        return Plan(Road.CREATE, sent_before, (Why.AGAIN,))
    return _delete_and_create(known, wish, _reasons(known, wish))


def _delete_and_create(known: Known, wish: Form, why: tuple[Why, ...]) -> Plan:
    return Plan(Road.RECREATE, _under_new_keys(wish, known.used), why)


def after_existing(before: Known, sent: Form, heard: Heard) -> Plan:
    """What follows when the create of ``sent`` was answered with 1002855, ``before`` being known then.

    If an earlier try may have made just this form, an update with the same texts confirms it. Otherwise it is
    another one.
    """
    if heard is Heard.PERHAPS_EXISTS or sent in before.possible:
        return Plan(Road.UPDATE, sent, (Why.EXISTS,))
    wish = content(sent)
    return Plan(Road.RECREATE, _under_new_keys(wish, before.used | keys(sent)), (Why.EXISTS,))


def _updated(known: Known, wish: Form) -> Form:
    """The wish under the keys that are there, if only texts separate it from all that may be there."""
    forms = list(known.possible)
    same_keys = len({tuple(field.key for field in form) for form in forms}) == 1
    if known.unknown or not same_keys or not all(_differs_in_texts(form, wish) for form in forms):
        return NOTHING
    return tuple(replace(field, key=there.key) for field, there in zip(wish, forms[0], strict=True))


def _differs_in_texts(form: Form, wish: Form) -> bool:
    if [field.frozen for field in form] != [field.frozen for field in wish]:
        return False
    return not any(_emptied(before, after) for before, after in zip(form, wish, strict=True))


def _emptied(before: Field, after: Field) -> bool:
    """A text is to go. What is left out of an update may stay (no source says), so that is no update."""
    return any(getattr(before, name) and not getattr(after, name) for name in TEXTS)


def _to_be_repeated(known: Known, wish: Form) -> Form:
    """The form whose create may or may not have been done, if that is all that is in doubt."""
    sent = [form for form in known.possible if form]
    if known.unknown or len(sent) != 1 or keys(sent[0]) & known.burned:
        return NOTHING
    return sent[0] if content(sent[0]) == wish else NOTHING


def _under_new_keys(wish: Form, used: AbstractSet[str]) -> Form:
    versions: dict[str, int] = {}
    for key in used:
        if versioned := VERSIONED.fullmatch(key):
            base = versioned["base"]
            versions[base] = max(versions.get(base, 0), int(versioned["version"]))
    return tuple(replace(field, key=f"{field.key}_v{versions.get(field.key, 0) + 1}") for field in wish)


def _reasons(known: Known, wish: Form) -> tuple[Why, ...]:
    if known.unknown:
        return (Why.UNKNOWN,)
    if known.certain is None:
        return (Why.DOUBT,)
    return tuple(dict.fromkeys(_differences(content(known.certain), wish)))


def _differences(today: Form, wish: Form) -> Iterator[Why]:
    before = {field.key: field for field in today}
    after = {field.key: field for field in wish}
    if after.keys() - before.keys():
        yield Why.ADDED
    if before.keys() - after.keys():
        yield Why.REMOVED
    kept = [key for key in before if key in after]
    for key in kept:
        yield from _changes(before[key], after[key])
    if kept != [key for key in after if key in before]:
        yield Why.MOVED


def _changes(before: OrderField, after: OrderField) -> Iterator[Why]:
    if before.type != after.type:
        yield Why.TYPE
    if before.is_required != after.is_required:
        yield Why.REQUIRED
    if _keys_of(before.options) != _keys_of(after.options):
        yield Why.OPTIONS
    elif before.options != after.options:
        yield Why.OPTION_NAMES
    if _emptied(before, after):
        yield Why.EMPTIED


def _keys_of(options: Sequence[Option]) -> list[str]:
    return [option.key for option in options]


def problems(wish: Iterable[OrderField]) -> list[tuple[str, str]]:
    """Why a form can't be sent: pairs of a field's key and what is wrong with it."""
    found = []
    for field in wish:
        if not field.name_zh.strip():
            found.append((field.key, "no_chinese_name"))
        if field.type in WITH_OPTIONS and not field.options:
            found.append((field.key, "no_options"))
    return found
