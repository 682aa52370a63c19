"""What the worker does with events: rung for by the webhook, and by beat for rings that were lost."""

from time import monotonic

from hireops.celery import app
from hireops.doorbell import ring
from hireops.inbox import dispatch

DRAIN_FOR_S = 20


@app.task
def drain() -> None:
    """Handle what is due until nothing is. After a while it rings for itself, so others get their turn."""
    started = monotonic()
    while batch := dispatch.claim():
        dispatch.handle(batch)
        if monotonic() - started > DRAIN_FOR_S:
            ring(drain)
            return
