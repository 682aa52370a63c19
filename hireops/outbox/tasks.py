"""What the worker does with calls: rung for by whoever enqueued, and by beat for rings that were lost.

One drain at a time in each process; a second ring makes the first look again. A drain begins with its
caller's thread. Whoever finds a call has another thread look beside it, up to ``OUTBOX_SENDERS``. Whoever
finds nothing ends, but for one that watches: as long as others send, and for what is due within seconds.
"""

import logging
import threading
from time import monotonic
from typing import Any

from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import connections

from hireops import tracing
from hireops.celery import app
from hireops.doorbell import ring
from hireops.error_location import error_location
from hireops.jobs.tasks import work
from hireops.outbox import recording, sending, timing, trimming

logger = logging.getLogger(__name__)


@app.task
def drain() -> None:
    """Send what is due, and what becomes due within seconds. Workers that drain at once share the work.

    After a while it rings for itself and ends, so that other tasks get their turn and a worker that has
    to stop does so soon.
    """
    if _drain_here():
        ring(drain)
    ring(work)  # some of it rests until its calls are answered


@app.task
def trim() -> None:
    """Throw away what was sent and answered a long time ago (OUTBOX_KEEP_DAYS)."""
    trimming.trim()


@worker_shutting_down.connect
def _finish_what_is_in_hand(**_details: Any) -> None:
    stop()


# --- The threads of this process that send


class Drain:
    """Looks and sends until nothing is due, for ``DRAIN_FOR_S`` at most. ``unfinished``: time ran out."""

    def __init__(self) -> None:
        self._ends_at = monotonic() + timing.DRAIN_FOR_S
        self._changing = threading.Lock()
        self._senders = 1
        self._helpers: list[threading.Thread] = []
        self._watching = threading.Lock()
        self._wake = threading.Event()
        self.unfinished = False

    def run(self) -> None:
        try:
            self._send_until_quiet()
        finally:
            while self._helpers:  # each may have called another one before it ended
                self._helpers.pop().join()

    def look_again(self) -> None:
        """Something may be due: the sender that watches looks, or a new one."""
        self._wake.set()
        if not self._watching.locked():
            self._call_helper()

    def end(self) -> None:
        """Take up no more calls. Those in hand are finished."""
        self._ends_at = 0
        self._wake.set()

    def _call_helper(self) -> None:
        with self._changing:
            if self._senders < settings.OUTBOX_SENDERS and not self._is_over():
                helper = threading.Thread(target=self._help, name="outbox sender", daemon=True)
                self._senders += 1
                self._helpers.append(helper)
                helper.start()

    def _help(self) -> None:
        try:
            self._send_until_quiet()
        except Exception as error:  # noqa: BLE001 - the others go on
            where = error_location(error)
            logger.error("a sender ended; its call is judged when its lease is over: %s", where)  # noqa: TRY400 - a trace quotes values
        finally:
            connections.close_all()

    def _send_until_quiet(self) -> None:
        try:
            while not self._is_over():
                self._wake.clear()  # before looking: what happens from here on wakes us again
                if claim := sending.claim():
                    self.look_again()
                    _send(claim)
                elif not self._wait_for_more():
                    return
            self.unfinished = True
        finally:
            with self._changing:
                self._senders -= 1
            self._wake.set()  # nothing is left to watch, if this was the last that sent

    def _is_over(self) -> bool:
        return monotonic() >= self._ends_at

    def _wait_for_more(self) -> bool:
        """True when it is time to look again; False if nothing will be due soon or another watches."""
        if not self._watching.acquire(blocking=False):
            return False
        try:
            pause_s = sending.seconds_to_next()
            if pause_s is None or pause_s > timing.WATCH_S:
                if self._senders == 1:
                    return self._wake.is_set()
                pause_s = timing.WATCH_S
            self._wake.wait(max(pause_s, timing.SHORTEST_LOOK_S))
            return True
        finally:
            self._watching.release()


def _send(claim: recording.Claim) -> None:
    call = claim.call
    told: tracing.Attributes = {
        tracing.CALL_ID: call.pk,
        tracing.CALL_OPERATION: call.operation,
        tracing.CALL_TRY: call.tries,
    }
    with tracing.span("send call", told):
        recording.record(claim, sending.send(claim))


_one_at_a_time = threading.Lock()
_rung = threading.Event()
_stopping = threading.Event()
_current: Drain | None = None


def _drain_here() -> bool:
    """Send what is due with the threads of this process. True if there was more to do than there was time.

    Returns at once if this process is at it already; that drain looks again.
    """
    global _current  # noqa: PLW0603 - which drain is at it is a fact about the process
    _rung.set()
    while _rung.is_set() and not _stopping.is_set():
        if not _one_at_a_time.acquire(blocking=False):
            if running := _current:
                running.look_again()
            return False
        try:
            _rung.clear()
            _current = Drain()
            _current.run()
            if _current.unfinished:
                return True
        finally:
            _current = None
            _one_at_a_time.release()
    return False


def stop() -> None:
    """The process is about to end: take up no more calls, finish those in hand."""
    _stopping.set()
    if running := _current:
        running.end()
