"""What the worker does with events: rung for by whoever makes work, and by beat for rings that were lost."""

import threading
from time import monotonic

from hireops.celery import app
from hireops.doorbell import ring
from hireops.inbox import dispatch, replaying, trimming

DRAIN_FOR_S = 20

_turn = threading.Lock()
_rung = threading.Event()


@app.task
def drain() -> None:
    """Handle what is due until nothing is. After a while it rings for itself, so others get their turn.

    One thread of a worker at a time: it handles hundreds together, and more threads would only be in its way.
    """
    _rung.set()
    while _rung.is_set() and _turn.acquire(blocking=False):
        try:
            _rung.clear()
            _drain()
        finally:
            _turn.release()


def _drain() -> None:
    started = monotonic()
    while batch := dispatch.take():
        dispatch.handle(batch)
        if monotonic() - started > DRAIN_FOR_S:
            ring(drain)
            return


@app.task
def work_on_replays() -> None:
    """Make due again what staff want replayed, a piece at a time, and have it handled."""
    while replaying.replay_piece():
        ring(drain)


@app.task
def trim() -> None:
    """Every night: the content of old events is removed."""
    trimming.trim()
