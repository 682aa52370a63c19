"""Migrated databases for real processes: each a copy of one that was migrated once in this test session."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.servers import PostgreSQL

_number = count(1)


class Database:
    """A database by its ``DATABASE_URL``; ``rows()`` looks into it from outside Django."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = urlsplit(url).path.rpartition("/")[2]

    @property
    def _file(self) -> Path | None:
        return Path(urlsplit(self.url).path) if self.url.startswith("sqlite") else None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of one statement, which is committed if it writes."""
        if not self._file:
            return PostgreSQL(self.url).execute(sql, database=self.name)
        with closing(sqlite3.connect(self._file, timeout=20)) as link, link:
            return link.execute(sql).fetchall()

    def copy(self, folder: Path) -> "Database":
        """A new database with the same content. Nobody may be connected to this one."""
        if self._file:
            return Database(f"sqlite:///{shutil.copy(self._file, folder / 'hireops.sqlite3')}")
        server, name = PostgreSQL(self.url), f"{self.name}_{next(_number)}"
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        return Database(server.url_of(name))

    def drop(self) -> None:
        if not self._file:
            PostgreSQL(self.url).execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


@contextmanager
def new_database(folder: Path) -> Iterator[Database]:
    """An empty one, on the kind of server that this test run is about."""
    url = os.environ["DATABASE_URL"]
    if url.startswith("sqlite"):
        yield Database(f"sqlite:///{folder / 'template.sqlite3'}")
        return
    database = Database(PostgreSQL(url).url_of(f"{Database(url).name}_processes_{os.getpid()}"))
    PostgreSQL(url).execute(f'CREATE DATABASE "{database.name}"')
    try:
        yield database
    finally:
        database.drop()
