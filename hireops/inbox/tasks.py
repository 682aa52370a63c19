"""What the worker does with events: rung for by whoever makes work, and by beat for rings that were lost."""

import threading
from time import monotonic
from typing import Any

from celery.signals import worker_shutdown, worker_shutting_down

from hireops import tracing
from hireops.celery import app
from hireops.doorbell import ring
from hireops.inbox import dispatch, trimming

DRAIN_FOR_S = 20
FINISH_WITHIN_S = 10
COALESCE_S = 0.4

_draining = threading.Lock()
_requested = threading.Event()
_stopping = threading.Event()


@app.task
def drain() -> None:
    """Handle what is due until nothing is. After a while it rings for itself, so others get their turn.

    One thread of a worker at a time: it handles hundreds together, and more threads would only be in its way.
    """
    _requested.set()
    until = monotonic() + DRAIN_FOR_S
    while _requested.is_set() and _draining.acquire(blocking=False):
        try:
            _requested.clear()
            begun = monotonic()
            if _drain(until) and not drain.request.called_directly:
                _coalesce(begun)
        finally:
            _draining.release()
        if monotonic() > until:
            ring(drain)
            return


def _drain(until: float) -> bool:
    """Whether there was anything. Not what comes meanwhile: somebody rings for that."""
    some = False
    while not _stopping.is_set() and (batch := dispatch.claim()):
        some = True
        with tracing.span("handle events"):
            dispatch.handle(batch)
        if not batch.leaves_some or monotonic() > until:
            break
    return some


def _coalesce(begun: float) -> None:
    """Events that come meanwhile share the next batch: a batch costs something by itself.

    Only after one: beat asks every five seconds, and what comes to an idle system must not wait for that.
    """
    _stopping.wait(max(0, begun + COALESCE_S - monotonic()))


@worker_shutting_down.connect
def _claim_no_more(**_details: Any) -> None:
    _stopping.set()


@worker_shutdown.connect
def _wait_for_the_drain(**_details: Any) -> None:
    """Also a drain of a thread that Celery knows nothing of (``hireops.celery``)."""
    _draining.acquire(timeout=FINISH_WITHIN_S)


@app.task
def trim() -> None:
    """Every night: the content of old events is removed."""
    trimming.trim()
