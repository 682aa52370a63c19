"""What it takes to have an account offer what we want it to. Pure: no database, no Django.

``known`` is what we know of each ID that an account has or had at Feishu, in the order of their first use.
``package_plan.py`` and ``paper_plan.py`` compare it with what is wished; ``outcomes.py`` says what a call
that was sent, answered or refused makes of it. Calls are planned anew after each of them, so a plan that was
cut off anywhere, or met what nobody expected, is continued by planning from what is known then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

PACKAGE_ID_MAX, PACKAGE_NAME_MAX = 36, 100  # contract 4.4
PAPER_TEXT_MAX = 255  # contract 5.1: Feishu cuts off silently what is longer


@dataclass(frozen=True, slots=True)
class Package:
    """A check package or an additional item, as Feishu gets it (contract 4.4). ``id`` is that of Feishu:
    our code, or our code with a version."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """An exam paper as Feishu gets it (contract 5.1)."""

    id: str
    name: str
    duration: int | None = None
    question_count: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


Content = Package | Paper


@dataclass(frozen=True, slots=True)
class Offering:
    """What an account offers, or is to offer: by our code. An account has papers, or packages and items."""

    packages: Mapping[str, Package] = field(default_factory=dict)
    items: Mapping[str, Package] = field(default_factory=dict)
    papers: Mapping[str, Paper] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.packages or self.items or self.papers)

    def by_code(self, kind: "Kind") -> Mapping[str, Content]:
        of_kind: dict[Kind, Mapping[str, Content]] = {
            Kind.PACKAGE: self.packages,
            Kind.ITEM: self.items,
            Kind.PAPER: self.papers,
        }
        return of_kind[kind]


class Kind(StrEnum):
    PACKAGE = "package"
    ITEM = "item"
    PAPER = "paper"


class Standing(StrEnum):
    """What is known of an ID at an account."""

    CONFIRMED = "confirmed"
    IN_DOUBT = "in_doubt"  # a call that named it was sent and has not been answered with yes
    ABSENT = "absent"  # it is not there, and was not deleted: it may be created
    DELETED = "deleted"  # it can never be used again (contract 4.4)
    FOREIGN = "foreign"  # an order names it, and we have never confirmed it


class Doubt(StrEnum):
    """What is not known of an ID in doubt, by the call that named it last."""

    NONE = ""
    CREATE = "create"  # whether it is there
    UPDATE = "update"  # it is there; with which content
    DELETE = "delete"  # whether it still is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one ID. ``content`` is as last confirmed. ``code`` is ours, empty for a foreign one.

    Of the refused calls that may have been refused because of this ID, how many such IDs the smallest had:
    ``creates_together`` of creates, ``together`` of updates and deletes. 0: there was none. ``row`` is where
    it is kept, 0 for a new one.
    """

    kind: Kind
    id: str
    code: str = ""
    standing: Standing
    content: Content | None = None
    doubt: Doubt = Doubt.NONE
    creates_together: int = 0
    together: int = 0
    row: int = field(default=0, compare=False)

    @property
    def is_there(self) -> bool:
        """Surely, though perhaps with another content."""
        return self.standing is Standing.CONFIRMED or self.doubt is Doubt.UPDATE

    @property
    def is_perhaps_there(self) -> bool:
        return self.doubt in {Doubt.CREATE, Doubt.DELETE}


@dataclass(frozen=True, slots=True)
class Reading:
    """What Feishu has shown of what its documents leave open. None: it has not yet.

    ``items_alone``: whether items are created with an empty list of packages (contract 4.4).
    """

    items_alone: bool | None = None


class Verb(StrEnum):
    CREATE = "create"  # 4.4
    UPDATE = "update"  # 4.5
    DELETE = "delete"  # 4.6
    REPLACE_PAPERS = "replace_papers"  # 5.1
    UPDATE_PAPERS = "update_papers"  # 5.2
    DELETE_PAPERS = "delete_papers"  # 5.3


@dataclass(frozen=True, slots=True)
class Sent:
    """One ID in a call; ``content`` is what Feishu is sent, None where it is only named."""

    kind: Kind
    id: str
    code: str
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class PlannedCall:
    verb: Verb
    sent: tuple[Sent, ...]

    def of(self, kind: Kind) -> list[Sent]:
        return [each for each in self.sent if each.kind is kind]

    @property
    def is_of_items_alone(self) -> bool:
        return self.verb is Verb.CREATE and not self.of(Kind.PACKAGE)


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"  # it goes on under a new ID
    DELETE = "delete"
    FIND_OUT = "find_out"  # a call about it has not been answered
    SAME = "same"
    FOREIGN = "foreign"


class Why(StrEnum):
    """The reason of a row; ``texts.py`` says it to staff."""

    NEW = "new"
    CHANGED = "changed"
    NOT_ANSWERED = "not_answered"
    NO_LONGER_OFFERED = "no_longer_offered"
    ID_USED_UP = "id_used_up"  # it was deleted here before, so it comes back under a new ID
    CARRIES_ITEMS = "carries_items"  # items can't be created without a new package
    ADOPTED = "adopted"  # it is there under this ID, and we have not put it there
    OLD_VERSION = "old_version"
    SAME = "same"
    NOT_OURS = "not_ours"
    GOES_WITH_THE_REST = "goes_with_the_rest"  # foreign, and a full replace removes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What happens to one thing. ``id`` is what it is called at Feishu afterwards, ``old_id`` before, if that
    differs; ``before`` as last confirmed, ``after`` as wished. ``moves_exams``: its times change, and those
    of exams that were arranged with them (contract 5.2)."""

    kind: Kind
    code: str
    id: str
    action: Action
    why: Why
    before: Content | None = None
    after: Content | None = None
    old_id: str = ""
    moves_exams: bool = False


class Trouble(StrEnum):
    """Why an offering can't be sent; ``texts.py`` says it to staff."""

    ID_TOO_LONG = "id_too_long"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    NOT_POSITIVE = "not_positive"
    ITEMS_WITHOUT_A_PACKAGE = "items_without_a_package"
    SCOPE_UNKNOWN = "scope_unknown"


@dataclass(frozen=True, slots=True)
class Problem:
    trouble: Trouble
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``calls`` are those to come if Feishu takes each of them. ``activates``: papers are replaced, which
    makes an account that is not activated, or was disabled, orderable (contract 5.1). ``removes_foreign``:
    papers that are not ours and go with the replace. ``empties``: the account offers something, and nothing
    afterwards."""

    rows: tuple[Row, ...] = ()
    calls: tuple[PlannedCall, ...] = ()
    problems: tuple[Problem, ...] = ()
    activates: bool = False
    removes_foreign: tuple[str, ...] = ()
    empties: bool = False

    def count(self, *actions: Action) -> int:
        return sum(row.action in actions for row in self.rows)

    @property
    def creates(self) -> int:
        return self.count(Action.CREATE)

    @property
    def updates(self) -> int:
        return self.count(Action.UPDATE, Action.REPLACE, Action.FIND_OUT)

    @property
    def deletes(self) -> int:
        return self.count(Action.DELETE) + len(self.removes_foreign)

    @property
    def moves_exams(self) -> list[str]:
        """The codes of papers whose exams get other times."""
        return [row.code for row in self.rows if row.moves_exams]


# --- Small things that the planners share


def under(content: Content, feishu_id: str) -> Content:
    """The same as it is called at Feishu."""
    return content if content.id == feishu_id else replace(content, id=feishu_id)


def free_id(code: str, used: Iterable[str]) -> str:
    """The code, or the code with the first version that was never used at this account."""
    taken = set(used)
    if code not in taken:
        return code
    version = 2
    while (versioned := f"{code}-v{version}") in taken:
        version += 1
    return versioned


def as_json(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    values = asdict(content)
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def content_of(kind: Kind, values: Mapping[str, Any] | None) -> Content | None:
    if values is None:
        return None
    if kind is not Kind.PAPER:
        return Package(**values)
    times = {
        name: values[name] and datetime.fromisoformat(values[name]) for name in ("start_time", "end_time")
    }
    return Paper(**{**values, **times})


def offering_as_json(offering: Offering) -> dict[str, Any]:
    return {
        kind: {code: as_json(content) for code, content in offering.by_code(kind).items()} for kind in Kind
    }


def offering_of(values: Mapping[str, Any]) -> Offering:
    packages, items, papers = (
        {code: content_of(kind, content) for code, content in values.get(kind, {}).items()} for kind in Kind
    )
    return Offering(packages=packages, items=items, papers=papers)  # type: ignore[arg-type]
