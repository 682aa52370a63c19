"""What became of a try, written in one transaction with what it changes in the business app."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import sleep

from django.db import connection, transaction

from hireops.database import clock
from hireops.database.errors import DATABASE_AWAY
from hireops.error_location import error_location
from hireops.failpoints import failpoint
from hireops.feishu.client import Answer
from hireops.feishu.errors import FeishuError
from hireops.outbox import channels, evidence, registry
from hireops.outbox.history import history_before
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import Reason
from hireops.outbox.try_errors import UnappliedError, WorkerLostError
from hireops.outbox.verdicts import ChannelSignal, Verdict, judge, judge_unapplied_refusal

logger = logging.getLogger(__name__)

LOST_AT_ONCE = 100
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


class CallLeaseLostError(Exception):
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
    except CallLeaseLostError:
        _too_late(claim, result)
    except Exception as cause:  # noqa: BLE001 - whatever it is, Feishu's word is kept
        where = error_location(cause)
        logger.error("what call %d changes could not be written: %s", claim.call.pk, where)  # noqa: TRY400 - a trace quotes values
        _record_without_the_app(claim, result, cause)


def _as_stored(result: TryResult) -> TryResult:
    """The answer in the shape in which it is kept, so that it means the same when it is applied later.

    One that has no such shape is an error, as an answer is that can't be read.
    """
    if result.answer is None:
        return result
    try:
        return replace(result, answer=replace(result.answer, data=evidence.as_json(result.answer.data)))
    except (TypeError, ValueError) as error:
        return TryResult(error=error, duration_ms=result.duration_ms)


def end_lost_tries(now: datetime) -> int:
    """Close the tries of workers that did not come back; how many. Others may be at it too: one does each."""
    lost = list(Call.objects.lost(now).select_related("tenant").order_by("lease_until")[:LOST_AT_ONCE])
    for call in lost:
        attempt = call.attempts.filter(finished_at=None).first()
        if attempt is not None:
            logger.warning("the worker that was sending call %d did not come back", call.pk)
            record(Claim(call, attempt, send_before=0.0), TryResult(error=WorkerLostError()))
    return len(lost)


def _verdict(claim: Claim, result: TryResult) -> Verdict:
    if result.error is None:
        signal = ChannelSignal.WORKS if claim.call.answer is None else ChannelSignal.NOTHING
        return Verdict(outcome=Attempt.Outcome.SUCCESS, state=Call.State.SUCCEEDED, signal=signal)
    return judge(result.error, history_before(claim.attempt, claim.call, clock.now()))


def _tell_the_app(call: Call, result: TryResult, verdict: Verdict) -> None:
    # Before the call is locked: the apps lock their rows first and calls second wherever they enqueue.
    operation, error = registry.find(call.operation), result.error
    if verdict.state == Call.State.SUCCEEDED and result.answer is not None and operation.on_answer:
        operation.on_answer(call, result.answer)
    if verdict.state == Call.State.REFUSED and isinstance(error, FeishuError) and operation.on_refusal:
        operation.on_refusal(call, error)
    if verdict.in_doubt and error is not None and operation.on_doubt:
        operation.on_doubt(call, error)
    if verdict.state == Call.State.WAITING and operation.on_waiting:
        operation.on_waiting(call)


def _record_without_the_app(claim: Claim, result: TryResult, cause: Exception) -> None:
    """Keep Feishu's word, also through a short absence of the database; without it if no column takes it."""
    trouble = cause
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        sleep(wait_s)
        if isinstance(trouble, DATABASE_AWAY):
            connection.close_if_unusable_or_obsolete()
        try:
            with transaction.atomic():
                verdict = _verdict_without_the_app(claim, result, cause)
                _tell_the_app_of_trouble(claim.call, result, verdict, cause)
                _write(claim, result, verdict)
        except CallLeaseLostError:
            _too_late(claim, result)
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
    history = history_before(claim.attempt, claim.call, clock.now())
    match result.error:
        case None:
            unapplied = UnappliedError()
            unapplied.__cause__ = cause
            return judge(unapplied, history)
        case FeishuError() as refusal:
            return judge_unapplied_refusal(refusal, history, cause)
        case error:
            return judge(error, history)


def _tell_the_app_of_trouble(call: Call, result: TryResult, verdict: Verdict, cause: Exception) -> None:
    """In a savepoint: whatever the app's part does, Feishu's word is kept."""
    operation = registry.find(call.operation)
    try:
        with transaction.atomic():
            if result.error is None and verdict.in_doubt and operation.on_doubt:
                operation.on_doubt(call, cause)
            if verdict.state == Call.State.WAITING and operation.on_waiting:
                operation.on_waiting(call)
    except Exception as error:  # noqa: BLE001 - the next try tells it again
        where = error_location(error)
        logger.error("the app could not be told of the trouble with call %d: %s", call.pk, where)  # noqa: TRY400 - a trace quotes values


def _too_late(claim: Claim, result: TryResult) -> None:
    """Others have judged the call meanwhile, and ask Feishu again themselves if that is to be.

    Of one that is never sent again nobody would ever learn what Feishu has said here.
    """
    if result.answer is None or not _kept_late(claim, result.answer):
        _tell_the_log(claim, result)


def _kept_late(claim: Claim, answer: Answer) -> bool:
    for wait_s in WAITS_FOR_THE_DATABASE_S:
        sleep(wait_s)
        try:
            return _keep_late(claim, answer)
        except DATABASE_AWAY:
            connection.close_if_unusable_or_obsolete()
    return False


def _keep_late(claim: Claim, answer: Answer) -> bool:
    """Feishu has done what was ended unanswered: from now on it is a call whose answer is to be applied."""
    unanswered = Call.objects.filter(
        state=Call.State.CANCELED, reason=Reason.NEVER_AGAIN, answer__isnull=True
    )
    with transaction.atomic():
        call = unanswered.select_for_update().filter(pk=claim.call.pk).first()
        if call is None:
            return False
        said = evidence.said(answer)
        call.state, call.finished_at, call.trimmed_at = Call.State.PENDING, None, None
        call.reason, call.reason_details = Reason.LATE_ANSWER, {}
        call.answer, call.log_id, call.http_status = answer.data, said.log_id, said.http_status
        call.not_before = call.pending_since = clock.now()
        call.save(update_fields=[*BECAME, "trimmed_at", "pending_since"])
    logger.warning("call %d had been ended without an answer; a late one is kept", claim.call.pk)
    return True


def _tell_the_log(claim: Claim, result: TryResult) -> None:
    if isinstance(result.error, WorkerLostError):  # another worker was quicker to close this try
        return
    said = evidence.said(result.answer or result.error)
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
        raise CallLeaseLostError
    now = clock.now()
    if verdict.signal is ChannelSignal.RATE_LIMITED:
        _undo_try(claim.attempt, call)
    else:
        _end_attempt(claim.attempt, result, verdict, now)
    _apply(verdict, call, result, now)
    if isinstance(result.error, WorkerLostError):  # its lease has kept the channel closed
        return
    channels.learn(call, verdict, began=claim.attempt.started_at, now=now)


def _undo_try(attempt: Attempt, call: Call) -> None:
    """Nothing was sent and nothing is wrong: as if the worker had looked a little later."""
    attempt.delete()
    call.tries -= 1


def _end_attempt(attempt: Attempt, result: TryResult, verdict: Verdict, now: datetime) -> None:
    said = evidence.said(result.answer or result.error)
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
        feishu_at=said.feishu_at,
    )


def _apply(verdict: Verdict, call: Call, result: TryResult, now: datetime) -> None:
    said = evidence.said(result.answer or result.error)
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
