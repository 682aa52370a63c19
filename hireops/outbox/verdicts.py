"""What a failed try means for its call and its channel. Pure: no database, no clock (test_verdicts.py).

This alone decides it, from what happened at Feishu (``feishu/errors.py``), from what the app says of such
calls (``Operation``), and from what is known of this one (``CallHistory``).
"""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from hireops.feishu.codes import CATCH_ALL_CODES
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.quotas import QuotaUsedUpError
from hireops.outbox import timing
from hireops.outbox.history import CallHistory
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import Reason
from hireops.outbox.try_errors import (
    NotDoneError,
    NotReadyError,
    NotWantedError,
    TenantGoneError,
    TooLateError,
    UnappliableError,
    UnappliedError,
    UnclearError,
    WorkerLostError,
)

State, Tried = Call.State, Attempt.Outcome
OUTCOMES = {
    Outcome.NOT_SENT: Tried.NOT_SENT,
    Outcome.REFUSED: Tried.REFUSED,
    Outcome.UNKNOWN: Tried.UNKNOWN,
}


class ChannelSignal(Enum):
    """What a try tells of its channel."""

    WORKS = "works"
    FAILS = "fails"
    PERHAPS_FAILS = "perhaps_fails"  # or Feishu refuses this one call
    RATE_LIMITED = "rate_limited"  # by our own quota, before anything was sent: that is no try
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of the call. ``quiet_s``: how long nothing may leave for its target.

    ``demanded_s``: how long the whole channel is to wait, if somebody named a time. ``unresolved``: it has to
    be found out what Feishu has done before anything is sent. ``in_doubt``: Feishu may have done it and the
    call goes on, or what it answered can't be applied for long.
    """

    outcome: Attempt.Outcome
    state: Call.State = State.PENDING
    pause_s: float = 0
    quiet_s: float = 0
    reason: Reason | None = None
    details: dict[str, Any] = field(default_factory=dict)
    unresolved: bool = False
    signal: ChannelSignal = ChannelSignal.NOTHING
    demanded_s: float | None = None
    in_doubt: bool = False


def judge(error: Exception, history: CallHistory) -> Verdict:
    """What a try that ended with ``error`` means for its call."""
    verdict = _judge_lookup(error, history) if history.resolving else _judge_request(error, history)
    verdict = _without_old_news(verdict, history)
    if history.answered or isinstance(error, UnappliedError) or verdict.state is State.REFUSED:
        return verdict
    landed = verdict.outcome in Attempt.NOT_REFUSED or getattr(error, "may_have_landed", False)
    return replace(verdict, in_doubt=verdict.in_doubt or landed or history.may_have_landed)


def judge_unapplied_refusal(error: FeishuError, history: CallHistory, cause: Exception) -> Verdict:
    """The same where what the refusal changes in the app could not be written."""
    verdict = judge(error, history)
    if verdict.state is not State.REFUSED:
        return verdict
    details = {"error": type(cause).__name__}
    again = replace(verdict, state=State.PENDING, reason=Reason.FAILED_HERE_AGAIN, details=details)
    return _without_old_news(_for_a_person(again, Reason.REFUSAL_UNAPPLIED, history), history)


# --- After a request


def _judge_request(error: Exception, history: CallHistory) -> Verdict:
    match error:
        case QuotaUsedUpError():
            verdict = _rate_limited(error)
        case NotReadyError():
            verdict = _not_ready(error, history)
        case FeishuError():
            verdict = _judge_feishu(error, history)
        case WorkerLostError() if history.answered:
            verdict = _unapplied(Tried.LOST, error, history)
        case WorkerLostError():
            verdict = _unknown(Verdict(outcome=Tried.LOST, reason=Reason.WORKER_LOST), history)
        case TooLateError():
            verdict = Verdict(outcome=Tried.NOT_SENT, reason=Reason.TOO_LATE)
        case UnappliedError():
            verdict = _unapplied(Tried.UNAPPLIED, error.__cause__, history)
        case _:
            verdict = _failed_here(error, history)
    return verdict


def _rate_limited(error: QuotaUsedUpError) -> Verdict:
    """It keeps its place, and nothing of its channel leaves before the quota allows it."""
    return Verdict(
        outcome=Tried.NOT_SENT,
        reason=Reason.RATE_LIMITED,
        signal=ChannelSignal.RATE_LIMITED,
        demanded_s=error.retry_after_s,
    )


def _not_ready(error: NotReadyError, history: CallHistory) -> Verdict:
    """It is this one call's own trouble: the channel stays as it is, and other calls leave."""
    details = {"why": error.why}
    verdict = Verdict(
        outcome=Tried.NOT_SENT, reason=Reason.NOT_READY, pause_s=history.pause_s, details=details
    )
    again = _again(verdict, history)
    if again.state is State.PENDING:
        return again
    return replace(again, reason=Reason.NEVER_READY, details=details)


def _failed_here(error: Exception, history: CallHistory) -> Verdict:
    """A mistake in our own code: nobody knows how far it came, and trying again would mostly repeat it."""
    verdict = Verdict(
        outcome=Tried.FAILED,
        pause_s=history.pause_s,
        quiet_s=timing.QUIET_S,
        reason=Reason.FAILED_HERE_AGAIN,
        details={"error": type(error).__name__},
        unresolved=history.resolving,
    )
    return _for_a_person(verdict, Reason.FAILED_HERE, history)


def _signal_of(error: FeishuError) -> ChannelSignal:
    """Whether other calls of the channel would fare the same."""
    if isinstance(error, TenantGoneError | NotWantedError):
        return ChannelSignal.NOTHING
    if error.outcome is Outcome.REFUSED and error.advice is not Advice.RETRY_LATER:
        return ChannelSignal.WORKS
    return ChannelSignal.PERHAPS_FAILS if error.code in CATCH_ALL_CODES else ChannelSignal.FAILS


def _judge_feishu(error: FeishuError, history: CallHistory) -> Verdict:
    outcome, signal = OUTCOMES[error.outcome], _signal_of(error)
    verdict = Verdict(outcome=outcome, reason=Reason.LATER, pause_s=history.pause_s, signal=signal)
    if _is_taken_for_a_refusal(error, history):
        return _judge_refusal(error, replace(verdict, signal=ChannelSignal.WORKS), history)
    if _asked_too_often(error, history):
        return _for_a_person(verdict, Reason.SYSTEM_ERROR, history)
    if error.outcome is Outcome.UNKNOWN:
        return _judge_unknown(error, verdict, history)
    if error.advice is Advice.NEVER or (outcome is Tried.REFUSED and error.advice is Advice.ASK_PERSON):
        return _judge_refusal(error, verdict, history)
    if outcome is Tried.NOT_SENT:
        verdict = replace(verdict, reason=Reason.NOT_SENT)
    if error.retry_after_s is not None:
        verdict = replace(verdict, pause_s=error.retry_after_s, demanded_s=error.retry_after_s)
    return _again(verdict, history)


def _judge_refusal(error: FeishuError, verdict: Verdict, history: CallHistory) -> Verdict:
    """The same request would always fail, or does so until a person has changed something."""
    if isinstance(error, NotWantedError):
        return replace(verdict, state=State.CANCELED, reason=Reason.NOT_WANTED, pause_s=0)
    if _is_definite(error, history):
        reason = Reason.TENANT_GONE if isinstance(error, TenantGoneError) else Reason.REFUSED
        return replace(verdict, state=State.REFUSED, reason=reason, pause_s=0)
    pause_s = max(verdict.pause_s, timing.LONGEST_PAUSE_S)
    return _again(replace(verdict, pause_s=pause_s, in_doubt=True), history)


def _is_definite(error: FeishuError, history: CallHistory) -> bool:
    definite = history.operation.definite_refusals
    if definite is None:
        return True
    return not history.may_have_landed and (error.outcome is Outcome.NOT_SENT or error.code in definite)


def _judge_unknown(error: FeishuError, verdict: Verdict, history: CallHistory) -> Verdict:
    """Nobody knows whether it was done. With an answer, such as an internal error, nothing is under way."""
    if error.code is not None:
        return _unknown(verdict, history)
    quiet_s = timing.QUIET_S
    pause_s = max(quiet_s, history.operation.retry.pause_at(history.age))
    return _unknown(replace(verdict, reason=Reason.UNKNOWN, pause_s=pause_s, quiet_s=quiet_s), history)


def _is_taken_for_a_refusal(error: FeishuError, history: CallHistory) -> bool:
    enough = history.operation.refused_after
    if enough is None or error.outcome is not Outcome.REFUSED or error.code not in CATCH_ALL_CODES:
        return False
    refused = sum(each == (Tried.REFUSED, code) for each in history.earlier for code in CATCH_ALL_CODES)
    return 1 + refused >= enough


def _asked_too_often(error: FeishuError, history: CallHistory) -> bool:
    known = error.outcome is Outcome.REFUSED or history.operation.endpoint.safe_to_repeat
    tries = 1 + sum(code in CATCH_ALL_CODES for _, code in history.earlier)
    return known and error.code in CATCH_ALL_CODES and tries >= timing.SYSTEM_ERROR_TRIES


def _unapplied(outcome: Attempt.Outcome, cause: BaseException | None, history: CallHistory) -> Verdict:
    verdict = Verdict(
        outcome=outcome,
        pause_s=history.pause_s,
        reason=Reason.UNAPPLIED,
        details={"error": type(cause).__name__},
        # The first time Feishu has just answered; later nothing was asked of it.
        signal=ChannelSignal.NOTHING if history.answered else ChannelSignal.WORKS,
    )
    if isinstance(cause, UnappliableError):
        return replace(verdict, state=State.WAITING, reason=Reason.UNAPPLIED_STILL, pause_s=0)
    failed = 1 + sum(earlier in {Tried.UNAPPLIED, Tried.LOST} for earlier, _ in history.earlier)
    if failed < timing.APPLY_TRIES:
        return verdict
    return _for_a_person(replace(verdict, in_doubt=True), Reason.UNAPPLIED_STILL, history)


# --- After a try to find out what became of a request


def _judge_lookup(error: Exception, history: CallHistory) -> Verdict:
    match error:
        case QuotaUsedUpError():
            verdict = replace(_rate_limited(error), unresolved=True)
        case NotDoneError():
            signal = ChannelSignal.WORKS
            verdict = Verdict(outcome=Tried.NOT_DONE, reason=Reason.FOUND_NOT_DONE, signal=signal)
        case UnclearError():
            verdict = _left_unresolved(Tried.UNCLEAR, Reason.UNCLEAR, ChannelSignal.WORKS, why=error.why)
        case TenantGoneError():
            verdict = _left_unresolved(Tried.NOT_SENT, Reason.UNKNOWN_UNSAFE, ChannelSignal.NOTHING)
        case FeishuError():
            verdict = _judge_failed_lookup(error, history)
        case TooLateError():
            verdict = _look_again(Verdict(outcome=Tried.NOT_SENT), history)
        case WorkerLostError():
            verdict = _look_again(Verdict(outcome=Tried.LOST), history)
        case _:
            verdict = _failed_here(error, history)
    return verdict


def _judge_failed_lookup(error: FeishuError, history: CallHistory) -> Verdict:
    outcome, signal = OUTCOMES[error.outcome], _signal_of(error)
    if error.outcome is Outcome.REFUSED and error.advice is not Advice.RETRY_LATER:
        return _left_unresolved(outcome, Reason.NOT_FOUND_OUT, signal)
    # Finding out may send something too: what got no answer is followed by quiet like any other request.
    quiet_s = timing.QUIET_S if error.outcome is Outcome.UNKNOWN and error.code is None else 0
    pause_s = max(quiet_s, error.retry_after_s or history.pause_s)
    verdict = Verdict(outcome=outcome, pause_s=pause_s, quiet_s=quiet_s, signal=signal)
    return replace(_look_again(verdict, history), demanded_s=error.retry_after_s)


def _look_again(verdict: Verdict, history: CallHistory) -> Verdict:
    if len(history.earlier) + 1 >= timing.RESOLVE_TRIES:
        return replace(verdict, state=State.WAITING, reason=Reason.NOT_FOUND_OUT, unresolved=True)
    return replace(verdict, reason=Reason.FINDING_OUT, unresolved=True)


def _left_unresolved(
    outcome: Attempt.Outcome, reason: Reason, signal: ChannelSignal, **details: str
) -> Verdict:
    state = State.WAITING
    return Verdict(
        outcome=outcome, state=state, reason=reason, details=details, unresolved=True, signal=signal
    )


# --- Again, or for a person


def _unknown(verdict: Verdict, history: CallHistory) -> Verdict:
    operation = history.operation
    if operation.endpoint.safe_to_repeat:
        return _again(verdict, history)
    if operation.resolve is not None and history.lookups < timing.RESOLVE_TRIES:
        return replace(verdict, reason=Reason.FINDING_OUT, unresolved=True)
    return replace(verdict, state=State.WAITING, reason=Reason.UNKNOWN_UNSAFE, pause_s=0)


def _again(verdict: Verdict, history: CallHistory) -> Verdict:
    limit = history.operation.retry.give_up_after
    if limit is None or history.pending_for < limit:
        return verdict
    details = {"hours": int(limit.total_seconds() // 3600)}
    return replace(verdict, state=State.WAITING, reason=Reason.GAVE_UP, details=details, pause_s=0)


def _without_old_news(verdict: Verdict, history: CallHistory) -> Verdict:
    """Nobody has to decide about news that could not be told."""
    if verdict.state is not State.WAITING or not history.operation.is_news:
        return verdict
    return replace(verdict, state=State.CANCELED, reason=Reason.OLD_NEWS, details={}, unresolved=False)


def _for_a_person(verdict: Verdict, reason: Reason, history: CallHistory) -> Verdict:
    """Somebody has to look; but what is tried for ever goes on meanwhile, after a pause."""
    if history.operation.retry.never_gives_up:
        return replace(verdict, pause_s=max(verdict.pause_s, timing.LONGEST_PAUSE_S))
    return replace(verdict, state=State.WAITING, reason=reason, pause_s=0)
