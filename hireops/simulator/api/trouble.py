"""What a fault does to one call before its answer is sent; ``sending`` spoils the answer on its way."""

import time
from collections.abc import Callable

from hireops.simulator.api.answers import SYSTEM_ERROR, ApiAnswer, Refusal, token_not_valid, too_many_calls
from hireops.simulator.faults import Fault, FaultKind, ResetHeader, When

REDIRECTED = "/open-apis/redirected"  # whoever follows is seen in the log of calls
_CEILING = 1000  # what x-ogw-ratelimit-limit says when nothing was really counted
_HTML = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_INSTEAD = {
    FaultKind.HTML: ApiAnswer(502, _HTML),
    FaultKind.EMPTY: ApiAnswer(200, ""),
    FaultKind.REDIRECT: ApiAnswer(307, "", {"Location": REDIRECTED}),
}
_SECONDS_ARE_FOR_SENDING = {FaultKind.TRICKLE, FaultKind.HALF_CLOSED}


def make_trouble(
    fault: Fault | None, work: Callable[[], ApiAnswer], *, rate_limit_status: int
) -> ApiAnswer | None:
    """The answer to a call that meets ``fault``; None when its connection is to be cut without one."""
    if fault is None:
        return work()
    answer = work() if fault.when is When.AFTER else None
    if fault.kind not in _SECONDS_ARE_FOR_SENDING:
        time.sleep(fault.seconds)
    if fault.kind is FaultKind.SLOW:
        return answer or work()
    return _faulty_answer(fault, answer, rate_limit_status)


def _faulty_answer(fault: Fault, answer: ApiAnswer | None, rate_limit_status: int) -> ApiAnswer | None:
    match fault.kind:
        case FaultKind.CUT:
            return None
        case FaultKind.TOKEN_INVALID:
            raise token_not_valid()
        case FaultKind.RATE_LIMITED:
            raise _storm(fault, rate_limit_status)
        case FaultKind.REFUSED:
            raise Refusal(fault.http_status, fault.code, "refused on purpose")
    if fault.kind in _INSTEAD:
        return _INSTEAD[fault.kind]
    if answer is None or fault.kind is FaultKind.SERVER_ERROR:
        raise Refusal(500, SYSTEM_ERROR, "system error")
    return answer


def _storm(fault: Fault, rate_limit_status: int) -> Refusal:
    refusal = too_many_calls(rate_limit_status, limit=_CEILING, reset_seconds=fault.reset_seconds)
    if fault.reset_header is ResetHeader.MISSING:
        refusal.headers.clear()
    elif fault.reset_header is ResetHeader.GARBAGE:
        refusal.headers["x-ogw-ratelimit-reset"] = "soon"
    return refusal
