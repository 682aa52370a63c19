"""How long a caller is ready to wait for the database."""

from functools import partial
from time import monotonic
from typing import Any

from django.db import OperationalError, connection

SHORTEST_WAIT_S = 0.01


class query_deadline:  # noqa: N801 - used as a function, and with each event that is stored
    """Inside, all queries together have ``seconds``; then Django's ``OperationalError`` is raised.

    The limit is kept on our side, because a database that hangs cannot keep its own
    ``statement_timeout``. After an ``OperationalError`` the connection is closed; the next query opens
    a new one (which waits for ``connect_timeout``, 2 s, at the most).
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        link: Any = connection
        link.health_check_done = True  # it would ask a dead database without any limit
        connection.ensure_connection()
        self._raw = link.connection
        if connection.vendor == "sqlite":
            (self._usual_ms,) = self._raw.execute("PRAGMA busy_timeout").fetchone()
            self._raw.execute(f"PRAGMA busy_timeout = {int(self.seconds * 1000)}")
        else:
            self._raw.wait = partial(_wait, self._raw, monotonic() + self.seconds)

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        if connection.vendor == "sqlite":
            self._raw.execute(f"PRAGMA busy_timeout = {self._usual_ms}")
        else:
            del self._raw.wait
        if kind and issubclass(kind, OperationalError):
            connection.close()


def _wait(raw: Any, deadline: float, exchange: Any, interval: float = 0.1) -> Any:
    return type(raw).wait(raw, exchange, interval, timeout=max(deadline - monotonic(), SHORTEST_WAIT_S))
