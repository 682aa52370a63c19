"""Whose rows are: each kind of event, call or long work belongs to who has its permission.

What nobody has described, an event of a new type or a call of an app that is gone, may be anybody's: it is
shown only to who sees the kinds of all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.db.models import Q

from hireops.desk.staff import Reader


class Owned(Protocol):
    """``permission`` is that of its owners; "" for a kind that is everybody's."""

    @property
    def name(self) -> str: ...

    @property
    def permission(self) -> str: ...


Kind = TypeVar("Kind", bound=Owned)


@dataclass(frozen=True, slots=True)
class Seen:
    """Of which kinds somebody sees the rows: of ``names``, or of all, also those that nobody knows."""

    names: frozenset[str]
    is_all: bool

    def __contains__(self, name: object) -> bool:
        return self.is_all or name in self.names

    def among(self, column: str) -> Q:
        """The condition that picks these rows by the column with the name of their kind."""
        return Q() if self.is_all else Q(**{f"{column}__in": sorted(self.names)})


class Kinds(dict[str, Kind]):
    """The kinds of one sort of rows, by name. Apps add theirs while Django starts."""

    def __init__(self) -> None:
        super().__init__()
        _everywhere.append(self)

    def add(self, kind: Kind) -> None:
        if kind.name in self:
            raise ValueError(f"{kind.name} is registered already")
        self[kind.name] = kind

    def seen_by(self, reader: Reader) -> Seen:
        held = {each: not each or reader.has_perm(each) for each in _permissions()}
        names = frozenset(kind.name for kind in self.values() if held[kind.permission])
        return Seen(names, is_all=all(held.values()))


_everywhere: list[Kinds[Any]] = []


def _permissions() -> Iterator[str]:
    """Those of the kinds of every sort: who has them all sees both sides."""
    return (kind.permission for kinds in _everywhere for kind in kinds.values())
