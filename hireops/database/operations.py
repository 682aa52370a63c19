"""Operations of migrations that hireops adds to Django's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently as OnPostgreSQL
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model

from hireops.database.months import KEPT, MADE_AHEAD
from hireops.database.schema import schema_of

# These run with the rights of the tables' owner. Their caller may make temporary tables, and with some
# settings of PostgreSQL objects in the schema of the tables. So neither is searched for a name.
#
# Attaching keeps nobody waiting; CREATE TABLE … PARTITION OF would, for as long as anybody reads the table.
MAKE_MONTH = """
CREATE OR REPLACE FUNCTION {schema}.{table}_make_month(wanted integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    partition text := '{table}_' || wanted;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('months of {table}', 0));
    IF wanted <> {kept} AND wanted % 100 NOT BETWEEN 1 AND 12 THEN
        RAISE EXCEPTION '% is no month', wanted;
    END IF;
    IF to_regclass('{schema}.' || partition) IS NULL THEN
        EXECUTE format('CREATE TABLE {schema}.%I (LIKE {schema}.{table} INCLUDING DEFAULTS)', partition);
        EXECUTE format('ALTER TABLE {schema}.{table} ATTACH PARTITION {schema}.%I FOR VALUES IN (%s)',
            partition, wanted);
    END IF;
END $$
"""
DROP_MONTH = """
CREATE OR REPLACE FUNCTION {schema}.{table}_drop_month(unwanted integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    partition text := '{table}_' || unwanted;
    is_needed boolean;
BEGIN
    IF NOT has_table_privilege(session_user, '{schema}.{table}', 'DELETE') THEN
        RAISE insufficient_privilege USING MESSAGE = 'permission denied for table {table}';
    END IF;
    IF unwanted NOT BETWEEN 1 AND to_char(now() AT TIME ZONE 'UTC', 'YYYYMM')::integer - 1 THEN
        RAISE EXCEPTION '% is not over', unwanted;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM pg_inherits
        WHERE inhrelid = to_regclass('{schema}.' || partition) AND inhparent = '{schema}.{table}'::regclass
    ) THEN
        RETURN true;
    END IF;
    LOCK TABLE ONLY {schema}.{table} IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE {schema}.%I IN ACCESS EXCLUSIVE MODE', partition);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM {schema}.%I AS it WHERE {needed})', partition)
        INTO is_needed;
    IF NOT is_needed THEN
        EXECUTE format('DROP TABLE {schema}.%I', partition);
    END IF;
    RETURN NOT is_needed;
END $$
"""
ALL_MONTHS = """
    SELECT {table}_make_month(month) FROM (
        SELECT DISTINCT to_char({by} AT TIME ZONE 'UTC', 'YYYYMM')::integer AS month FROM {of}
        UNION SELECT to_char(now() AT TIME ZONE 'UTC' + ahead * interval '1 month', 'YYYYMM')::integer
        FROM generate_series(0, {ahead}) AS ahead
        UNION SELECT {kept}
    ) AS months
"""
NOTHING = "false"
PRIMARY_KEY = " PRIMARY KEY"


class AddIndexConcurrently(OnPostgreSQL):
    """Builds it while others write. It stands alone in a migration with ``atomic = False``.

    SQLite, which has one writer, builds it as any other.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        kind = _kind(schema_editor)
        kind.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        kind = _kind(schema_editor)
        kind.database_backwards(self, app_label, schema_editor, from_state, to_state)


def _kind(schema_editor: BaseDatabaseSchemaEditor) -> type[AddIndex]:
    return OnPostgreSQL if schema_editor.connection.vendor == "postgresql" else AddIndex


class CreateMonthlyModel(CreateModel):
    """One with a ``month``, of which months are dropped (``hireops.database.months``)."""

    def __init__(self, name: str, fields: Any, *, needed: str = NOTHING, **options: Any) -> None:
        super().__init__(name, fields, **options)
        self.needed = needed

    def deconstruct(self) -> Any:
        name, args, kwargs = super().deconstruct()
        return name, args, {**kwargs, "needed": self.needed}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        create_monthly(schema_editor, to_state.apps.get_model(app_label, self.name), needed=self.needed)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            table = from_state.apps.get_model(app_label, self.name)._meta.db_table  # noqa: SLF001
            schema_editor.execute(f"DROP FUNCTION {table}_make_month, {table}_drop_month")
        super().database_backwards(app_label, schema_editor, from_state, to_state)


def create_monthly(schema_editor: Any, model: type[Model], *, needed: str = NOTHING) -> None:
    """Create the table, with room for no month yet.

    ``needed`` is SQL, true of a row ``it`` that keeps its month; it names tables as ``{schema}.table``.
    """
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.create_model(model)
        return
    with _partitioned(schema_editor):
        schema_editor.create_model(model)
    _create_month_functions(schema_editor, model._meta.db_table, needed)  # noqa: SLF001 - documented, in spite of its name


class ReplaceMonthFunctions(Operation):
    """Write the functions that make and drop the months of a table anew."""

    reduces_to_sql = False
    is_additive = True

    def __init__(self, table: str, *, needed: str = NOTHING) -> None:
        self.table, self.needed = table, needed

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Functions are no part of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            _create_month_functions(schema_editor, self.table, self.needed)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """The release before does as well with these functions."""


def _create_month_functions(schema_editor: Any, table: str, needed: str) -> None:
    with schema_editor.connection.cursor() as cursor:
        names = {"table": table, "schema": schema_of(cursor, table)}
    schema_editor.execute(MAKE_MONTH.format(**names, kept=KEPT), params=None)
    schema_editor.execute(DROP_MONTH.format(**names, needed=needed.format(**names)), params=None)


def make_months(schema_editor: Any, table: str, *, of: str, by: str) -> None:
    """Room for what is in the table ``of``, by its column ``by``, for this month and those to come."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            ALL_MONTHS.format(table=table, of=of, by=by, ahead=MADE_AHEAD, kept=KEPT), params=None
        )


@contextmanager
def _partitioned(schema_editor: Any) -> Iterator[None]:
    """Inside, tables are made by month. What is unique has to name the month there, also the primary key."""
    usual = schema_editor.table_sql

    def by_month(model: type[Model]) -> tuple[str, Any]:
        sql, params = usual(model)
        key = schema_editor.quote_name(model._meta.pk.column)  # noqa: SLF001
        columns = sql.replace(PRIMARY_KEY, "", 1).removesuffix(")")
        return f'{columns}, PRIMARY KEY ({key}, "month")) PARTITION BY LIST ("month")', params

    schema_editor.table_sql = by_month
    try:
        yield
    finally:
        del schema_editor.table_sql
