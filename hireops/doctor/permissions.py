"""Which permissions the app needs at Feishu, and which events it subscribes to: the apps declare theirs."""

from collections.abc import Callable
from dataclasses import dataclass

from hireops.doctor.findings import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one part of hireops needs of the app.

    ``scopes`` are Feishu's names of permissions; ``events`` its names of event types, ``seldom`` those of
    them that may never come though all is well. ``is_used()`` says whether anybody works with this part:
    what is missing is then an error, else it is only said.
    """

    what: Text
    scopes: tuple[str, ...]
    events: tuple[str, ...] = ()
    seldom: frozenset[str] = frozenset()
    is_used: Callable[[], bool]


_needs: list[Need] = []


def declare(*of_an_app: Need) -> None:
    """Called while Django starts."""
    _needs.extend(of_an_app)


def needs() -> list[Need]:
    return list(_needs)
