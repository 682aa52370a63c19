"""How a database is told a guard, and how it tells its guards itself. The two databases are beside this."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from hireops.guards.rules import Declared, Rule

MARK = "/* a guard of hireops */"
LATCH = "guards_are_lifted"
# Of versions up to 0.1.0, whose guards bore no mark, and which are not declared under these names any more.
FORMER = frozenset(
    {
        "bindings_customfieldpush_append_only",
        "bindings_customfieldpush_refuse",
        "change_locks_account",
        "desk_auditentry_append_only",
        "desk_auditentry_refuse",
        "referrals_balancechange_append_only",
        "referrals_balancechange_refuse",
        "refuse_emptying",
    }
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """As the database tells it: ``text`` is its own. ``is_ours`` unless somebody else has made it."""

    name: str
    table: str
    text: str
    is_enabled: bool = True
    is_ours: bool = True

    @property
    def is_latch(self) -> bool:
        return self.is_ours and self.name.startswith(LATCH)


class Dialect(ABC):
    """Statements and questions of one kind of database. ``cursor`` is one of Django's."""

    differs: str

    @abstractmethod
    def create(self, cursor: Any, declared: Declared) -> list[str]:
        """Statements; none where this database has no need of the rule."""

    @abstractmethod
    def as_told(self, declared: Declared) -> str | None:
        """The ``Trigger.text`` of the rule when all is well; None where this database has no need of it."""

    @abstractmethod
    def triggers(self, cursor: Any, names: Collection[str]) -> list[Trigger]:
        """All of the database. Ours are marked, or have one of the ``names``."""

    @abstractmethod
    def unsafe_functions(self, cursor: Any) -> list[str]:
        """Functions with the rights of their owner that find what their caller has made."""

    @abstractmethod
    def drop_ours(self, cursor: Any, names: Collection[str], *, latch: bool) -> list[str]:
        """Statements that remove every guard, declared or not, and with ``latch`` that too."""

    @abstractmethod
    def latch(self, cursor: Any, tables: Collection[str]) -> Iterator[str]:
        """Statements: these tables too are latched, and into such only this connection writes."""

    @abstractmethod
    def wait_for_writers(self, tables: Collection[str]) -> Iterator[str]:
        """Statements that begin a transaction about the guards of these tables."""

    @abstractmethod
    def one_migrate_at_a_time(self, connection: Any) -> AbstractContextManager[None]:
        """Waits for one that runs. A killed one holds nobody up."""

    @abstractmethod
    def size_of(self, cursor: Any, table: str) -> int:
        """Bytes, with its indexes where they are not told apart."""

    @abstractmethod
    def largest_table(self, cursor: Any) -> int:
        """Bytes that no table is larger than."""

    @abstractmethod
    def type_of(self, cursor: Any, table: str, column: str) -> str:
        """In the database's words; empty if there is no such column."""

    @abstractmethod
    def waits_briefly(self, connection: Any) -> AbstractContextManager[None]:
        """Inside, who waits for a lock gives up before those who wait behind it are late."""

    @abstractmethod
    def waited_for(self, cursor: Any) -> list[str]:
        """Who may hold the lock, the longest first, without what they do: that has personal data in it."""

    def asks(self, rule: Rule) -> str:
        """Its condition, in this database's words."""
        return rule.refused.format(differs=self.differs)
