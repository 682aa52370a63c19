"""The site, which answers how much garbage it has gathered, whatever it is asked for."""

from collections.abc import Callable
from typing import Any

import hireops.wsgi  # noqa: F401 - for all that it loads
from tests.gathering import gathered


def application(_environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(gathered()).encode()]
