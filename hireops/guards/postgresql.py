"""Guards on PostgreSQL: a function and a trigger for each rule, of the same name."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from hireops.database.schema import schema_of
from hireops.guards.dialects import FORMER, LATCH, MARK, Dialect, Trigger
from hireops.guards.rules import Declared, Lock

ONE_MIGRATE = "hireops migrate"
MIGRATING = "hireops.migrating"
# Who has waited so long for a lock lets those go first who wait behind it, and tries again. Longer than the
# second after which PostgreSQL takes its own vacuum away from a table, shorter than a webhook can wait.
LONGEST_WAIT = "1500ms"
# OperationalError, as for a database that is away: whatever waits for that waits for this.
CANNOT_CONNECT_NOW = "57P03"

# Of a guard: whoever writes may have temporary tables, and their names are found first otherwise.
PATH = "search_path=pg_catalog, {schema}, pg_temp"

# Only what a statement without a schema would find; partitions have clones of their table's triggers.
TRIGGERS = """
    SELECT trigger.tgname, class.relname, pg_get_triggerdef(trigger.oid, true), function.prosrc,
        array_to_string(function.proconfig, ', '), class.relnamespace::regnamespace::text,
        trigger.tgenabled = 'O', function.proname
    FROM pg_trigger AS trigger
    JOIN pg_class AS class ON class.oid = trigger.tgrelid
    JOIN pg_proc AS function ON function.oid = trigger.tgfoid
    WHERE NOT trigger.tgisinternal AND trigger.tgparentid = 0 AND pg_table_is_visible(class.oid)
"""
OUR_FUNCTIONS = """
    SELECT proname FROM pg_proc
    WHERE prorettype = 'trigger'::regtype AND pg_function_is_visible(oid) AND pronargs = 0
        AND (strpos(prosrc, %s) > 0 OR proname = ANY(%s))
"""
# With the rights of their owner, and where a name may be found that the caller has made.
UNSAFE_FUNCTIONS = """
    SELECT proname FROM pg_proc
    WHERE prosecdef AND pg_function_is_visible(oid) AND pronamespace <> 'pg_catalog'::regnamespace
        AND NOT EXISTS (
            SELECT 1 FROM unnest(proconfig) AS setting WHERE setting ~ '^search_path=.*, pg_temp$'
        )
        AND NOT EXISTS (
            SELECT 1 FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
        )
    ORDER BY 1
"""

LARGEST_TABLE = """
    SELECT max(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)
"""
COLUMN_TYPE = """
    SELECT format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = to_regclass(quote_ident(%s)) AND attname = %s AND NOT attisdropped
"""
LONG_TRANSACTIONS = """
    SELECT pid, usename, application_name, host(client_addr), state,
        extract(epoch FROM clock_timestamp() - xact_start)::int
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND xact_start < clock_timestamp() - interval '1 second'
    ORDER BY xact_start LIMIT 3
"""

CUT_OFF = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%s)) AND NOT indisvalid"


class PostgreSQL(Dialect):
    differs = "IS DISTINCT FROM"

    def create(self, cursor: Any, declared: Declared) -> list[str]:
        if not self._is_needed(declared):
            return []
        path = PATH.format(schema=schema_of(cursor, declared.table))
        function = f"{declared.name}() RETURNS trigger LANGUAGE plpgsql SET {path}"
        return [f"CREATE FUNCTION {function} AS $${self._source(declared)}$$", self._trigger(declared)]

    def as_told(self, declared: Declared) -> str | None:
        if not self._is_needed(declared):
            return None
        return _told(self._trigger(declared), self._source(declared), PATH)

    def _is_needed(self, declared: Declared) -> bool:
        return isinstance(declared, Lock) or declared.event != "REPLACE"

    def _trigger(self, declared: Declared) -> str:
        """In the very words of ``pg_get_triggerdef``."""
        name, table = declared.name, declared.table
        runs = f"EXECUTE FUNCTION {name}()"
        event = "AFTER INSERT" if isinstance(declared, Lock) else declared.event
        if event.startswith("AFTER "):
            written = "REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
            return f"CREATE TRIGGER {name} {event} ON {table} {written} {runs}"
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        return f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} {runs}"

    def _source(self, declared: Declared) -> str:
        if isinstance(declared, Lock):
            return _lock(declared)
        refuse = f"RAISE EXCEPTION '{declared.answer}' USING ERRCODE = 'integrity_constraint_violation';"
        if declared.event.startswith("AFTER "):
            return _asked_about_a_statement(self.asks(declared), refuse)
        # In the function, not in WHEN: there PostgreSQL looks into no other table.
        row = "OLD" if declared.event == "DELETE" else "NEW"
        returned = "NULL" if declared.event == "TRUNCATE" else row
        return f" {MARK} BEGIN IF {self.asks(declared)} THEN {refuse} END IF; RETURN {returned}; END "

    def triggers(self, cursor: Any, names: Collection[str]) -> list[Trigger]:
        cursor.execute(TRIGGERS)
        return [
            Trigger(
                name,
                table,
                _told(
                    definition.replace('"', ""),  # a column such as "time" is told in quotes
                    source,
                    PATH if settings == PATH.format(schema=schema) else str(settings),
                ),
                is_enabled=is_enabled,
                is_ours=MARK in source or name in names or function in FORMER,
            )
            for name, table, definition, source, settings, schema, is_enabled, function in cursor.fetchall()
        ]

    def unsafe_functions(self, cursor: Any) -> list[str]:
        cursor.execute(UNSAFE_FUNCTIONS)
        return [name for (name,) in cursor.fetchall()]

    def drop_ours(self, cursor: Any, names: Collection[str], *, latch: bool) -> list[str]:
        # By function, so that one whose trigger is gone goes as well.
        cursor.execute(OUR_FUNCTIONS, [MARK, [*names, *FORMER]])
        functions = [name for (name,) in cursor.fetchall() if latch or not name.startswith(LATCH)]
        return [f"DROP FUNCTION {name}() CASCADE" for name in functions]

    def latch(self, cursor: Any, tables: Collection[str]) -> Iterator[str]:
        key = _key_of(cursor)
        is_another = f"current_setting('{MIGRATING}', true) IS DISTINCT FROM '{key}'"
        says = "a migration is running or was cut off, so nothing is written: run manage.py migrate again"
        refuse = f"RAISE EXCEPTION '{LATCH}: {says}' USING ERRCODE = '{CANNOT_CONNECT_NOW}';"
        body = f"{MARK} BEGIN IF {is_another} THEN {refuse} END IF; RETURN NULL; END"
        path = PATH.format(schema=schema_of(cursor, LATCH))
        function = f"{LATCH}() RETURNS trigger LANGUAGE plpgsql SET {path}"
        yield f"CREATE OR REPLACE FUNCTION {function} AS $$ {body} $$"
        for table in tables:
            moment = f"BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
            yield f"CREATE TRIGGER {LATCH} {moment} FOR EACH STATEMENT EXECUTE FUNCTION {LATCH}()"

    def wait_for_writers(self, tables: Collection[str]) -> Iterator[str]:
        yield f"SET LOCAL lock_timeout = '{LONGEST_WAIT}'"
        if tables:
            yield f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"

    @contextmanager
    def one_migrate_at_a_time(self, connection: Any) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [ONE_MIGRATE])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [ONE_MIGRATE])

    def size_of(self, cursor: Any, table: str) -> int:
        cursor.execute("SELECT pg_total_relation_size(to_regclass(quote_ident(%s)))", [table])
        return int(cursor.fetchone()[0] or 0)

    def largest_table(self, cursor: Any) -> int:
        cursor.execute(LARGEST_TABLE)
        return int(cursor.fetchone()[0] or 0)

    def type_of(self, cursor: Any, table: str, column: str) -> str:
        cursor.execute(COLUMN_TYPE, [table, column])
        found = cursor.fetchone()
        return str(found[0]) if found else ""

    @contextmanager
    def waits_briefly(self, connection: Any) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LONGEST_WAIT}'")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    def waited_for(self, cursor: Any) -> list[str]:
        cursor.execute(LONG_TRANSACTIONS)
        return [
            f"process {pid} of {user} ({name or 'without a name'}, {address or 'this machine'}), {state}, "
            f"in a transaction for {seconds} s"
            for pid, user, name, address, state, seconds in cursor.fetchall()
        ]


@contextmanager
def building_concurrently(connection: Any, index: str) -> Iterator[None]:
    """It waits for everybody and keeps nobody waiting. What one that was cut off has left goes first."""
    with connection.cursor() as cursor:
        cursor.execute(CUT_OFF, [index])
        if cursor.fetchone():
            cursor.execute(f'DROP INDEX CONCURRENTLY "{index}"')
        cursor.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{LONGEST_WAIT}'")


def _told(trigger: str, source: str, settings: str) -> str:
    return f"{trigger}\n{source}\n{settings}"


def _lock(lock: Lock) -> str:
    theirs = f"SELECT 1 FROM {lock.locks} WHERE id IN (SELECT {lock.by} FROM written)"  # noqa: S608 - our own names
    return f" {MARK} BEGIN EXECUTE '{theirs} ORDER BY id FOR NO KEY UPDATE'; RETURN NULL; END "


def _asked_about_a_statement(refused: str, refuse: str) -> str:
    # EXECUTE, so that it is planned each time: a plan that was made while the table was empty is kept
    # otherwise, and reads half of it for each row when it has grown.
    asks = f"SELECT EXISTS (SELECT 1 FROM written AS NEW WHERE {refused})"  # noqa: S608 - our own names
    answer = f"EXECUTE $ask${asks}$ask$ INTO is_refused; IF is_refused THEN {refuse} END IF;"
    return f" {MARK} DECLARE is_refused boolean; BEGIN {answer} RETURN NULL; END "


def _key_of(cursor: Any) -> str:
    """What the function compares. A process id would come again, a moment after a restart of the server."""
    cursor.execute(f"SELECT current_setting('{MIGRATING}', true)")
    (key,) = cursor.fetchone()
    if not key:
        key = uuid4().hex
        cursor.execute("SELECT set_config(%s, %s, false)", [MIGRATING, key])
    return str(key)
