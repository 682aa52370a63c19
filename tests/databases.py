"""Databases that a test looks into from outside Django."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from psycopg import sql

from tests.postgresql import PostgreSQL

LOCK = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE")
_number = count(1)


class Database:
    """A database by its ``DATABASE_URL``; ``rows()`` looks into it from outside Django."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = urlsplit(url).path.rpartition("/")[2]

    @property
    def _file(self) -> Path | None:
        return Path(urlsplit(self.url).path) if self.url.startswith("sqlite") else None

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of one statement, which is committed if it writes."""
        if not self._file:
            return PostgreSQL(self.url).execute(statement, database=self.name)
        with closing(sqlite3.connect(self._file, timeout=20)) as link, link:
            return link.execute(statement).fetchall()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Somebody else holds that table; on SQLite this is all of them."""
        if self._file:
            with closing(sqlite3.connect(self._file, isolation_level=None)) as somebody_else:
                somebody_else.execute("BEGIN IMMEDIATE")
                yield
        else:
            with PostgreSQL(self.url).connect(self.name) as held, held.transaction():
                held.execute(LOCK.format(sql.Identifier(table)))
                yield

    def copy(self, folder: Path) -> "Database":
        """A new database with the same content. Nobody may be connected to this one."""
        if self._file:
            return Database(f"sqlite:///{shutil.copy(self._file, folder / 'hireops.sqlite3')}")
        server, name = PostgreSQL(self.url), f"{self.name}_{os.getpid()}_{next(_number)}"
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        return Database(server.url_of(name))

    def drop(self) -> None:
        if not self._file:
            PostgreSQL(self.url).execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


def database_of_tests() -> Database:
    """The one that tests in this process use, for another process that has to see the same rows."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return Database(f"sqlite:///{name}")
    return Database(PostgreSQL(os.environ["DATABASE_URL"]).url_of(name))


@contextmanager
def new_database(folder: Path) -> Iterator[Database]:
    """An empty one, on the kind of server that this test run is about."""
    url = os.environ["DATABASE_URL"]
    if url.startswith("sqlite"):
        yield Database(f"sqlite:///{folder / 'template.sqlite3'}")
        return
    database = Database(
        PostgreSQL(url).url_of(f"{Database(url).name}_processes_{os.getpid()}_{next(_number)}")
    )
    PostgreSQL(url).execute(f'CREATE DATABASE "{database.name}"')
    try:
        yield database
    finally:
        database.drop()
