"""What the worker does with events: rung for by whoever makes work, and by beat for rings that were lost."""

import threading
from time import monotonic
from typing import Any

from celery.signals import worker_shutdown, worker_shutting_down

from hireops.celery import app
from hireops.doorbell import ring
from hireops.inbox import dispatch, trimming

DRAIN_FOR_S = 20
FINISH_WITHIN_S = 10
AT_MOST_EVERY_S = 0.4

_turn = threading.Lock()
_rung = threading.Event()
_stopping = threading.Event()


@app.task
def drain() -> None:
    """Handle what is due until nothing is. After a while it rings for itself, so others get their turn.

    One thread of a worker at a time: it handles hundreds together, and more threads would only be in its way.
    """
    _rung.set()
    until = monotonic() + DRAIN_FOR_S
    while _rung.is_set() and _turn.acquire(blocking=False):
        try:
            _rung.clear()
            begun = monotonic()
            _drain(until)
            if not drain.request.called_directly:
                _let_some_come(begun)
        finally:
            _turn.release()
        if monotonic() > until:
            ring(drain)
            return


def _drain(until: float) -> None:
    """Not what comes meanwhile: somebody rings for that."""
    while not _stopping.is_set() and (batch := dispatch.claim()):
        dispatch.handle(batch)
        if not batch.leaves_some or monotonic() > until:
            return


def _let_some_come(begun: float) -> None:
    """What comes meanwhile is handled together: a batch costs something by itself."""
    _stopping.wait(max(0, begun + AT_MOST_EVERY_S - monotonic()))


@worker_shutting_down.connect
def _take_no_more(**_details: Any) -> None:
    _stopping.set()


@worker_shutdown.connect
def _finish_what_is_in_hand(**_details: Any) -> None:
    """Also what a thread has in hand that Celery knows nothing of (``hireops.celery``)."""
    _turn.acquire(timeout=FINISH_WITHIN_S)


@app.task
def trim() -> None:
    """Every night: the content of old events is removed."""
    trimming.trim()
