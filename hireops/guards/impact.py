"""What a migration does to those who use the database meanwhile, read from the statements that it would run.

``tests/guards/test_impact.py`` holds it to what PostgreSQL did.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from hireops.guards.installed import dialect_of

Plan = list[tuple[Migration, bool]]

LONGEST_S = 2.0  # the webhook waits a little longer than that for the database
MB = 10**6


@dataclass(frozen=True, slots=True)
class Work:
    """Done to a whole table. ``mb_per_s``: measured on two busy cores, rounded down."""

    says: str
    mb_per_s: int
    instead: str


INDEX = Work(
    "builds an index on",
    100,
    "hireops.database.operations.AddIndexConcurrently, alone in a migration with atomic = False",
)
LOOK = Work("looks at every row of", 200, "add the constraint NOT VALID, validate it in a later migration")
REWRITE = Work(
    "writes every row anew of", 15, "a new column, filled in pieces; the old one goes a release later"
)
ROWS = Work("changes rows of", 5, "in pieces, each committed, in a migration with atomic = False")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole table is gone over while others wait: those who write into it, or everybody."""

    table: str
    work: Work
    stops_reads: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """``is_additive``: every guard stands meanwhile, and code that does not know of it goes on afterwards."""

    migration: str
    is_additive: bool
    whole: tuple[Whole, ...] = ()


@dataclass(frozen=True, slots=True)
class TooLong:
    migration: str
    whole: Whole
    size: int

    @property
    def seconds(self) -> float:
        return self.size / MB / self.whole.work.mb_per_s

    def __str__(self) -> str:
        work, who = self.whole.work, "reads or writes" if self.whole.stops_reads else "writes into"
        return (
            f"{self.migration} {work.says} {self.whole.table} ({self.size // MB:,} MB): nobody {who} it for "
            f"about {self.seconds:,.0f} s. Instead: {work.instead}"
        )


def impacts(connection: BaseDatabaseWrapper, plan: Plan) -> list[Impact]:
    """In the order of the plan. Nothing is changed."""
    loader = MigrationLoader(connection)
    if not loader.applied_migrations or any(backwards for _migration, backwards in plan):
        # A new database, whose tables nobody uses yet; and going back is no way that anybody is to go on.
        return [Impact(str(migration), is_additive=False) for migration, _backwards in plan]
    return list(_impacts(connection, loader, [migration for migration, _backwards in plan]))


def needs_no_reading(connection: BaseDatabaseWrapper, plan: Plan) -> bool:
    """Python changes rows, so guards are lifted, and no table is so large that anybody would wait for it."""
    if all(_is_additive(each) for migration, _backwards in plan for each in migration.operations):
        return False
    with connection.cursor() as cursor:
        return dialect_of(connection).largest_table(cursor) < LONGEST_S * ROWS.mb_per_s * MB


def too_long(connection: BaseDatabaseWrapper, found: Iterable[Impact]) -> Iterator[TooLong]:
    with connection.cursor() as cursor:
        for impact in found:
            for whole in impact.whole:
                size = dialect_of(connection).size_of(cursor, whole.table)
                if (each := TooLong(impact.migration, whole, size)).seconds > LONGEST_S:
                    yield each


def _impacts(
    connection: BaseDatabaseWrapper, loader: MigrationLoader, migrations: Iterable[Migration]
) -> Iterator[Impact]:
    used = set(connection.introspection.table_names())
    passed = [key for key in loader.applied_migrations if key in loader.graph.nodes]
    state = loader.project_state(passed)
    for migration in migrations:
        passed.append((migration.app_label, migration.name))
        if any(map(_hides_python, migration.operations)):
            state = migration.mutate_state(state)
            yield Impact(str(migration), is_additive=False)
            continue
        # Not entered, as it is to do nothing: SQLite's would look at every foreign key at its end.
        editor: Any = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
        editor.deferred_sql = []
        try:
            state = migration.apply(state, editor, collect_sql=True)
        except ValueError:  # it asks the database about what an earlier one of the plan will have made
            state = loader.project_state(passed)
            yield Impact(str(migration), is_additive=False)
            continue
        reading = _Reading(connection, used)
        for statement in [*editor.collected_sql, *map(str, editor.deferred_sql)]:
            reading.read(statement)
        for table in getattr(migration, "changes_rows_of", ()):
            reading.goes_over(table, ROWS)
        is_additive = reading.is_additive and all(map(_is_additive, migration.operations))
        yield Impact(str(migration), is_additive, reading.whole)


def _is_additive(operation: Operation) -> bool:
    """What is no SQL has to say it itself: nobody can see what Python does to rows."""
    if _hides_python(operation):
        return False
    return operation.reduces_to_sql or getattr(operation, "is_additive", False)


def _hides_python(operation: Operation) -> bool:
    """Asked for its SQL, Django would run it."""
    inner = operation.database_operations if isinstance(operation, SeparateDatabaseAndState) else ()
    return any(not each.reduces_to_sql or _hides_python(each) for each in inner)


# --- Reading statements

TABLE = r'"(?P<table>[^"]+)"'
ALTER = rf"ALTER TABLE {TABLE} "
ADD_COLUMN = re.compile(rf'{ALTER}ADD COLUMN "(?P<column>[^"]+)" (?P<rest>.*)', re.DOTALL)
DROP_DEFAULT = re.compile(rf'{ALTER}ALTER COLUMN "(?P<column>[^"]+)" DROP DEFAULT')
NEW_TYPE = re.compile(rf'{ALTER}ALTER COLUMN "(?P<column>[^"]+)" TYPE (?P<type>[^;]+?)( USING .*)?;?$')
REMADE = re.compile(r'CREATE TABLE "new__(?P<table>[^"]+)"')  # by Django, on SQLite
CREATE_INDEX = re.compile(rf"CREATE (?P<unique>UNIQUE )?INDEX (?P<concurrently>CONCURRENTLY )?.*? ON {TABLE}")
OF_NO_TABLE = re.compile(r"--|SET CONSTRAINTS |COMMENT ON |\s*$")
OTHERS = (
    (re.compile(rf"{ALTER}ADD CONSTRAINT \S+ (UNIQUE|PRIMARY KEY|EXCLUDE) "), INDEX),
    (re.compile(rf"{ALTER}ADD CONSTRAINT (?!.* NOT VALID)"), LOOK),
    (re.compile(rf"{ALTER}(ALTER COLUMN \S+ SET NOT NULL|VALIDATE CONSTRAINT )"), LOOK),
    (re.compile(rf"(UPDATE|DELETE FROM|INSERT INTO) {TABLE}"), ROWS),
    (re.compile(rf"(ALTER|DROP) TABLE {TABLE}"), None),
)
FILLED = re.compile(r"\bGENERATED\b|serial\b|DEFAULT .*\b(clock_timestamp|random|gen_random_uuid|nextval)\(")
LOOKED_AT = re.compile(r"\bCHECK\b|\bDEFAULT .*\bREFERENCES\b|\bREFERENCES .*\bDEFAULT\b")
TEXT = re.compile(r"(character varying|varchar|text)(\((?P<length>\d+)\))?$")
ENDLESS = 10**9


class _Reading:
    """Of one migration. ``used`` are the tables that others use: none that is made here or by one before."""

    def __init__(self, connection: BaseDatabaseWrapper, used: set[str]) -> None:
        self._connection, self._used = connection, used
        self.is_additive = True
        self._whole: dict[tuple[str, str], Work] = {}
        self._altered: set[str] = set()
        self._added: dict[tuple[str, str], bool] = {}  # whether it takes NULL
        self._remade: set[str] = set()

    @property
    def whole(self) -> tuple[Whole, ...]:
        # Whatever alters a table keeps everybody from it until the transaction ends.
        return tuple(
            Whole(table, work, stops_reads=table in self._altered)
            for (table, _says), work in self._whole.items()
        )

    def read(self, statement: str) -> None:
        if OF_NO_TABLE.match(statement):
            return
        for pattern, reading in (
            (REMADE, self._remake),
            (ADD_COLUMN, self._add_column),
            (DROP_DEFAULT, self._drop_default),
            (NEW_TYPE, self._new_type),
            (CREATE_INDEX, self._create_index),
            *((pattern, lambda found, work=work: self._other(found, work)) for pattern, work in OTHERS),
        ):
            if found := pattern.match(statement):
                if self._is_used(found["table"]):
                    reading(found)
                return
        self.is_additive &= statement.startswith("CREATE TABLE ")

    def goes_over(self, table: str, work: Work) -> None:
        self._whole[table, work.says] = work

    def _is_used(self, table: str) -> bool:
        return table in self._used and table not in self._remade

    def _remake(self, found: re.Match[str]) -> None:
        self.is_additive = False
        self.goes_over(found["table"], REWRITE)
        self._remade.add(found["table"])

    def _add_column(self, found: re.Match[str]) -> None:
        table, rest = found["table"], found["rest"]
        self._altered.add(table)
        self._added[table, found["column"]] = takes_null = " NOT NULL" not in rest
        if not takes_null and " DEFAULT " not in rest and "GENERATED" not in rest:
            self.is_additive = False
        if FILLED.search(rest):
            self.goes_over(table, REWRITE)
        elif " UNIQUE" in rest:
            self.goes_over(table, INDEX)
        elif LOOKED_AT.search(rest):
            self.goes_over(table, LOOK)

    def _drop_default(self, found: re.Match[str]) -> None:
        """Django does it to what it has just added: code that does not name the column leaves NULL there."""
        self._altered.add(found["table"])
        self.is_additive &= self._added.get((found["table"], found["column"]), False)

    def _new_type(self, found: re.Match[str]) -> None:
        self.is_additive = False
        self._altered.add(found["table"])
        if not _takes_more(self._type_of(found["table"], found["column"]), found["type"]):
            self.goes_over(found["table"], REWRITE)

    def _type_of(self, table: str, column: str) -> str:
        with self._connection.cursor() as cursor:
            return dialect_of(self._connection).type_of(cursor, table, column)

    def _create_index(self, found: re.Match[str]) -> None:
        self.is_additive &= not found["unique"]
        if not found["concurrently"]:
            self.goes_over(found["table"], INDEX)

    def _other(self, found: re.Match[str], work: Work | None) -> None:
        self.is_additive = False
        if found[0].startswith("ALTER"):
            self._altered.add(found["table"])
        if work:
            self.goes_over(found["table"], work)


def _takes_more(before: str, after: str) -> bool:
    """Of a text, so that PostgreSQL only notes it."""
    lengths = [int(found["length"] or ENDLESS) for name in (before, after) if (found := TEXT.match(name))]
    return len(lengths) == 2 and lengths[0] <= lengths[1]  # noqa: PLR2004 - both are texts
