"""Watches over a process from a thread of its own: stops it when asked, renews it when it has fallen silent.

The official client hangs after some faults and cannot be stopped (contract 7.4), so nothing here needs its
help: signals are taken by this thread, a stop is ``os._exit``, and after any fault the process replaces
itself by a fresh one (``exec``: the same pid, so a process manager sees no end), which waits longer with
each failure.
"""

import contextlib
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from time import monotonic, sleep
from typing import NoReturn

logger = logging.getLogger(__name__)

STOPS = {signal.SIGTERM, signal.SIGINT}
LOOK_EVERY_S = 0.5
FINISH_WITHIN_S = 3.0
LONGEST_WAIT_S = 60.0
STEADY_AFTER_S = 60.0
# What the process tells the one that takes its place.
FAILURES, WAIT_S = "HIREOPS_LISTEN_FAILURES", "HIREOPS_LISTEN_WAIT_S"


class Watch:
    def __init__(self) -> None:
        self._failures = int(os.environ.pop(FAILURES, "0"))
        self._wait_s = float(os.environ.pop(WAIT_S, "0"))
        self._silent_at = float("inf")
        self._steady_at = float("inf")
        self._under_way = 0
        self._fresh_start: tuple[str, float] | None = None

    def start(self) -> None:
        """Before any other thread starts, so that all of them leave the signals to the watch."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    def wait(self) -> None:
        """As long as the process before this one had reason to."""
        sleep(self._wait_s)

    def expect(self, within_s: float) -> None:
        """Unless this is called again within that time, the process has fallen silent."""
        self._silent_at = monotonic() + within_s

    def connected(self) -> None:
        """From here on it works; when that has lasted, earlier failures are forgotten."""
        self._steady_at = monotonic() + STEADY_AFTER_S

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """What is inside is finished before the process stops, if it does not take long."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def start_afresh(self, why: str, *, at_least_s: float = 0.0) -> NoReturn:
        """A new process in the place of this one, which waits before it connects. Never returns."""
        self._fresh_start = why, at_least_s
        while True:
            sleep(1)  # only the watch ends the process, or a stop that it has just heard of could get lost

    def _look(self) -> None:
        while not signal.sigtimedwait(STOPS, LOOK_EVERY_S):
            if self._fresh_start:
                self._begin_anew(*self._fresh_start)
            if monotonic() > self._silent_at:
                self._begin_anew("nothing was heard from Feishu for too long", 0)
        self._finish()
        logger.info("stopped")
        os._exit(0)

    def _begin_anew(self, why: str, at_least_s: float) -> NoReturn:
        self._finish()
        failures = 1 if monotonic() > self._steady_at else self._failures + 1
        longest = min(LONGEST_WAIT_S, 2.0 ** min(failures - 1, 10))
        wait_s = max(at_least_s, longest * random.uniform(0.5, 1))  # noqa: S311 - a time, not a secret
        logger.warning("%s; connecting again in %.1f s", why, wait_s)
        environment = {**os.environ, FAILURES: str(failures), WAIT_S: f"{wait_s:.1f}"}
        try:
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606
        finally:
            os._exit(1)  # Python itself is gone; the process manager may know better

    def _finish(self) -> None:
        """What is under way has a moment to end."""
        deadline = monotonic() + FINISH_WITHIN_S
        while self._under_way and monotonic() < deadline:
            sleep(0.01)
