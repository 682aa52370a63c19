"""What became of a try, written in one transaction with what it changes in the business app."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from hireops.database import clock
from hireops.error_location import error_location
from hireops.failpoints import failpoint
from hireops.feishu.client import Answer
from hireops.feishu.errors import FeishuError
from hireops.outbox import channels, evidence, registry
from hireops.outbox.lookups import judge_lookup
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import Reason
from hireops.outbox.verdicts import (
    CallHistory,
    ChannelSignal,
    UnappliedError,
    Verdict,
    WorkerLostError,
    judge,
)

logger = logging.getLogger(__name__)

REMEMBERED_TRIES = 20
MESSAGE_LENGTH = 2000
LOG_ID_LENGTH = 255
WAITS_FOR_THE_DATABASE_S = (0.0, 1.0, 2.0, 4.0)
# The columns that say what became of a call. What is sent never changes.
BECAME = [
    "answer",
    "error_code",
    "error_message",
    "finished_at",
    "http_status",
    "lease_key",
    "lease_until",
    "log_id",
    "not_before",
    "reason",
    "reason_details",
    "state",
    "superseded_by",
    "tries",
    "unresolved",
]
BIGGEST_CODE = 2**63
DATABASE_AWAY = (OperationalError, InterfaceError)


class LeaseLostError(Exception):
    """Another worker has judged this call in the meantime; what this one was writing is rolled back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A call that this worker alone may send, until ``send_before`` by its own monotonic clock."""

    call: Call
    attempt: Attempt
    send_before: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TryResult:
    """What came of a try: an answer, or the error that says why there is none."""

    answer: Answer | None = None
    error: Exception | None = None
    duration_ms: int | None = None


def record(claim: Claim, result: TryResult) -> None:
    """Write down the result, the call's new state and what the app makes of it, all or nothing.

    If the app's part raises, Feishu's word is kept without it: an answer is stored with the call, which stays
    open until the answer has been applied and is never sent again.
    """
    try:
        result = _as_stored(result)
        with transaction.atomic():
            verdict = _verdict(claim, result)
            _tell_the_app(claim.call, result, verdict)
            _write(claim, result, verdict)
            failpoint("outbox.before_commit")
    except LeaseLostError:
        _tell_the_log(claim, result)
    except Exception as cause:  # noqa: BLE001 - whatever it is, Feishu's word is kept
        where = error_location(cause)
        logger.error("what call %d changes could not be written: %s", claim.call.pk, where)  # noqa: TRY400 - a trace quotes values
        _record_without_the_app(claim, result, cause)


def _as_stored(result: TryResult) -> TryResult:
    """The answer in the shape in which it is kept, so that it means the same when it is applied later."""
    if result.answer is None:
        return result
    return replace(result, answer=replace(result.answer, data=evidence.as_json(result.answer.data)))


def end_lost_try(call: Call, now: datetime) -> None:
    """Close the try of a worker that did not come back. Inside the transaction that has locked the call."""
    attempt = call.attempts.get(finished_at=None)
    error = WorkerLostError()
    verdict = _judge(error, call, attempt, now)
    _end_attempt(attempt, TryResult(error=error), verdict, now)
    _apply(verdict, call, TryResult(error=error), now)


def _verdict(claim: Claim, result: TryResult) -> Verdict:
    if result.error is None:
        signal = ChannelSignal.WORKS if claim.call.answer is None else ChannelSignal.NOTHING
        return Verdict(outcome=Attempt.Outcome.SUCCESS, state=Call.State.SUCCEEDED, signal=signal)
    return _judge(result.error, claim.call, claim.attempt, clock.now())


def _judge(error: Exception, call: Call, attempt: Attempt, now: datetime) -> Verdict:
    return (judge_lookup if attempt.resolving else judge)(error, _history(call, attempt, now))


def _history(call: Call, attempt: Attempt, now: datetime) -> CallHistory:
    earlier = call.attempts.filter(started_at__gte=call.pending_since, id__lt=attempt.pk).order_by("-id")
    # A try whose answer waits because the database was away says nothing against the answer.
    alike = earlier.filter(resolving=attempt.resolving).exclude(
        outcome=Attempt.Outcome.UNAPPLIED, message__in=[away.__name__ for away in DATABASE_AWAY]
    )
    return CallHistory(
        safe_to_repeat=registry.is_safe_to_repeat(call.operation),
        age=now - call.pending_since,
        earlier=tuple(alike.values_list("outcome", "code")[:REMEMBERED_TRIES]),
        can_be_resolved=registry.can_be_resolved(call.operation),
        lookups=earlier.filter(resolving=True).count(),
        answered=call.answer is not None,
    )


def _tell_the_app(call: Call, result: TryResult, verdict: Verdict) -> None:
    # Before the call is locked: the apps lock their rows first and calls second wherever they enqueue.
    if verdict.state not in {Call.State.SUCCEEDED, Call.State.REFUSED}:
        return
    operation = registry.get(call.operation)
    if result.answer is not None and operation.on_answer:
        operation.on_answer(call, result.answer)
    if isinstance(result.error, FeishuError) and operation.on_refusal:
        operation.on_refusal(call, result.error)


def _record_without_the_app(claim: Claim, result: TryResult, cause: Exception) -> None:
    """Keep Feishu's word, also through a short absence of the database; without it if no column takes it."""
    trouble = cause
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        sleep(wait_s)
        if isinstance(trouble, DATABASE_AWAY):
            connection.close_if_unusable_or_obsolete()
        try:
            with transaction.atomic():
                _write(claim, result, _verdict_without_the_app(claim, result, cause))
        except LeaseLostError:
            _tell_the_log(claim, result)
        except DATABASE_AWAY as error:
            trouble = error
            continue
        except Exception as error:  # noqa: BLE001 - an answer that can't be stored
            where = error_location(error)
            logger.error("what Feishu said to call %d can't be kept: %s", claim.call.pk, where)  # noqa: TRY400 - a trace quotes values
            result = TryResult(error=error, duration_ms=result.duration_ms)
            continue
        return
    logger.error("call %d: the database is away; the call is judged as unknown later", claim.call.pk)
    _tell_the_log(claim, result)


def _verdict_without_the_app(claim: Claim, result: TryResult, cause: Exception) -> Verdict:
    if result.error is None:
        unapplied = UnappliedError()
        unapplied.__cause__ = cause
        return judge(unapplied, _history(claim.call, claim.attempt, clock.now()))
    verdict = _judge(result.error, claim.call, claim.attempt, clock.now())
    if verdict.state != Call.State.REFUSED:
        return verdict
    details = {"error": type(cause).__name__}
    return replace(verdict, state=Call.State.WAITING, reason=Reason.REFUSAL_UNAPPLIED, details=details)


def _tell_the_log(claim: Claim, result: TryResult) -> None:
    said = _what_was_said(result)
    logger.warning(
        "call %d: a late result is not kept (HTTP %s, code %s, log_id %s)",
        claim.call.pk,
        said.http_status,
        said.code,
        said.log_id,
    )


def _write(claim: Claim, result: TryResult, verdict: Verdict) -> None:
    ours = Call.objects.select_for_update().filter(pk=claim.call.pk, lease_key=claim.call.lease_key)
    call = ours.first()
    if call is None:
        raise LeaseLostError
    now = clock.now()
    if verdict.signal is ChannelSignal.RATE_LIMITED:
        _undo_try(claim.attempt, call)
    else:
        _end_attempt(claim.attempt, result, verdict, now)
    _apply(verdict, call, result, now)
    channels.learn(call, verdict, began=claim.attempt.started_at, now=now)


def _undo_try(attempt: Attempt, call: Call) -> None:
    """Nothing was sent and nothing is wrong: as if the worker had looked a little later."""
    attempt.delete()
    call.tries -= 1


def _end_attempt(attempt: Attempt, result: TryResult, verdict: Verdict, now: datetime) -> None:
    said = _what_was_said(result)
    Attempt.objects.filter(pk=attempt.pk, finished_at=None).update(
        finished_at=now,
        outcome=verdict.outcome,
        http_status=said.http_status,
        code=said.code,
        message=said.message or verdict.details.get("error", ""),
        log_id=said.log_id,
        duration_ms=result.duration_ms,
        endpoint=said.endpoint,
        response=said.response,
    )


def _apply(verdict: Verdict, call: Call, result: TryResult, now: datetime) -> None:
    said = _what_was_said(result)
    if result.answer is not None:
        call.answer = result.answer.data
    call.log_id = said.log_id or call.log_id
    call.http_status = said.http_status
    call.error_code, call.error_message = said.code, said.message
    call.state, call.reason, call.reason_details = verdict.state, verdict.reason or "", verdict.details
    if (
        verdict.state in {Call.State.PENDING, Call.State.WAITING}
        and call.answer is None
        and call.superseded_by_id
    ):
        call.state, call.reason, call.reason_details = Call.State.SUPERSEDED, "", {}
    else:
        call.superseded_by = None
    call.finished_at = now if call.state in Call.FINAL else None
    call.unresolved = verdict.unresolved
    if verdict.signal is not ChannelSignal.RATE_LIMITED:  # that one keeps its place
        call.not_before = now + timedelta(seconds=verdict.pause_s)
    call.lease_key = None
    call.lease_until = now + timedelta(seconds=verdict.quiet_s) if verdict.quiet_s else None
    call.save(update_fields=BECAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What Feishu said in a try, as the columns have it."""

    http_status: int | None = None
    code: int | None = None
    message: str = ""
    log_id: str = ""
    endpoint: str = ""
    response: Any = None


def _what_was_said(result: TryResult) -> Said:
    match result.answer or result.error:
        case Answer() as answer:
            return Said(
                http_status=answer.http_status,
                log_id=evidence.storable(answer.log_id)[:LOG_ID_LENGTH],
                response=evidence.kept(answer.data),
            )
        case FeishuError() as error:
            return Said(
                http_status=error.http_status,
                code=error.code if abs(error.code or 0) < BIGGEST_CODE else None,
                message=evidence.storable(error.message)[:MESSAGE_LENGTH],
                log_id=evidence.storable(error.log_id)[:LOG_ID_LENGTH],
                endpoint=error.endpoint,
                response=evidence.kept(getattr(error, "content", None)),
            )
        case error:
            # The text of our own mistakes may repeat what was being sent; it is in the log of the worker.
            return Said(message=type(error).__name__)
