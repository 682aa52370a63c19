"""From a waiting event to its effect: claim, handle, record.

A claim is a lease by the database's clock: it moves ``not_before`` to the end of the lease. So an event whose
worker died becomes due again by itself, and never while its worker may still be at it. The try is counted
before it begins. Many events share one transaction, each in a savepoint of its own; an event that has been
tried before goes alone, so that one that kills its worker takes no other with it.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import sleep

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from hireops import database
from hireops.inbox.models import Attempt, Event
from hireops.inbox.registry import CannotHandleError, handler_for, subject_of
from hireops.killpoints import crossing
from hireops.logs import place

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BATCH = 50
RETRY_AFTER = [timedelta(seconds=s) for s in (5, 30, 120, 600, 3600)]
MAX_LOST_WORKERS = 3
WAITS_FOR_THE_DATABASE_S = (0.5, 1, 2, 4)

LOST_REASON = gettext_noop("the worker died while handling it, several times")
DATABASE_AWAY = (OperationalError, InterfaceError)


class LeaseLostError(Exception):
    """Another worker has taken the events over; what this one did with them is rolled back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that this worker alone may handle until its lease runs out, and the try that it began."""

    event: Event
    attempt: Attempt
    lease_key: uuid.UUID


@dataclass(frozen=True, slots=True)
class Result:
    claim: Claim
    outcome: Attempt.Outcome
    error: str = ""
    cause: Event.Cause | str = ""


# --- Claim -------------------------------------------------------------------------------------------------


def claim() -> list[Claim]:
    """Up to ``BATCH`` due events, leased to the caller. Empty when nothing is due."""
    due = Event.objects.filter(not_before__lte=database.now())
    while due.exists():
        with transaction.atomic():
            rows = due.select_for_update(skip_locked=True).defer("raw").order_by("not_before", "id")[:BATCH]
            events = [event for event in rows if not (event.lease_key and _was_one_too_many(event))]
            if events or not rows:
                fresh = [event for event in events if not event.tries]
                return _lease(fresh if events and not events[0].tries else events[:1])
    return []


def _was_one_too_many(event: Event) -> bool:
    """Close the try of a worker that died. True if the event now waits for a person."""
    attempts = event.attempts.order_by("-id")
    attempts.filter(outcome="").update(outcome=Attempt.Outcome.LOST, finished_at=database.now())
    lost = [attempt for attempt in attempts[: event.tries] if attempt.outcome == Attempt.Outcome.LOST]
    if len(lost) < MAX_LOST_WORKERS:
        return False
    Event.objects.filter(pk=event.pk).update(
        state=Event.State.FAILED,
        reason=LOST_REASON,
        cause=Event.Cause.LOST,
        subject=subject_of(event),
        not_before=None,
        lease_key=None,
    )
    return True


def _lease(events: Sequence[Event]) -> list[Claim]:
    now, key = database.now(), uuid.uuid4()
    ids = [event.pk for event in events]
    Event.objects.filter(pk__in=ids).update(tries=F("tries") + 1, not_before=now + LEASE, lease_key=key)
    for event in events:
        event.tries += 1
    attempts = Attempt.objects.bulk_create([Attempt(event=event, started_at=now) for event in events])
    return [Claim(event, attempt, key) for event, attempt in zip(events, attempts, strict=True)]


# --- Handle ------------------------------------------------------------------------------------------------


def handle(claims: Sequence[Claim]) -> None:
    """Run the handlers and commit what they did together with the new states."""
    crossing("inbox.claimed")
    try:
        with transaction.atomic():
            _record([_try_to_handle(claim) for claim in claims])
            crossing("inbox.handled")
    except LeaseLostError:
        logger.warning(
            "%d events were taken over by another worker; nothing of this try was kept", len(claims)
        )
    except Exception as error:  # noqa: BLE001 - a deadlock, a deferred constraint, a database that went away
        if len(claims) == 1:
            _record_failure(claims[0], error)
            return
        for claim in claims:
            handle([claim])


def _try_to_handle(claim: Claim) -> Result:
    handler = handler_for(claim.event.event_type)
    if handler is None:
        return Result(claim, Attempt.Outcome.UNHANDLED)
    try:
        with transaction.atomic():
            handler(claim.event)
    except DATABASE_AWAY:
        raise  # it is not this event's fault, and the transaction is lost anyway
    except Exception as error:  # noqa: BLE001 - whatever a handler raises ends as the reason on the row
        return _failure(claim, error)
    return Result(claim, Attempt.Outcome.HANDLED)


def _failure(claim: Claim, error: Exception) -> Result:
    """What staff read. Only an error that was made for them speaks for itself; others may quote values."""
    if isinstance(error, CannotHandleError):
        return Result(claim, Attempt.Outcome.RAISED, str(error), Event.Cause.CONTENT)
    return Result(claim, Attempt.Outcome.RAISED, place(error), Event.Cause.ERROR)


# --- Record ------------------------------------------------------------------------------------------------


def _record(results: Sequence[Result]) -> None:
    _make_sure_of_the_lease([result.claim for result in results])
    now = database.now()
    for result in results:
        event, attempt = result.claim.event, result.claim.attempt
        attempt.finished_at, attempt.outcome, attempt.error = now, result.outcome, result.error
        event.reason, event.cause, event.subject = result.error, result.cause, subject_of(event)
        event.not_before, event.handled_at, event.lease_key = None, None, None
        match result.outcome:
            case Attempt.Outcome.HANDLED:
                event.state, event.handled_at = Event.State.HANDLED, now
            case Attempt.Outcome.UNHANDLED:
                event.state = Event.State.UNHANDLED
            case _:
                event.state = Event.State.FAILED
                if event.tries <= len(RETRY_AFTER):
                    event.not_before = now + RETRY_AFTER[event.tries - 1]
                logger.error("event %s failed on try %d: %s", event.event_id, event.tries, result.error)
    Event.objects.bulk_update(
        [result.claim.event for result in results],
        ["state", "reason", "cause", "subject", "not_before", "handled_at", "lease_key"],
    )
    Attempt.objects.bulk_update([r.claim.attempt for r in results], ["finished_at", "outcome", "error"])


def _make_sure_of_the_lease(claims: Sequence[Claim]) -> None:
    ours = Event.objects.select_for_update().filter(
        pk__in=[claim.event.pk for claim in claims], lease_key__in={claim.lease_key for claim in claims}
    )
    if len(ours.values_list("pk")) != len(claims):
        raise LeaseLostError


def _record_failure(claim: Claim, error: Exception) -> None:
    """Also when the database is away for a few seconds: a try that it cut short is no worker that died."""
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        try:
            with transaction.atomic():
                _record([_failure(claim, error)])
        except LeaseLostError:
            return
        except DATABASE_AWAY:
            connection.close()
            sleep(wait_s)
        else:
            return
    logger.error("the database is away; event %s comes again when its lease is over", claim.event.event_id)
