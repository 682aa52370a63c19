"""The moment after which a request must not leave any more.

Set by whoever has to be sure of it (the outbox, for as long as its lease holds), asked by the code that
sends, right before the first byte: between the two there may be a token to fetch, a quota to wait for, or a
process that was stopped for an hour.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

# Where there is one, a clock that goes on while the machine sleeps: the leases of others do too.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_latest: ContextVar[float] = ContextVar("latest", default=inf)


@contextmanager
def leave_before(moment: float) -> Iterator[None]:
    """Inside, ``has_passed()`` is true once ``clock()`` is later than ``moment``."""
    token = _latest.set(moment)
    try:
        yield
    finally:
        _latest.reset(token)


def clock() -> float:
    """Seconds since some moment in the past."""
    return time.clock_gettime(_CLOCK)


def has_passed() -> bool:
    """Whether it is too late for the caller's request. Never, where nobody has set a deadline."""
    return clock() > _latest.get()
