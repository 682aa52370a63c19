"""Answers in the envelope of contract 8.2, and the refusals that become one."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

TOO_MANY_CALLS = 99991400
SYSTEM_ERROR = 1002001


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """``body`` is JSON, or text that is sent as HTML."""

    http_status: int
    body: Json | str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """Raised by whoever refuses a call; nothing has been changed by then."""

    http_status: int
    code: int
    msg: str
    error: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self, log_id: str) -> ApiAnswer:
        body: Json = {"code": self.code, "msg": self.msg}
        if self.error is not None:
            body["error"] = {"logid": log_id, **self.error}
        return ApiAnswer(self.http_status, body, self.headers)


class OAuthRefusal(Refusal):
    """As RFC 6749 has it: ``error`` and ``error_description`` beside ``code``, and no ``msg``."""

    def answer(self, log_id: str) -> ApiAnswer:
        error = "server_error" if self.http_status >= 500 else "invalid_grant"  # noqa: PLR2004
        return ApiAnswer(self.http_status, {"code": self.code, "error": error, "error_description": self.msg})


def refused_operation(why: str) -> Refusal:
    """The catch-all of sections 3 and 4 for a well-formed call that may not be done: HTTP 500, 1002001."""
    return Refusal(500, SYSTEM_ERROR, f"system error: {why}")


def too_many_calls(http_status: int, *, limit: int, reset_seconds: int) -> Refusal:
    headers = {"x-ogw-ratelimit-limit": str(limit), "x-ogw-ratelimit-reset": str(reset_seconds)}
    return Refusal(http_status, TOO_MANY_CALLS, "request trigger frequency limit", headers=headers)


def token_not_valid() -> Refusal:
    msg = "Invalid access token for authorization. Please make a request with token attached"
    return Refusal(400, 99991663, msg)


def user_token_not_valid() -> Refusal:
    return Refusal(400, 99991668, "Invalid access token for authorization. A user_access_token is needed")


def new_log_id() -> str:
    """32 characters as in ``X-Tt-Logid``: the time to the second, then 18 random hexadecimal digits."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S}{secrets.token_hex(9).upper()}"
