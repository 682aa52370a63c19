"""What an attempt to find out what became of a call means for that call. Pure, like verdicts.py."""

from dataclasses import replace

from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.quotas import QuotaUsedUpError
from hireops.outbox import timing
from hireops.outbox.models import Attempt
from hireops.outbox.reasons import Reason
from hireops.outbox.verdicts import (
    History,
    NotDoneError,
    Sign,
    State,
    TenantGoneError,
    TooLateError,
    Tried,
    UnclearError,
    Verdict,
    WorkerLostError,
    failed_here,
    held_back,
    sign_of,
    tried_as,
)


def judge_lookup(error: Exception, history: History) -> Verdict:
    """What becomes of a call of which nobody knows whether it was done, after one more try to find out."""
    match error:
        case NotDoneError():
            outcome, reason = Tried.NOT_DONE, Reason.FOUND_NOT_DONE
            return Verdict(outcome=outcome, state=State.PENDING, reason=reason, sign=Sign.WORKS)
        case UnclearError():
            return _left(Tried.UNCLEAR, Reason.UNCLEAR, Sign.WORKS, why=error.why)
        case FeishuError():
            return _judge_feishu(error, history)
        case TooLateError():
            return _again(Tried.NOT_SENT, history, Sign.NOTHING)
        case WorkerLostError():
            return _again(Tried.LOST, history, Sign.NOTHING)
    return failed_here(error, unresolved=True)


def _judge_feishu(error: FeishuError, history: History) -> Verdict:
    if isinstance(error, QuotaUsedUpError):
        return held_back(error, unresolved=True)
    if isinstance(error, TenantGoneError):
        return _left(Tried.NOT_SENT, Reason.UNKNOWN_UNSAFE, Sign.NOTHING)
    if error.outcome is Outcome.REFUSED and error.advice is not Advice.RETRY_LATER:
        return _left(Tried.REFUSED, Reason.NOT_FOUND_OUT, Sign.WORKS)
    # Finding out may send something too: what got no answer rests like any other request.
    rest_s = timing.REST_S if error.outcome is Outcome.UNKNOWN and error.code is None else 0
    pause_s = max(rest_s, error.retry_after_s or timing.pause_before(history.next_try))
    again = _again(tried_as(error), history, sign_of(error), rest_s)
    return replace(again, pause_s=pause_s, demanded_s=error.retry_after_s)


def _again(outcome: Attempt.Outcome, history: History, sign: Sign, rest_s: float = 0) -> Verdict:
    if len(history.earlier) + 1 >= timing.RESOLVE_TRIES:
        return _left(outcome, Reason.NOT_FOUND_OUT, sign, rest_s)
    return Verdict(
        outcome=outcome,
        state=State.PENDING,
        rest_s=rest_s,
        reason=Reason.FINDING_OUT,
        unresolved=True,
        sign=sign,
    )


def _left(outcome: Attempt.Outcome, reason: Reason, sign: Sign, rest_s: float = 0, **details: str) -> Verdict:
    """A person has to look."""
    return Verdict(
        outcome=outcome,
        state=State.WAITING,
        rest_s=rest_s,
        reason=reason,
        details=details,
        unresolved=True,
        sign=sign,
    )
