"""A PostgreSQL server by its ``DATABASE_URL``, wherever it is: its databases, and how to reach them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

from hireops.environment import database_of


class NoPostgreSQLError(Exception):
    """Says where was looked and what was found there."""


@dataclass(frozen=True)
class PostgreSQL:
    """A server on which databases may be created; ``url`` names one of its databases, ``found`` says how."""

    url: str
    found: str = ""

    def url_of(self, database: str) -> str:
        parts = urlsplit(self.url)
        return parts._replace(path=f"{parts.path.rpartition('/')[0]}/{database}").geturl()

    def behind(self, port: int) -> str:
        """The URL of the same database for who comes through a relay on this machine."""
        config = database_of(self.url)
        user = urlsplit(self.url).netloc.rpartition("@")[0]
        return f"postgres://{user}@127.0.0.1:{port}/{config['NAME']}"

    @property
    def address(self) -> tuple[str, int] | str:
        """Host and port, or the file of its socket."""
        config = database_of(self.url)
        host, port = config["HOST"] or "127.0.0.1", config["PORT"] or 5432
        return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)

    def connect(self, database: str) -> psycopg.Connection:
        """Outside any transaction until one is begun."""
        config = database_of(self.url_of(database))
        return psycopg.connect(
            host=config["HOST"],
            port=config["PORT"] or None,
            user=config["USER"] or None,
            password=config["PASSWORD"] or None,
            dbname=config["NAME"],
            autocommit=True,
            **{"connect_timeout": 2, **config.get("OPTIONS", {})},
        )

    def execute(self, sql: str, *parameters: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of one statement, run outside any transaction."""
        with self.connect(database) as link:
            cursor = link.execute(sql.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def refusal(self) -> str:
        """Why this server is of no use to us; empty if it is."""
        try:
            rows = self.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        except psycopg.Error as error:
            return str(error).strip().splitlines()[0]
        return "" if rows == [(True,)] else "may not create databases"

    def drop_databases(self, part_of_name: str) -> None:
        rows = self.execute("SELECT datname FROM pg_database WHERE strpos(datname, %s) > 0", part_of_name)
        for (name,) in rows:
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
