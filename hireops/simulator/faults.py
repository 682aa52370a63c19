"""What goes wrong on purpose. Faults that fit a call are used up oldest first, one for each call."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_ids = itertools.count(1)


class FaultKind(StrEnum):
    SLOW = "slow"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CUT = "cut"
    HTML = "html"
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - the name of a fault
    TRICKLE = "trickle"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    REDIRECT = "redirect"
    HUGE = "huge"
    HALF_CLOSED = "half_closed"
    REFUSED = "refused"


FAULT_LABELS: dict[FaultKind, Promise] = {
    FaultKind.SLOW: _("Answer slowly"),
    FaultKind.RATE_LIMITED: _("Refuse: too many calls"),
    FaultKind.SERVER_ERROR: _("Answer HTTP 500"),
    FaultKind.CUT: _("Cut the connection"),
    FaultKind.HTML: _("Answer with an HTML page"),
    FaultKind.TOKEN_INVALID: _("Refuse: token not valid"),
    FaultKind.TRICKLE: _("Answer byte by byte"),
    FaultKind.TRUNCATED: _("Answer with half of the JSON"),
    FaultKind.EMPTY: _("Answer HTTP 200 with nothing"),
    FaultKind.REDIRECT: _("Redirect to another address"),
    FaultKind.HUGE: _("Answer with many megabytes"),
    FaultKind.HALF_CLOSED: _("Stop in the middle of the answer"),
    FaultKind.REFUSED: _("Refuse with a code"),
}


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


class ResetHeader(StrEnum):
    """What stands in ``x-ogw-ratelimit-reset``."""

    NUMBER = "number"
    MISSING = "missing"
    GARBAGE = "garbage"


@dataclass(slots=True, kw_only=True)
class Fault:
    """``path`` as in the endpoint table, ``tenant_key`` of the call's token; empty for every one.

    ``calls`` None means until cleared, ``until`` (Unix seconds) ends it earlier. ``seconds``: how long the
    answer is held back; for ``trickle`` the pause before each byte, for ``half_closed`` how long the socket
    stays open.
    ``reset_header``: what a 429 says: ``reset_seconds``, nonsense or nothing. ``megabytes`` of a huge answer;
    ``code`` and ``http_status`` of a refusal.
    ``when``: whether the work is done before the fault strikes; undone, what is spoilt is an HTTP 500.
    """

    kind: FaultKind
    path: str = ""
    tenant_key: str = ""
    when: When = When.BEFORE
    seconds: float = 0.0
    reset_seconds: int = 1
    reset_header: ResetHeader = ResetHeader.NUMBER
    megabytes: int = 8
    code: int = 1002002
    http_status: int = 400
    calls: int | None = 1
    until: float | None = None
    id: int = field(default_factory=lambda: next(_ids))

    def __post_init__(self) -> None:
        if self.kind in {FaultKind.RATE_LIMITED, FaultKind.TOKEN_INVALID}:
            self.when = When.BEFORE  # the gateway refuses these; the work behind it is never reached

    @property
    def until_time(self) -> datetime | None:
        return None if self.until is None else datetime.fromtimestamp(self.until, UTC)

    @property
    def label(self) -> Promise:
        return FAULT_LABELS[self.kind]


def take_fault(
    faults: list[Fault], *, path: str, tenant_key: str, needs_token: bool, now: float
) -> Fault | None:
    """The oldest fault that fits this call, counted down; the caller holds the world's lock."""
    faults[:] = [fault for fault in faults if fault.until is None or fault.until > now]
    for fault in faults:
        if fault.path not in {"", path} or fault.tenant_key not in {"", tenant_key}:
            continue
        if fault.kind is FaultKind.TOKEN_INVALID and not needs_token:
            continue
        if fault.calls is not None:
            fault.calls -= 1
            if fault.calls <= 0:
                faults.remove(fault)
        return fault
    return None
