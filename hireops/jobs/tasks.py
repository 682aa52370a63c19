"""What the worker does with long work: rung for by whoever starts some, and by beat."""

import threading
from time import monotonic
from typing import Any

from celery.signals import worker_shutdown, worker_shutting_down

from hireops.celery import app
from hireops.doorbell import ring
from hireops.jobs import trimming, working

WORK_FOR_S = 20
FINISH_WITHIN_S = 10

_turn = threading.Lock()
_rung = threading.Event()


@app.task
def work() -> None:
    """Do what is due, whatever kind it is. After a while it rings for itself, so others get their turn.

    One thread of a worker at a time, so that long work leaves the others to events and calls.
    """
    _rung.set()
    until = monotonic() + WORK_FOR_S
    while _rung.is_set() and _turn.acquire(blocking=False):
        try:
            _rung.clear()
            while monotonic() < until and working.take_turn(until):
                pass
        finally:
            _turn.release()
        if monotonic() > until:
            ring(work)
            return


@app.task
def trim() -> None:
    """Remove work that ended long ago."""
    trimming.trim()


@worker_shutting_down.connect
def _take_no_more(**_details: Any) -> None:
    working.stop()


@worker_shutdown.connect
def _finish_what_is_in_hand(**_details: Any) -> None:
    _turn.acquire(timeout=FINISH_WITHIN_S)
