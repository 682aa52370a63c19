"""What the database itself refuses, whoever writes. Apps declare it beside their models, for today's schema.

A rule is asked before its event, for each row. In its condition ``{differs}`` stands for each database's
word for it, NULL included. Three kinds of event are of our own:

- ``AFTER INSERT`` or ``AFTER UPDATE``: PostgreSQL asks once about all that a statement has written. Where it
  writes hundreds of rows, that costs a fraction. Such a rule knows no ``OLD``.
- ``REPLACE``: only SQLite has it (``INSERT OR REPLACE``), and removes what was there without asking a trigger
  for DELETE. On PostgreSQL a rule for it is none.
- ``TRUNCATE``: only PostgreSQL has it. Every table with a rule refuses it; nobody declares that.
"""

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_NAME = 63  # PostgreSQL cuts off what is longer


@dataclass(frozen=True, slots=True)
class Rule:
    """``refused`` is SQL: true of what must not be. ``it`` is the row that ``there_is`` looks for.

    ``says`` is what the database answers; without it, the name. A ``REPLACE`` that is ``passed_over`` leaves
    what is there and raises nothing: where rows are inserted ``ON CONFLICT DO NOTHING``, SQLite asks rules
    before it sees the conflict.
    """

    name: str
    table: str
    event: str
    refused: str = "1 = 1"
    says: str = ""
    passed_over: bool = False

    @property
    def answer(self) -> str:
        return self.says or self.name

    @property
    def columns(self) -> list[str]:
        """Those that ``UPDATE OF`` names."""
        _update, _of, columns = self.event.partition(" OF ")
        return [column.strip() for column in columns.split(",") if column]


@dataclass(frozen=True, slots=True)
class Lock:
    """Whoever writes rows into ``table`` holds the rows of ``locks`` that their column ``by`` names.

    So rules about what others have written see all of it. SQLite has one writer anyway. PostgreSQL asks the
    triggers of a statement in the order of their names: the name must come before those of the rules.
    """

    name: str
    table: str
    locks: str
    by: str


Declared = Rule | Lock

_declared: dict[str, Declared] = {}


def declare(*declared: Declared) -> None:
    """Have the database keep these rules. Apps call it when Django starts."""
    for each in declared:
        if len(each.name) > LONGEST_NAME:
            raise ValueError(f"the name of guard {each.name} is too long")
        if each.name in _declared and _declared[each.name] != each:
            raise ValueError(f"two guards are named {each.name}")
        _declared[each.name] = each


def declared() -> list[Declared]:
    """All rules, and for each table with one that it is never emptied."""
    return [*_declared.values(), *(_never_emptied(table) for table in guarded_tables())]


def guarded_tables() -> list[str]:
    return sorted({each.table for each in _declared.values()})


def _never_emptied(table: str) -> Rule:
    return Rule(f"{table}_not_emptied", table, "TRUNCATE", says=f"{table} is never emptied")


# --- How to say it


def append_only(table: str, *, unique: Iterable[str] = ("id",)) -> list[Rule]:
    """Rows are added and never touched again. Name all columns that are ``unique`` by themselves."""
    says = f"{table} is append-only"
    there = there_is(table, " OR ".join(f"it.{column} = NEW.{column}" for column in unique))
    return [
        Rule(f"{table}_no_update", table, "UPDATE", says=says),
        Rule(f"{table}_no_delete", table, "DELETE", says=says),
        Rule(f"{table}_no_replace", table, "REPLACE", there, says=says),
    ]


def there_is(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} it WHERE {condition})"  # noqa: S608 - our own names


def any_differs(columns: Iterable[str]) -> str:
    return "(" + " OR ".join(f"OLD.{column} {{differs}} NEW.{column}" for column in columns) + ")"


def update_of(columns: Iterable[str]) -> str:
    return f"UPDATE OF {', '.join(columns)}"


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
