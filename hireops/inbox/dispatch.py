"""From due events to their effects: claim a batch, handle it, record the outcome.

A claim is a ``Batch`` that is committed before its worker begins. Then one transaction locks the batch and
its events, runs the handlers and records what became of each. If the worker dies, the database releases its
locks and rolls the try back; the batch stays, and times out.

Events of one type that are tried for the first time share a batch. One that has been tried before goes alone,
so that one that kills its worker takes no other with it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Prefetch
from django.utils.translation import gettext_noop

from hireops import tracing
from hireops.database import bulk, clock, locks
from hireops.database.errors import DATABASE_AWAY
from hireops.error_location import error_location
from hireops.failpoints import failpoint
from hireops.feishu.callbacks import Unreadable
from hireops.inbox import registry
from hireops.inbox.models import Attempt, Batch, Event, EventContent
from hireops.inbox.registry import EventType, Handler, Received

logger = logging.getLogger(__name__)

BATCH_SIZE = 500
BATCH_SIZE_ON_SQLITE = 50  # it has one writer: while a batch is handled, deliveries wait
# A worker that has neither finished its batch nor holds its lock after that has died, or might as well have.
BATCH_TIMEOUT = timedelta(seconds=30)
RETRY_AFTER = [timedelta(seconds=s) for s in (5, 30, 120, 600, 3600)]
MAX_LOST_WORKERS = 3
WAITS_FOR_THE_DATABASE_S = (0.5, 1, 2, 4)

# Of an event; another column is fetched when a handler asks for it.
READ_FOR_HANDLERS = (
    *("app_id", "event_id", "event_type", "tenant_key", "created_at", "received_at", "tries"),
)

SAID = Prefetch("content", EventContent.objects.only("payload"))

LOST_REASON = gettext_noop("the worker died while handling it, several times")
NOBODYS = gettext_noop(
    "it names no tenant, and a store app has many: nobody knows which customer it is about"
)


class BatchLostError(Exception):
    """Another worker has declared this one dead; what it did with the events is rolled back."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    event: Event
    outcome: Attempt.Outcome
    error: str = ""
    cause: Event.Cause | str = ""


# --- Claim -------------------------------------------------------------------------------------------------


def claim() -> Batch | None:
    """A batch of due events, for the caller to handle. None when nothing is due."""
    now = clock.now()
    release_expired_batches(now)
    with transaction.atomic():
        _set_timeouts()
        locks.advisory_lock("claim events")
        claimed = [pk for events in Batch.objects.values_list("events", flat=True) for pk in events]
        limit = BATCH_SIZE_ON_SQLITE if connection.vendor == "sqlite" else BATCH_SIZE
        due = Event.objects.filter(not_before__lte=now).order_by("not_before", "id")
        free = due.exclude(pk__in=claimed).select_for_update(skip_locked=True, no_key=True)
        rows = list(free.values_list("pk", "tries", "event_type")[:limit])
        if not rows:
            return None
        first, has_failed, event_type = rows[0]
        # Of one type: each type has its own order of locks, and two in one transaction have none.
        fresh = [pk for pk, tries, type_of_it in rows if not tries and type_of_it == event_type]
        ids = [first] if has_failed else fresh
        batch = Batch.objects.create(events=ids, started_at=now)
        batch.leaves_some = len(ids) < len(rows) or len(rows) == limit
        return batch


def release_expired_batches(now: datetime) -> None:
    """Events that were claimed by workers that died are due again, and go alone from now on."""
    expired = now - BATCH_TIMEOUT
    if not Batch.objects.filter(started_at__lt=expired).exists():
        return
    with transaction.atomic():
        _set_timeouts()
        for batch in Batch.objects.select_for_update(skip_locked=True).filter(started_at__lt=expired):
            logger.error("a worker died over a batch of %d events", len(batch.events))
            for event in _locked_events(batch):
                _record_loss(event, batch)
            _release(batch)


def _record_loss(event: Event, batch: Batch) -> None:
    lost, now = Attempt.Outcome.LOST, clock.now()
    Attempt.objects.create(event=event, started_at=batch.started_at, finished_at=now, outcome=lost)
    event.tries += 1
    outcomes = event.attempts.order_by("-id").values_list("outcome", flat=True)[: event.tries]
    if list(outcomes).count(lost) >= MAX_LOST_WORKERS:
        event.state, event.reason, event.cause = Event.State.FAILED, LOST_REASON, Event.Cause.LOST
        event.not_before = None
    event.save(update_fields=["tries", "state", "reason", "cause", "not_before"])


def _locked_events(batch: Batch) -> list[Event]:
    """Those of the batch that nobody else has handled, changed or replayed since, locked."""
    waiting = Event.objects.filter(pk__in=batch.events, not_before__lte=batch.started_at)
    if len(batch.events) > 1:
        waiting = waiting.filter(tries=0)
    # No key: a delivery may note meanwhile that it brought other content under the id of one of them.
    locked = waiting.select_for_update(skip_locked=True, no_key=True)
    return list(locked.only(*READ_FOR_HANDLERS).order_by("id").prefetch_related(SAID))


def _lock(batch: Batch) -> None:
    _set_timeouts()
    if not Batch.objects.select_for_update().filter(pk=batch.pk).exists():
        raise BatchLostError


def _set_timeouts() -> None:
    """A worker that freezes loses its locks when its batch times out."""
    locks.set_transaction_timeouts(int(BATCH_TIMEOUT.total_seconds()))


def _release(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).delete()


# --- Handle ------------------------------------------------------------------------------------------------


def handle(batch: Batch) -> None:
    """Run the handlers and commit what they did together with the new states."""
    failpoint("inbox.claimed")
    try:
        with transaction.atomic():
            _lock(batch)
            _record(batch, _handle_all(_locked_events(batch)))
            _release(batch)
            failpoint("inbox.handled")
    except BatchLostError:
        logger.warning("%d events were taken over by another worker", len(batch.events))
    except Exception as error:  # noqa: BLE001 - a deadlock, a deferred constraint, a database that went away
        if len(batch.events) == 1:
            _record_failure(batch, error)
            return
        _wait_for_the_database()
        for single in _singles(batch):
            handle(single)


def _wait_for_the_database() -> None:
    """A few seconds, if it is away: or it would look as if this worker had died over the whole batch."""
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        try:
            clock.now()
        except DATABASE_AWAY:
            connection.close()
            sleep(wait_s)
        else:
            return


def _singles(batch: Batch) -> Iterator[Batch]:
    """A batch for each event. What is claimed is always in one row: or one death would count twice."""
    for number, pk in enumerate(batch.events, 1):
        with transaction.atomic():
            rest = {"events": batch.events[number:], "started_at": clock.now()}
            if not Batch.objects.filter(pk=batch.pk).update(**rest):
                return
            single = Batch.objects.create(events=[pk], started_at=clock.now())
        yield single
    _release(batch)


def _handle_all(events: Sequence[Event]) -> list[AttemptResult]:
    tracing.note({tracing.EVENT_IDS: [event.event_id for event in events]})
    event_type = registry.get(events[0].event_type) if events else None
    if event_type is None or event_type.handle is None:
        return [AttemptResult(event, Attempt.Outcome.UNHANDLED) for event in events]
    return _handle_type(event_type, event_type.handle, events)


def _handle_type(event_type: EventType[Any], handle: Handler, events: Sequence[Event]) -> list[AttemptResult]:
    """What can be read is handled together; where that fails its halves are, down to a single event."""
    results, readable = _read(event_type, events)
    groups = [readable] if readable else []
    while groups:
        group = groups.pop(0)
        error = _try(handle, group)
        if error is None:
            results += [AttemptResult(one.event, Attempt.Outcome.HANDLED) for one in group]
        elif len(group) == 1:
            results.append(_failure(group[0].event, error))
        else:
            half = len(group) // 2
            groups = [group[:half], group[half:], *groups]
    return results


def _read(
    event_type: EventType[Any], events: Sequence[Event]
) -> tuple[list[AttemptResult], list[Received[Any]]]:
    failed, readable = [], []
    for event in events:
        content = _content(event_type, event)
        if isinstance(content, Unreadable):
            outcome = Attempt.Outcome.RAISED
            failed.append(AttemptResult(event, outcome, content.reason, Event.Cause.CONTENT))
        else:
            readable.append(Received(event, content))
    return failed, readable


def _content(event_type: EventType[Any], event: Event) -> Any:
    """What it says; ``Unreadable`` also if nobody can say whom it is about, so that it is nobody's."""
    if event_type.of_a_tenant and not event.tenant_key and settings.FEISHU_APP_TYPE == "store":
        return Unreadable(NOBODYS)
    return event_type.read(event.payload)


def _try(handler: Handler, group: Sequence[Received[Any]]) -> Exception | None:
    """What the handler raised; then nothing is left of what it wrote."""
    try:
        with transaction.atomic():
            handler(group)
    except DATABASE_AWAY:
        raise  # it is not these events' fault, and the transaction is lost anyway
    except Exception as error:  # noqa: BLE001 - whatever a handler raises ends as the reason on the row
        return error
    return None


def _failure(event: Event, error: Exception) -> AttemptResult:
    """Staff see where it was raised, not its text: that may quote values."""
    return AttemptResult(event, Attempt.Outcome.RAISED, error_location(error), Event.Cause.ERROR)


# --- Record ------------------------------------------------------------------------------------------------


def _record(batch: Batch, results: Sequence[AttemptResult]) -> None:
    by_outcome = defaultdict(list)
    for result in results:
        by_outcome[result.outcome].append(result)
    now = clock.now()
    done = {"not_before": None, "reason": "", "cause": "", "tries": F("tries") + 1}
    _update(by_outcome[Attempt.Outcome.HANDLED], state=Event.State.HANDLED, handled_at=now, **done)
    _update(by_outcome[Attempt.Outcome.UNHANDLED], state=Event.State.UNHANDLED, handled_at=None, **done)
    for failed in by_outcome[Attempt.Outcome.RAISED]:
        tries = failed.event.tries + 1
        logger.error("event %s failed on try %d: %s", failed.event.event_id, tries, failed.error)
        next_try = now + RETRY_AFTER[tries - 1] if tries <= len(RETRY_AFTER) else None
        failure = {"reason": failed.error, "cause": failed.cause, "not_before": next_try, "tries": tries}
        _update([failed], state=Event.State.FAILED, handled_at=None, **failure)
    bulk.insert(
        Attempt,
        ["event", "started_at", "finished_at", "outcome", "error"],
        [
            [result.event.pk, batch.started_at, now, result.outcome, result.error]
            for results in by_outcome.values()
            for result in results
        ],
    )


def _update(results: Sequence[AttemptResult], **columns: object) -> None:
    if results:
        Event.objects.filter(pk__in=[result.event.pk for result in results]).update(**columns)


def _record_failure(batch: Batch, error: Exception) -> None:
    """Also when the database is away for a few seconds: a try that it cut short is no worker that died."""
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        try:
            with transaction.atomic():
                _lock(batch)
                _record(batch, [_failure(event, error) for event in _locked_events(batch)])
                _release(batch)
        except BatchLostError:
            return
        except DATABASE_AWAY:
            connection.close()
            sleep(wait_s)
        else:
            return
    logger.error("the database is away; event %d comes again by itself", batch.events[0])
