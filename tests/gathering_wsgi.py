"""The site, which answers only what it has gathered: ``/connections``, or any other path for garbage."""

import gc
from collections.abc import Callable
from typing import Any

import hireops.wsgi  # noqa: F401 - for all that it loads
from hireops.web.connection import Connection
from tests.gathering import gathered


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(_connections() if environ["PATH_INFO"] == "/connections" else gathered()).encode()]


def _connections() -> int:
    return sum(type(each) is Connection for each in gc.get_objects())
