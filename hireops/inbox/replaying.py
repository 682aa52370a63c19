"""Fulfilling what somebody asked for in one sentence: replay everything that failed, piece by piece.

Each piece is a short transaction that also says how far it came, so a worker that dies leaves nothing half
done and nothing done twice.
"""

from django.db import transaction

from hireops.database import clock
from hireops.inbox import registry, services
from hireops.inbox.event_queries import LAST_ID, by_index
from hireops.inbox.models import Event, Replay

PIECE = 200


def replay_piece() -> bool:
    """Replay some events of the oldest open replay. False if there is nothing to do."""
    with transaction.atomic():
        replay = (
            Replay.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("asked_by")
            .filter(finished_at=None)
            .order_by("id")
            .first()
        )
        if replay is None:
            return False
        looked_at = _next_ids(replay)
        replay.replayed += sum(_replay_one(pk, replay) for pk in looked_at)
        replay.done_to = looked_at[-1] if looked_at else LAST_ID
        replay.finished_at = None if looked_at else clock.now()
        replay.save(update_fields=["replayed", "done_to", "finished_at"])
        return True


def _next_ids(replay: Replay) -> list[int]:
    """Failed events, oldest first. One that fails again after its replay is not met a second time."""
    failed = by_index("state", Event.State.FAILED, after=replay.done_to).reverse()
    return list(failed.values_list("pk", flat=True)[:PIECE])


def _replay_one(pk: int, replay: Replay) -> bool:
    wanted = Event.objects.select_for_update(skip_locked=True).defer("raw", "payload").filter(pk=pk)
    wanted = wanted.filter(state=Event.State.FAILED, trimmed_at=None)
    wanted = wanted.filter(received_at__gte=replay.since, received_at__lte=replay.asked_at)
    if replay.event_type:
        wanted = wanted.filter(event_type=replay.event_type)
    wanted = wanted.exclude(event_type__in=registry.hidden_from(replay.asked_by))
    event = wanted.first()
    if event:
        services.replay_again(event, replay)
    return event is not None
