"""Guards on SQLite: a trigger for each rule. A table that is altered is built anew, and loses them."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import OperationalError

from hireops.guards.dialects import FORMER, LATCH, MARK, Dialect, Trigger
from hireops.guards.rules import Declared, Rule

# Only the connection that migrates knows this function; to all others SQLite says "no such function" and its
# name, before it looks at a row.
ONLY_MIGRATE_MAY = f"{LATCH}_run_manage_py_migrate"


class SQLite(Dialect):
    differs = "IS NOT"

    def create(self, cursor: Any, declared: Declared) -> list[str]:
        text = self.as_told(declared)
        return [text] if text else []

    def as_told(self, declared: Declared) -> str | None:
        if not isinstance(declared, Rule) or declared.event == "TRUNCATE":
            return None
        event = declared.event.replace("REPLACE", "INSERT")
        moment = event if event.startswith("AFTER ") else f"BEFORE {event}"
        answer = "RAISE(IGNORE)" if declared.passed_over else f"RAISE(ABORT, '{declared.answer}')"
        when = f"ON {declared.table} WHEN {self.asks(declared)}"
        return f"CREATE TRIGGER {declared.name} {moment} {when} BEGIN {MARK} SELECT {answer}; END"

    def triggers(self, cursor: Any, names: Collection[str]) -> list[Trigger]:
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        return [
            Trigger(name, table, text, is_ours=MARK in text or name in names or name in FORMER)
            for name, table, text in cursor.fetchall()
        ]

    def unsafe_functions(self, cursor: Any) -> list[str]:
        return []  # SQLite has none

    def drop_ours(self, cursor: Any, names: Collection[str], *, latch: bool) -> list[str]:
        ours = [each for each in self.triggers(cursor, names) if each.is_ours]
        return [f'DROP TRIGGER "{each.name}"' for each in ours if latch or not each.is_latch]

    def latch(self, cursor: Any, tables: Collection[str]) -> Iterator[str]:
        cursor.db.connection.create_function(ONLY_MIGRATE_MAY, 0, lambda: 1)
        for table in tables:
            for change in ("INSERT", "UPDATE", "DELETE"):
                name = f"{LATCH}_{table}_{change.lower()}"
                refuse = f"{MARK} SELECT RAISE(ABORT, '{LATCH}');"
                yield (
                    f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {change} ON {table} "
                    f"WHEN NOT {ONLY_MIGRATE_MAY}() BEGIN {refuse} END"
                )

    def wait_for_writers(self, tables: Collection[str]) -> Iterator[str]:
        yield from ()  # a transaction is the only writer

    @contextmanager
    def one_migrate_at_a_time(self, connection: Any) -> Iterator[None]:
        if connection.is_in_memory_db():
            yield
            return
        # Not the file of the database: closing it here would take SQLite's own locks away.
        beside = Path(f"{connection.settings_dict['NAME']}-migrate")
        lock = _locked(beside)
        try:
            yield
        finally:
            beside.unlink()
            os.close(lock)

    def size_of(self, cursor: Any, table: str) -> int:
        try:
            cursor.execute("SELECT sum(pgsize) FROM dbstat WHERE name = %s AND aggregate = 1", [table])
            (size,) = cursor.fetchone()
        except OperationalError:  # a build without it
            return self.largest_table(cursor)
        return int(size or 0)

    def largest_table(self, cursor: Any) -> int:
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])

    def type_of(self, cursor: Any, table: str, column: str) -> str:
        cursor.execute("SELECT type FROM pragma_table_info(%s) WHERE name = %s", [table, column])
        found = cursor.fetchone()
        return str(found[0]) if found else ""

    @contextmanager
    def waits_briefly(self, connection: Any) -> Iterator[None]:
        yield  # the driver's own limit is short

    def waited_for(self, cursor: Any) -> list[str]:
        return []  # SQLite does not tell


def _locked(path: Path) -> int:
    """An open file that no other process has locked and that is still the one of that name."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists() and path.stat().st_ino == os.fstat(lock).st_ino:
            return lock
        os.close(lock)  # who had it has removed it
