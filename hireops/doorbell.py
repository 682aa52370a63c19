"""Ringing for a worker. The rows in the database are the work; a ring only says "look now".

A ring may be lost without harm (beat looks every few seconds), so it must never cost its caller anything:
a thread of its own makes it, joins rings of the same kind, gives the broker half a second and leaves it
alone for a while after a failure. A broker that is dead, or accepts and never answers, is felt by that
thread only (docs/decisions/0002-the-broker-is-only-a-doorbell.md).
"""

import logging
import os
import threading
from contextlib import suppress
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from celery import Task
from kombu import Connection

from hireops.celery import app

logger = logging.getLogger(__name__)

JOIN_RINGS_S = 0.4
BROKER_TIMEOUT_S = 0.5
PAUSE_AFTER_FAILURE_S = 5.0
FORGET_UNHEARD_RING_S = 60

# max_retries: else kombu waits two seconds and tries once more.
BROKER_TIMEOUTS: dict[str, dict[str, Any]] = {
    "embedded": {"max_retries": 0},
    "redis": {
        "socket_timeout": BROKER_TIMEOUT_S,
        "socket_connect_timeout": BROKER_TIMEOUT_S,
        "max_retries": 0,
    },
    "amqp": {"read_timeout": BROKER_TIMEOUT_S, "write_timeout": BROKER_TIMEOUT_S, "max_retries": 0},
}


class Doorbell:
    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._wake = threading.Event()
        self._starting = threading.Lock()
        self._ringer_pid: int | None = None
        self._connection: Connection | None = None

    def ring(self, task_name: str) -> None:
        self._wanted.add(task_name)
        self._wake.set()
        if self._ringer_pid != os.getpid():
            self._start_ringer()

    def _start_ringer(self) -> None:
        # A thread does not survive a fork, so each process starts its own at its first ring.
        with self._starting:
            if self._ringer_pid != os.getpid():
                self._ringer_pid = os.getpid()
                self._connection = None
                threading.Thread(target=self._ring_for_ever, name="doorbell", daemon=True).start()

    def _ring_for_ever(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._wanted:
                self._ring_once(self._wanted.pop())
            sleep(JOIN_RINGS_S)

    def _ring_once(self, task_name: str) -> None:
        try:
            self._connection = self._connection or impatient_connection()
            app.send_task(task_name, connection=self._connection, retry=False, expires=FORGET_UNHEARD_RING_S)
        except Exception as error:  # noqa: BLE001 - whatever the broker's driver raises, beat will look
            logger.warning("no broker to ring at for %s (%s)", task_name, type(error).__name__)
            self._connection = None
            sleep(PAUSE_AFTER_FAILURE_S)


def impatient_connection() -> Connection:
    """To the broker; half a second is all that it is given."""
    url = app.conf.broker_url
    family = {"rediss": "redis", "pyamqp": "amqp", "amqps": "amqp"}.get(
        scheme := urlsplit(url).scheme, scheme
    )
    return Connection(
        url,
        connect_timeout=BROKER_TIMEOUT_S,
        transport_options={**app.conf.broker_transport_options, **BROKER_TIMEOUTS.get(family, {})},
    )


_doorbell = Doorbell()


def load() -> None:
    """What the first ring would load, for up to half a second: no event is to wait for that.

    Nothing is connected to, and no thread begins: with --preload this is the process that forks the others.
    """
    with suppress(Exception):  # it is told of when there is something to ring for
        impatient_connection()
        app.finalize()
        _ = app.amqp.router, app.backend, app.events.Dispatcher


def ring(task: Task[Any, Any]) -> None:
    """Ask a worker to run ``task`` now. Returns at once, never raises, and may be forgotten."""
    _doorbell.ring(task.name)
