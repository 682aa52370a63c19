"""What a worker does at the least: take rows that nobody else has, look at them, mark them handled."""

from django.db import transaction
from django.utils import timezone

from tests.benchmarks.minimal.models import Event
from tests.benchmarks.minimal.worker import app

BATCH = 500


@app.task
def handle_all() -> None:
    while _handle_batch() == BATCH:
        pass


@transaction.atomic
def _handle_batch() -> int:
    waiting = Event.objects.filter(handled_at=None).order_by("id").select_for_update(skip_locked=True)
    events = list(waiting[:BATCH])
    for event in events:
        event.handled_at = timezone.now()
    Event.objects.bulk_update(events, ["handled_at"])
    return len(events)
