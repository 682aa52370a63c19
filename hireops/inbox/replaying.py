"""Fulfilling what somebody asked for in one sentence: replay everything that failed, piece by piece."""

from functools import partial

from django.db import transaction

from hireops.database import clock
from hireops.doorbell import ring
from hireops.inbox import registry, services, tasks
from hireops.inbox.event_queries import LAST_ID, by_index
from hireops.inbox.models import Event, Replay
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Step

PIECE = 200


def replay_piece(job: Job) -> Step:
    """Make the next failed events due again, and say how far it came."""
    replay = Replay.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=job.subject_pk)
    looked_at = _next_ids(replay)
    replay.replayed += sum(_replay_one(pk, replay) for pk in looked_at)
    replay.done_to = looked_at[-1] if looked_at else LAST_ID
    replay.finished_at = None if looked_at else clock.now()
    replay.save(update_fields=["replayed", "done_to", "finished_at"])
    job.done = replay.replayed
    transaction.on_commit(partial(ring, tasks.drain))
    return GO_ON if looked_at else DONE


def cancel(job: Job) -> None:
    Replay.objects.filter(pk=job.subject_pk).update(finished_at=clock.now())


def _next_ids(replay: Replay) -> list[int]:
    """Failed events, oldest first. One that fails again after its replay is not met a second time."""
    failed = by_index("state", Event.State.FAILED, after=replay.done_to).reverse()
    return list(failed.values_list("pk", flat=True)[:PIECE])


def _replay_one(pk: int, replay: Replay) -> bool:
    wanted = Event.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk)
    wanted = wanted.filter(state=Event.State.FAILED, content__isnull=False)
    wanted = wanted.filter(received_at__gte=replay.since, received_at__lte=replay.asked_at)
    if replay.event_type:
        wanted = wanted.filter(event_type=replay.event_type)
    wanted = wanted.filter(registry.seen_by(replay.asked_by).among("event_type"))
    event = wanted.first()
    if event:
        services.replay_again(event, replay)
    return event is not None
