"""From waiting events to their effects: take a batch in hand, handle it, record it.

What a worker takes in hand is committed as a ``Batch`` before it begins. Then one transaction locks the batch
and its events, runs the handlers and records what became of each. If the worker dies, the database lets go of
its locks and nothing of the try is kept; the batch stays and tells which events were lost with it.

Events that are tried for the first time share a batch. One that has been tried before goes alone, so that one
that kills its worker takes no other with it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from hireops.database import bulk, clock, locks
from hireops.error_location import error_location
from hireops.failpoints import failpoint
from hireops.inbox.models import Attempt, Batch, Event
from hireops.inbox.registry import BatchHandler, CannotHandleError, handler_for

logger = logging.getLogger(__name__)

TOGETHER = 500
TOGETHER_ON_SQLITE = 50  # it has one writer: while a batch is handled, deliveries wait
# A worker that has neither worked on its batch nor finished it for so long has died, or might as well have.
HELD_FOR = timedelta(seconds=30)
RETRY_AFTER = [timedelta(seconds=s) for s in (5, 30, 120, 600, 3600)]
MAX_LOST_WORKERS = 3
WAITS_FOR_THE_DATABASE_S = (0.5, 1, 2, 4)

# Of an event; what else they ask for is fetched when they do.
SHOWN_TO_HANDLERS = ("app_id", "event_id", "event_type", "tenant_key", "created_at", "payload", "tries")

LOST_REASON = gettext_noop("the worker died while handling it, several times")
DATABASE_AWAY = (OperationalError, InterfaceError)


class BatchLostError(Exception):
    """Another worker has declared this one dead; what it did with the events is rolled back."""


@dataclass(frozen=True, slots=True)
class Result:
    event: Event
    outcome: Attempt.Outcome
    error: str = ""
    cause: Event.Cause | str = ""


# --- Take in hand ------------------------------------------------------------------------------------------


def take() -> Batch | None:
    """Events that are due, for the caller to handle. None when nothing is due."""
    now = clock.now()
    give_up_lost_batches(now)
    with transaction.atomic():
        _let_go_if_frozen()
        locks.advisory_lock("take events in hand")
        held = [pk for events in Batch.objects.values_list("events", flat=True) for pk in events]
        together = TOGETHER_ON_SQLITE if connection.vendor == "sqlite" else TOGETHER
        due = Event.objects.filter(not_before__lte=now).order_by("not_before", "id")
        free = due.exclude(pk__in=held).select_for_update(skip_locked=True, no_key=True)
        rows = list(free.values_list("pk", "tries")[:together])
        if not rows:
            return None
        fresh = [pk for pk, tries in rows if not tries]
        ids = [rows[0][0]] if rows[0][1] else fresh
        batch = Batch.objects.create(events=ids, started_at=now)
        batch.leaves_some = len(ids) < len(rows) or len(rows) == together
        return batch


def give_up_lost_batches(now: datetime) -> None:
    """Events in the hands of workers that died are due again, and go alone from now on."""
    long_ago = now - HELD_FOR
    if not Batch.objects.filter(started_at__lt=long_ago).exists():
        return
    with transaction.atomic():
        _let_go_if_frozen()
        for batch in Batch.objects.select_for_update(skip_locked=True).filter(started_at__lt=long_ago):
            logger.error("a worker died with %d events in hand", len(batch.events))
            for event in _still_waiting(batch):
                _note_loss(event, batch)
            _let_go(batch)


def _note_loss(event: Event, batch: Batch) -> None:
    lost, now = Attempt.Outcome.LOST, clock.now()
    Attempt.objects.create(event=event, started_at=batch.started_at, finished_at=now, outcome=lost)
    event.tries += 1
    outcomes = event.attempts.order_by("-id").values_list("outcome", flat=True)[: event.tries]
    if list(outcomes).count(lost) >= MAX_LOST_WORKERS:
        event.state, event.reason, event.cause = Event.State.FAILED, LOST_REASON, Event.Cause.LOST
        event.not_before = None
    event.save(update_fields=["tries", "state", "reason", "cause", "not_before"])


def _still_waiting(batch: Batch) -> list[Event]:
    """Those of its events that nobody else has handled, changed or replayed since, locked."""
    waiting = Event.objects.filter(pk__in=batch.events, not_before__lte=batch.started_at)
    if len(batch.events) > 1:
        waiting = waiting.filter(tries=0)
    # No key: a delivery may note meanwhile that it brought other content under the id of one of them.
    locked = waiting.select_for_update(skip_locked=True, no_key=True)
    return list(locked.only(*SHOWN_TO_HANDLERS).order_by("id"))


# --- Handle ------------------------------------------------------------------------------------------------


def handle(batch: Batch) -> None:
    """Run the handlers and commit what they did together with the new states."""
    failpoint("inbox.claimed")
    try:
        with transaction.atomic():
            _hold(batch)
            _record(batch, _handle_all(_still_waiting(batch)))
            _let_go(batch)
            failpoint("inbox.handled")
    except BatchLostError:
        logger.warning("%d events were taken over by another worker", len(batch.events))
    except Exception as error:  # noqa: BLE001 - a deadlock, a deferred constraint, a database that went away
        if len(batch.events) == 1:
            _record_failure(batch, error)
            return
        _wait_for_the_database()
        for alone in _one_by_one(batch):
            handle(alone)


def _hold(batch: Batch) -> None:
    _let_go_if_frozen()
    if not Batch.objects.select_for_update().filter(pk=batch.pk).exists():
        raise BatchLostError


def _let_go_if_frozen() -> None:
    locks.set_transaction_timeouts(int(HELD_FOR.total_seconds()))


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


def _let_go(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).delete()


def _one_by_one(batch: Batch) -> Iterator[Batch]:
    """What is in hand is always in one row only: or one death would count twice."""
    for number, pk in enumerate(batch.events, 1):
        with transaction.atomic():
            rest = {"events": batch.events[number:], "started_at": clock.now()}
            if not Batch.objects.filter(pk=batch.pk).update(**rest):
                return
            alone = Batch.objects.create(events=[pk], started_at=clock.now())
        yield alone
    _let_go(batch)


def _handle_all(events: Sequence[Event]) -> Iterator[Result]:
    by_type = defaultdict(list)
    for event in events:
        by_type[event.event_type].append(event)
    for event_type in sorted(by_type):  # all workers lock in one order
        handler = handler_for(event_type)
        if handler is None:
            yield from (Result(event, Attempt.Outcome.UNHANDLED) for event in by_type[event_type])
        else:
            yield from _try_to_handle(handler, by_type[event_type])


def _try_to_handle(handler: BatchHandler, events: Sequence[Event]) -> Iterator[Result]:
    """If one of them fails, the halves are tried, so that the others take effect without it."""
    try:
        with transaction.atomic():
            handler(events)
    except DATABASE_AWAY:
        raise  # it is not these events' fault, and the transaction is lost anyway
    except Exception as error:  # noqa: BLE001 - whatever a handler raises ends as the reason on the row
        if len(events) == 1:
            yield _failure(events[0], error)
            return
        half = len(events) // 2
        yield from _try_to_handle(handler, events[:half])
        yield from _try_to_handle(handler, events[half:])
    else:
        yield from (Result(event, Attempt.Outcome.HANDLED) for event in events)


def _failure(event: Event, error: Exception) -> Result:
    """What staff read. Only an error that was made for them speaks for itself; others may quote values."""
    if isinstance(error, CannotHandleError):
        return Result(event, Attempt.Outcome.RAISED, str(error), Event.Cause.CONTENT)
    return Result(event, Attempt.Outcome.RAISED, error_location(error), Event.Cause.ERROR)


# --- Record ------------------------------------------------------------------------------------------------


def _record(batch: Batch, results: Iterator[Result]) -> None:
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


def _update(results: Sequence[Result], **columns: object) -> None:
    if results:
        Event.objects.filter(pk__in=[result.event.pk for result in results]).update(**columns)


def _record_failure(batch: Batch, error: Exception) -> None:
    """Also when the database is away for a few seconds: a try that it cut short is no worker that died."""
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        try:
            with transaction.atomic():
                _hold(batch)
                _record(batch, (_failure(event, error) for event in _still_waiting(batch)))
                _let_go(batch)
        except BatchLostError:
            return
        except DATABASE_AWAY:
            connection.close()
            sleep(wait_s)
        else:
            return
    logger.error("the database is away; event %d comes again by itself", batch.events[0])
