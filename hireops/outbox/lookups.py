"""What an attempt to find out what became of a call means for that call. Pure, like verdicts.py."""

from dataclasses import replace

from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.quotas import QuotaUsedUpError
from hireops.outbox import timing
from hireops.outbox.models import Attempt
from hireops.outbox.reasons import Reason
from hireops.outbox.verdicts import (
    CallHistory,
    ChannelSignal,
    NotDoneError,
    State,
    TenantGoneError,
    TooLateError,
    Tried,
    UnclearError,
    Verdict,
    WorkerLostError,
    failed_here,
    rate_limited,
    signal_of,
    tried_as,
)


def judge_lookup(error: Exception, history: CallHistory) -> Verdict:
    """What becomes of a call of which nobody knows whether it was done, after one more try to find out."""
    match error:
        case NotDoneError():
            outcome, reason = Tried.NOT_DONE, Reason.FOUND_NOT_DONE
            return Verdict(outcome=outcome, state=State.PENDING, reason=reason, signal=ChannelSignal.WORKS)
        case UnclearError():
            return _left(Tried.UNCLEAR, Reason.UNCLEAR, ChannelSignal.WORKS, why=error.why)
        case FeishuError():
            return _judge_feishu(error, history)
        case TooLateError():
            return _again(Tried.NOT_SENT, history, ChannelSignal.NOTHING)
        case WorkerLostError():
            return _again(Tried.LOST, history, ChannelSignal.NOTHING)
    return failed_here(error, unresolved=True)


def _judge_feishu(error: FeishuError, history: CallHistory) -> Verdict:
    if isinstance(error, QuotaUsedUpError):
        return rate_limited(error, unresolved=True)
    if isinstance(error, TenantGoneError):
        return _left(Tried.NOT_SENT, Reason.UNKNOWN_UNSAFE, ChannelSignal.NOTHING)
    if error.outcome is Outcome.REFUSED and error.advice is not Advice.RETRY_LATER:
        return _left(Tried.REFUSED, Reason.NOT_FOUND_OUT, ChannelSignal.WORKS)
    # Finding out may send something too: what got no answer rests like any other request.
    quiet_s = timing.QUIET_S if error.outcome is Outcome.UNKNOWN and error.code is None else 0
    pause_s = max(quiet_s, error.retry_after_s or timing.pause_before(history.next_try))
    again = _again(tried_as(error), history, signal_of(error), quiet_s)
    return replace(again, pause_s=pause_s, demanded_s=error.retry_after_s)


def _again(
    outcome: Attempt.Outcome, history: CallHistory, signal: ChannelSignal, quiet_s: float = 0
) -> Verdict:
    if len(history.earlier) + 1 >= timing.RESOLVE_TRIES:
        return _left(outcome, Reason.NOT_FOUND_OUT, signal, quiet_s)
    return Verdict(
        outcome=outcome,
        state=State.PENDING,
        quiet_s=quiet_s,
        reason=Reason.FINDING_OUT,
        unresolved=True,
        signal=signal,
    )


def _left(
    outcome: Attempt.Outcome, reason: Reason, signal: ChannelSignal, quiet_s: float = 0, **details: str
) -> Verdict:
    """A person has to look."""
    return Verdict(
        outcome=outcome,
        state=State.WAITING,
        quiet_s=quiet_s,
        reason=reason,
        details=details,
        unresolved=True,
        signal=signal,
    )
