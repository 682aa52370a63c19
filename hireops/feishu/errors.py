"""One kind of error for every call to Feishu: how far the call came, and what is to be done about it."""

from datetime import datetime
from enum import Enum

from django.utils.translation import gettext_lazy as _

from hireops.feishu.codes import (
    CATCH_ALL_CODES,
    CODES,
    INTERNAL_CODES,
    RATE_LIMIT_CODE,
    Advice,
    Meaning,
)
from hireops.feishu.endpoints import ENDPOINTS

__all__ = ["CODES", "TOO_MANY_REQUESTS", "Advice", "FeishuError", "Outcome", "explain", "what_happened"]


class Outcome(Enum):
    """How far a failed call came."""

    NOT_SENT = "not_sent"  # nothing left this machine
    REFUSED = "refused"  # Feishu answered that it failed
    UNKNOWN = "unknown"  # it was sent, and no understandable answer came back


_WITHOUT_CODE = {
    Outcome.NOT_SENT: _(
        "The call did not reach Feishu, so nothing has changed there. hireops tries again by itself; if it "
        "goes on, check the network and FEISHU_BASE_URL."
    ),
    Outcome.UNKNOWN: _(
        "The call was sent, but no understandable answer came back, so Feishu may or may not have carried it "
        "out. Look in Feishu before anything is sent a second time by hand."
    ),
    Outcome.REFUSED: _("Feishu took in nothing because it is busy. hireops tries again by itself."),
}
_UNKNOWN_CODE = _(
    "Feishu refused the call with code %(code)d: “%(message)s”. Nothing was changed. Correct what it "
    "names, then send the call again; Feishu's support needs the log ID."
)
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500


class FeishuError(Exception):
    """A call that did not succeed. ``str()`` is one line and holds no secret and no body.

    ``code`` and ``message`` are Feishu's own (None and our words where it gave none), ``log_id`` is what
    Feishu's support asks for, ``retry_after_s`` the wait that Feishu demands (seconds, 1 to 3600) or None,
    ``ceiling`` the number of calls that its rate limit allows in the window that is full, or None,
    ``feishu_at`` when the answer left by Feishu's clock, if there is one that says so.
    ``endpoint`` is the name of the interface in ``ENDPOINTS`` ("" for a token call): it decides what the code
    means.
    """

    def __init__(
        self,
        outcome: Outcome,
        message: str,
        *,
        code: int | None = None,
        log_id: str = "",
        http_status: int | None = None,
        retry_after_s: float | None = None,
        ceiling: int | None = None,
        advice: Advice | None = None,
        endpoint: str = "",
        feishu_at: datetime | None = None,
    ) -> None:
        self.outcome = outcome
        self.code = code
        self.message = message
        self.log_id = log_id
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        self.ceiling = ceiling
        self.endpoint = endpoint
        self.feishu_at = feishu_at
        self.advice = advice or _advice(code, http_status, endpoint)
        super().__init__(outcome, message, code, log_id, http_status)

    def happened_at(self, endpoint: str) -> None:
        """Note the interface that was called, and judge the code by what it means there."""
        self.endpoint = endpoint
        if self.code is not None and self.code in ENDPOINTS[endpoint].meanings:
            self.outcome, self.advice = what_happened(self.code, self.http_status, endpoint)

    def __str__(self) -> str:
        known = {"code": self.code, "HTTP": self.http_status, "log_id": self.log_id or None}
        details = ", ".join(f"{name} {value}" for name, value in known.items() if value is not None)
        return f"{self.outcome.value}: {self.message}" + (f" ({details})" if details else "")

    @property
    def may_have_landed(self) -> bool:
        """Whether Feishu may have done it all the same. The catch-all says neither yes nor no."""
        return self.outcome is Outcome.UNKNOWN or self.code in CATCH_ALL_CODES

    @property
    def is_rate_limit(self) -> bool:
        return _is_rate_limit(self.code, self.http_status)

    @property
    def explanation(self) -> str:
        """For staff, in the reader's language: what happened, what it means, what to do."""
        return explain(self.outcome, self.code, self.message, self.endpoint)


def what_happened(code: int, http_status: int | None, endpoint: str = "") -> tuple[Outcome, Advice]:
    """What an answer with this code (not 0) says of the call, and what helps (contract 8.2 to 8.4).

    What broke inside Feishu may have broken after the work was done. But a refusal that the interface
    documents is one, even if it comes with HTTP 500 (1002863).
    """
    if _is_rate_limit(code, http_status):
        return Outcome.REFUSED, Advice.RETRY_LATER
    advice = _advice(code, http_status, endpoint)
    documented = endpoint in ENDPOINTS and code in ENDPOINTS[endpoint].meanings
    if documented and advice is not Advice.RETRY_LATER:
        return Outcome.REFUSED, advice
    broke = _is_server_error(http_status) or code in INTERNAL_CODES
    return Outcome.UNKNOWN if broke else Outcome.REFUSED, advice


def _is_rate_limit(code: int | None, http_status: int | None) -> bool:
    return code == RATE_LIMIT_CODE or http_status == TOO_MANY_REQUESTS


def _is_server_error(http_status: int | None) -> bool:
    return http_status is not None and http_status >= SERVER_ERROR


def explain(outcome: Outcome, code: int | None, message: str, endpoint: str = "") -> str:
    """The same for a failure of which only the row is left."""
    if code is None:
        return str(_WITHOUT_CODE[outcome])
    meaning = _meaning(code, endpoint)
    return str(meaning[1]) if meaning else str(_UNKNOWN_CODE) % {"code": code, "message": message}


def _meaning(code: int | None, endpoint: str) -> Meaning | None:
    """What the code means at this interface; what it means in general, if it is nothing particular there."""
    if code is None:
        return None
    here = ENDPOINTS[endpoint].meanings if endpoint in ENDPOINTS else {}
    return here.get(code) or CODES.get(code)


def _advice(code: int | None, http_status: int | None, endpoint: str) -> Advice:
    meaning = _meaning(code, endpoint)
    if meaning:
        return meaning[0]
    if code is None or _is_server_error(http_status):
        return Advice.RETRY_LATER
    return Advice.ASK_PERSON
