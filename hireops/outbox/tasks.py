"""What the worker does with calls: rung for by whoever enqueued, and by beat for rings that were lost."""

from typing import Any

from celery.signals import worker_shutting_down

from hireops.celery import app
from hireops.doorbell import ring
from hireops.jobs.tasks import work
from hireops.outbox import senders, trimming


@app.task
def drain() -> None:
    """Send what is due, and what becomes due within seconds. Workers that drain at once share the work.

    After a while it rings for itself and ends, so that other tasks get their turn and a worker that is told
    to stop does so soon.
    """
    if senders.drain():
        ring(drain)
    ring(work)  # some of it rests until its calls are answered


@app.task
def trim() -> None:
    """Throw away what was sent and answered a long time ago (OUTBOX_KEEP_DAYS)."""
    trimming.trim()


@worker_shutting_down.connect
def _finish_what_is_in_hand(**_details: Any) -> None:
    senders.stop()
