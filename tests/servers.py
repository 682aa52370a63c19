"""Servers that a test run can use: a PostgreSQL of its own choice, and the brokers that answer here."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from kombu import Connection
from kombu.exceptions import KombuError

from tests.own_postgresql import own_postgresql
from tests.postgresql import NoPostgreSQLError, PostgreSQL

BROKERS = {"redis": "redis", "amqp": "rabbitmq"}  # what their URLs begin with, also as rediss, pyamqp, amqps
HOSTS = ("127.0.0.1", "/var/run/postgresql", "/tmp")


@contextmanager
def postgresql(database_url: str) -> Iterator[PostgreSQL]:
    """The server in ``database_url`` if that is PostgreSQL, else one found here, else one of our own."""
    if urlsplit(database_url).scheme in {"postgres", "postgresql"}:
        found = PostgreSQL(database_url, "DATABASE_URL")
        if refusal := found.refusal():
            raise NoPostgreSQLError(f"the server in DATABASE_URL: {refusal}")
        yield found
    elif here := next((server for server in _on_this_machine() if not server.refusal()), None):
        yield here
    else:
        with own_postgresql() as own:
            yield own.server


def _on_this_machine() -> Iterator[PostgreSQL]:
    for host in HOSTS:
        for user in dict.fromkeys(("postgres", getpass.getuser())):
            yield PostgreSQL(f"postgres://{quote(user)}@{quote(host, safe='')}/postgres", f"{host} as {user}")


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


def delete_queues(broker_url: str, name: str) -> None:
    """Those of ``tests.drills.own_queue``."""
    with Connection(broker_url) as connection:
        channel: Any = connection.default_channel
        for queue in (name, *(f"{name}.{each}" for each in settings.SWEEPS)):
            channel.queue_delete(queue)
            channel.exchange_delete(queue)
