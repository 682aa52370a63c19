"""Many rows like one example, by SQL in which ``n`` is the number of the copy."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tests.benchmarks import list_of_events
from tests.benchmarks.filling import multiply

EACH = 50  # as many as a page of a list shows
DAYS = 400
PEOPLE = 30
MOST_CUSTOMERS = 10_000


@dataclass
class Company:
    """``base`` has, by table, the key before that of the first of its copies: copy ``n`` is ``base + n``."""

    rows: int
    people: list[Any]
    tenants: int
    base: dict[str, int]
    now: Any

    def copy(self, name: str, example: Any, times: int, /, **differ: str) -> None:
        """``times`` rows like ``example``, which is one more itself. Columns that name ``n`` differ."""
        with without_indexes(example._meta.db_table):
            multiply(example, times, **differ)
        self.base[name] = example.pk

    def person(self, among: int = PEOPLE) -> str:
        """SQL: who did it, one of the first ``among`` people."""
        return f"({self.people[0].pk} + n % {among})"

    def event(self, shift: int = 0) -> str:
        return f"({self.base['event']} + {shift} + n)"

    def tenant(self) -> str:
        return f"({self.tenants} + n % {list_of_events.TENANTS})"

    def customer(self) -> str:
        return f"({self.base['customer']} + 1 + n % {self.customers})"

    @property
    def customers(self) -> int:
        return min(self.rows // 2, MOST_CUSTOMERS)

    @property
    def partner_accounts(self) -> int:
        return 2 * self.customers

    @property
    def orders(self) -> int:
        """Of each kind."""
        return self.rows // 2


def ago(rows: int, days: float = DAYS) -> str:
    """Moments in the order of ``n``, the newest now."""
    return f"(now() - make_interval(secs => {days * 86400.0 / rows} * ({rows} - n)))"


def spread(rows: int, usual: str, values: Sequence[str], each: int = EACH) -> str:
    """The newest rows have each of the values ``each`` times, all others the usual one."""
    return f"(CASE WHEN n > {rows - each * len(values)} THEN {cycled(values)} ELSE '{usual}' END)"


def cycled(values: Sequence[str]) -> str:
    whens = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values))
    return f"(CASE n % {len(values)} {whens} END)"


def among(state: str, values: Sequence[str]) -> str:
    return f"{state} IN ({', '.join(repr(str(value)) for value in values)})"


def only_if(condition: str, value: str) -> str:
    return f"(CASE WHEN {condition} THEN {value} END)"


# Of a table, but those of its constraints.
INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND NOT indexdef LIKE %s
    AND NOT quote_ident(indexname) IN (
        SELECT conindid::regclass::text FROM pg_constraint WHERE conrelid = %s::regclass AND conindid <> 0
    )
"""


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """They are made anew at once, which is quicker than row by row."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [table, "CREATE UNIQUE%", table])
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in indexes:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))  # as a table by month tells it
