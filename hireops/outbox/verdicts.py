"""What a failed try means for its call and its channel. Pure: no database, no clock (test_verdicts.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.quotas import QuotaUsedUpError
from hireops.outbox import timing
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import Reason

# The catch-all of Hire, in both spellings: "system error" or a refusal for business reasons (contract 8.4).
CATCH_ALL_CODES = {1002001, 1020001}

State, Tried = Call.State, Attempt.Outcome


class WorkerLostError(Exception):
    """The lease ran out: the worker was killed or stopped, and may have sent the request before."""


class TooLateError(Exception):
    """Too little was left of the lease when the request was to leave, so it did not."""


class UnappliedError(Exception):
    """Feishu has answered, but what the answer changes here could not be written. Nothing is lost."""


class NotDoneError(Exception):
    """It was found out that Feishu has not done the call."""


class UnclearError(Exception):
    """It could not be found out whether Feishu has done the call; ``why`` says so to staff."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class TenantGoneError(FeishuError):
    """The customer has removed the app: nothing was sent, and never will be."""

    def __init__(self) -> None:
        super().__init__(Outcome.NOT_SENT, "the tenant has uninstalled the app", advice=Advice.NEVER)


class ChannelSignal(Enum):
    """What a try tells of its channel."""

    WORKS = "works"
    FAILS = "fails"
    PERHAPS_FAILS = "perhaps_fails"  # or Feishu refuses this one call
    RATE_LIMITED = "rate_limited"  # by our own quota, before anything was sent: that is no try
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """What is known of the call before this try, since it is to be sent: how long, and how tries ended.

    ``earlier``: outcome and code of tries of the same kind. ``lookups``: how often it was tried to find out.
    """

    safe_to_repeat: bool
    age: timedelta
    earlier: Sequence[tuple[str, int | None]] = ()  # in any order
    can_be_resolved: bool = False
    lookups: int = 0
    answered: bool = False

    @property
    def next_try(self) -> int:
        return len(self.earlier) + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of the call. ``quiet_s``: how long nothing may leave for its target.

    ``demanded_s``: how long the whole channel is to wait, if somebody named a time.
    """

    outcome: Attempt.Outcome
    state: Call.State
    pause_s: float = 0
    quiet_s: float = 0
    reason: Reason | None = None
    details: dict[str, Any] = field(default_factory=dict)
    unresolved: bool = False
    signal: ChannelSignal = ChannelSignal.NOTHING
    demanded_s: float | None = None


def judge(error: Exception, history: CallHistory) -> Verdict:
    """What a try to send that ended with ``error`` means for its call."""
    match error:
        case FeishuError():
            return _judge_feishu(error, history)
        case WorkerLostError() if history.answered:
            return _unapplied(Tried.LOST, "WorkerLostError", history)
        case WorkerLostError():
            return _unknown(Tried.LOST, Reason.WORKER_LOST, history)
        case TooLateError():
            return Verdict(outcome=Tried.NOT_SENT, state=State.PENDING, reason=Reason.TOO_LATE)
        case UnappliedError():
            return _unapplied(Tried.UNAPPLIED, type(error.__cause__).__name__, history)
    return failed_here(error)


def rate_limited(error: QuotaUsedUpError, *, unresolved: bool = False) -> Verdict:
    """It keeps its place, and nothing of its channel leaves before the quota allows it."""
    return Verdict(
        outcome=Tried.NOT_SENT,
        state=State.PENDING,
        reason=Reason.RATE_LIMITED,
        unresolved=unresolved,
        signal=ChannelSignal.RATE_LIMITED,
        demanded_s=error.retry_after_s,
    )


def failed_here(error: Exception, *, unresolved: bool = False) -> Verdict:
    """A mistake in our own code: nobody knows how far it came, and trying again would only repeat it."""
    return Verdict(
        outcome=Tried.FAILED,
        state=State.WAITING,
        quiet_s=timing.QUIET_S,
        reason=Reason.FAILED_HERE,
        details={"error": type(error).__name__},
        unresolved=unresolved,
    )


def tried_as(error: FeishuError) -> Attempt.Outcome:
    return {
        Outcome.NOT_SENT: Tried.NOT_SENT,
        Outcome.REFUSED: Tried.REFUSED,
        Outcome.UNKNOWN: Tried.UNKNOWN,
    }[error.outcome]


def signal_of(error: FeishuError) -> ChannelSignal:
    """Whether other calls of the channel would fare the same."""
    if isinstance(error, TenantGoneError):
        return ChannelSignal.NOTHING
    if error.outcome is Outcome.REFUSED and error.advice is not Advice.RETRY_LATER:
        return ChannelSignal.WORKS
    return ChannelSignal.PERHAPS_FAILS if error.code in CATCH_ALL_CODES else ChannelSignal.FAILS


def _judge_feishu(error: FeishuError, history: CallHistory) -> Verdict:
    if isinstance(error, QuotaUsedUpError):
        return rate_limited(error)
    if _asked_too_often(error, history):
        outcome, reason = tried_as(error), Reason.SYSTEM_ERROR
        return Verdict(outcome=outcome, state=State.WAITING, reason=reason, signal=signal_of(error))
    if error.outcome is Outcome.UNKNOWN:
        return _judge_unknown(error, history)
    signal, outcome = signal_of(error), tried_as(error)
    if error.advice is Advice.NEVER or (outcome is Tried.REFUSED and error.advice is Advice.ASK_PERSON):
        reason = Reason.TENANT_GONE if isinstance(error, TenantGoneError) else Reason.REFUSED
        return Verdict(outcome=outcome, state=State.REFUSED, reason=reason, signal=signal)
    pause_s = timing.pause_before(history.next_try)
    if error.retry_after_s is not None:
        pause_s = error.retry_after_s
    reason = Reason.NOT_SENT if outcome is Tried.NOT_SENT else Reason.LATER
    return _again(outcome, reason, history, pause_s=pause_s, signal=signal, demanded_s=error.retry_after_s)


def _judge_unknown(error: FeishuError, history: CallHistory) -> Verdict:
    """Nobody knows whether it was done. With an answer, such as an internal error, nothing is under way."""
    signal = signal_of(error)
    if error.code is None:
        quiet_s = timing.QUIET_S
        return _unknown(
            Tried.UNKNOWN, Reason.UNKNOWN, history, pause_s=quiet_s, quiet_s=quiet_s, signal=signal
        )
    pause_s = timing.pause_before(history.next_try)
    return _unknown(Tried.UNKNOWN, Reason.LATER, history, pause_s=pause_s, signal=signal)


def _asked_too_often(error: FeishuError, history: CallHistory) -> bool:
    known = error.outcome is Outcome.REFUSED or history.safe_to_repeat
    return (
        known
        and error.code in CATCH_ALL_CODES
        and _tries_with_catch_all(history) >= timing.SYSTEM_ERROR_TRIES
    )


def _tries_with_catch_all(history: CallHistory) -> int:
    return 1 + sum(code in CATCH_ALL_CODES for _, code in history.earlier)


def _unknown(
    outcome: Attempt.Outcome,
    reason: Reason,
    history: CallHistory,
    *,
    pause_s: float = 0,
    quiet_s: float = 0,
    signal: ChannelSignal = ChannelSignal.NOTHING,
) -> Verdict:
    if history.safe_to_repeat:
        return _again(outcome, reason, history, pause_s=pause_s, quiet_s=quiet_s, signal=signal)
    if history.can_be_resolved and history.lookups < timing.RESOLVE_TRIES:
        return Verdict(
            outcome=outcome,
            state=State.PENDING,
            pause_s=pause_s,
            quiet_s=quiet_s,
            reason=Reason.FINDING_OUT,
            unresolved=True,
            signal=signal,
        )
    return Verdict(
        outcome=outcome, state=State.WAITING, quiet_s=quiet_s, reason=Reason.UNKNOWN_UNSAFE, signal=signal
    )


def _unapplied(outcome: Attempt.Outcome, cause: str, history: CallHistory) -> Verdict:
    # The first time Feishu has just answered; later nothing was asked of it.
    signal = ChannelSignal.NOTHING if history.answered else ChannelSignal.WORKS
    failed = sum(earlier in {Tried.UNAPPLIED, Tried.LOST} for earlier, _ in history.earlier)
    if 1 + failed >= timing.APPLY_TRIES:
        reason = Reason.UNAPPLIED_STILL
        return Verdict(
            outcome=outcome, state=State.WAITING, reason=reason, details={"error": cause}, signal=signal
        )
    return Verdict(
        outcome=outcome,
        state=State.PENDING,
        pause_s=timing.pause_before(history.next_try),
        reason=Reason.UNAPPLIED,
        details={"error": cause},
        signal=signal,
    )


def _again(
    outcome: Attempt.Outcome,
    reason: Reason,
    history: CallHistory,
    *,
    pause_s: float,
    quiet_s: float = 0,
    signal: ChannelSignal,
    demanded_s: float | None = None,
) -> Verdict:
    state, details = State.PENDING, {}
    if history.age >= timing.GIVE_UP_AFTER:
        state, reason, pause_s = State.WAITING, Reason.GAVE_UP, 0
        details = {"hours": int(timing.GIVE_UP_AFTER.total_seconds() // 3600)}
    return Verdict(
        outcome=outcome,
        state=state,
        pause_s=pause_s,
        quiet_s=quiet_s,
        reason=reason,
        details=details,
        signal=signal,
        demanded_s=demanded_s,
    )
