"""hireops with every logger at DEBUG, for tests of what must not be logged even then."""

from hireops.settings import *  # noqa: F403
from hireops.settings import LOGGING

LOGGING = {
    **LOGGING,
    "root": {"handlers": ["console"], "level": "DEBUG"},
    "loggers": {
        name: {"level": "DEBUG"} for name in ("", "django", "Lark", "websockets", "asyncio", "urllib3")
    },
}
