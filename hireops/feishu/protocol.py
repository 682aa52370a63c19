"""Feishu's manner of answering: one envelope, in which ``code`` alone decides (contract 8.2)."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from math import isfinite
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection

from hireops import tracing
from hireops.contacts import without_contacts
from hireops.feishu import sentences
from hireops.feishu.errors import TOO_MANY_REQUESTS, Advice, FeishuError, Outcome, what_happened
from hireops.feishu.strict_json import ShallowDecoder, refuse_constant, utf8
from hireops.feishu.transport import HttpAnswer, exchange

logger = logging.getLogger(__name__)

BIGGEST_CODE = 2**63  # what a column holds
REDIRECTS = range(300, 400)
RETRY_AFTER_S = (1.0, 3600.0)
CEILING_MAX_DIGITS = 9
MESSAGE_MAX_CHARS = 500
# A clock that differs from ours by more is no clock at all.
CLOCKS_MAY_DIFFER = timedelta(days=1)
LOG_ID_MAX_CHARS = 100

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TOKEN_LIKE = re.compile(r"\b[aturc]-[\w.-]{8,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with ``code`` 0. ``content`` is the whole envelope: token answers have no ``data``.

    ``feishu_at`` is when it left, by Feishu's clock and to the second; None if it does not say so.
    """

    content: dict[str, Any]
    log_id: str
    http_status: int
    duration_ms: int
    feishu_at: datetime | None


def ask(
    method: str,
    path: str,
    *,
    token: str = "",
    query: Mapping[str, Any] | None = None,
    body: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    within_s: float | None = None,
) -> Reply:
    """Send one request and understand its answer; ``FeishuError`` unless Feishu says that it succeeded.

    Numbers with a fraction come as ``Decimal``. ``within_s`` is how long the answer may take, if not
    ``FEISHU_READ_TIMEOUT``. Raises ``RuntimeError`` inside a transaction: the database
    must never wait for Feishu.
    """
    if connection.in_atomic_block:
        raise RuntimeError(f"{method} {path} was called inside a database transaction")
    raw = None if body is None else json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    started = monotonic()
    code: str | int = "-"
    log_id = ""
    try:
        answer = exchange(
            method, path, token=token, query=query, body=raw, headers=headers, within_s=within_s
        )
        log_id = _log_id(answer, {})
        content = _understood(answer)
        code, log_id = content["code"], _log_id(answer, content)
        if code != 0:
            raise _refused(answer, content)
        return Reply(content, log_id, answer.status, _ms_since(started), _feishu_at(answer))
    finally:
        tracing.note({tracing.FEISHU_CODE: code, tracing.FEISHU_LOG_ID: log_id})
        logger.info("%s %s code=%s log_id=%s %d ms", method, path, code, log_id or "-", _ms_since(started))


def _ms_since(started: float) -> int:
    return round((monotonic() - started) * 1000)


def _understood(answer: HttpAnswer) -> dict[str, Any]:
    """The envelope; ``FeishuError`` for an answer in which Feishu's own application does not speak."""
    content: Any = None
    if answer.status not in REDIRECTS:
        try:
            content = json.loads(
                utf8(answer.body), cls=ShallowDecoder, parse_float=Decimal, parse_constant=refuse_constant
            )
        except (ValueError, ArithmeticError):
            content = None
    if isinstance(content, dict) and type(content.get("code")) is int and abs(content["code"]) < BIGGEST_CODE:
        return content
    outcome = Outcome.REFUSED if answer.status == TOO_MANY_REQUESTS else Outcome.UNKNOWN
    kind = clean(answer.headers.get("Content-Type", "no content type"))[:50]
    raise FeishuError(
        outcome,
        sentences.NOT_FEISHUS % {"status": answer.status, "kind": answer.problem or kind},
        log_id=_log_id(answer, {}),
        http_status=answer.status,
        retry_after_s=_retry_after_s(answer) if outcome is Outcome.REFUSED else None,
        advice=Advice.RETRY_LATER,
        feishu_at=_feishu_at(answer),
    )


def _refused(answer: HttpAnswer, content: dict[str, Any]) -> FeishuError:
    outcome, advice = what_happened(content["code"], answer.status)
    error = FeishuError(
        outcome,
        _message(content),
        code=content["code"],
        log_id=_log_id(answer, content),
        http_status=answer.status,
        advice=advice,
        feishu_at=_feishu_at(answer),
    )
    if error.is_rate_limit:
        error.retry_after_s, error.ceiling = _retry_after_s(answer), _ceiling(answer)
    return error


def _message(content: dict[str, Any]) -> str:
    """Feishu's ``msg`` and what it says of fields and permissions, without the values that were sent.

    It is read, stored and logged in many places, so whose number or address it quotes is hidden here.
    """
    error = content.get("error")
    details = error if isinstance(error, dict) else {}
    named = [
        clean(entry.get(name))
        for violations, name in (("field_violations", "field"), ("permission_violations", "scope"))
        for entry in _objects(details.get(violations))
    ]
    said = (content.get("msg"), details.get("message"), content.get("error_description"))
    message = without_contacts(next(filter(None, map(clean, said)), "no message"))
    return f"{message} [{', '.join(filter(None, named))}]"[:MESSAGE_MAX_CHARS] if any(named) else message


def _objects(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def clean(text: object) -> str:
    """One line that may be logged and stored: no control characters, no secret that Feishu echoes."""
    if not isinstance(text, str):
        return ""
    line = _UNPRINTABLE.sub(" ", text).strip()
    if settings.FEISHU_APP_SECRET:
        line = line.replace(settings.FEISHU_APP_SECRET, "***")
    return _TOKEN_LIKE.sub("***", line)[:MESSAGE_MAX_CHARS]


def _log_id(answer: HttpAnswer, content: dict[str, Any]) -> str:
    error = content.get("error")
    details = error if isinstance(error, dict) else {}
    named = (answer.headers.get("X-Tt-Logid"), details.get("logid"), details.get("log_id"))
    return next((clean(log_id)[:LOG_ID_MAX_CHARS] for log_id in named if clean(log_id)), "")


def _feishu_at(answer: HttpAnswer) -> datetime | None:
    """The ``Date`` that every server with a clock writes (RFC 9110, 6.6.1)."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    differs_by = abs(moment - datetime.now(UTC))
    return moment.astimezone(UTC) if differs_by <= CLOCKS_MAY_DIFFER else None


def _retry_after_s(answer: HttpAnswer) -> float | None:
    """How long Feishu wants us to wait (contract 8.3); None if it does not say so in figures."""
    try:
        seconds = float(answer.headers.get("x-ogw-ratelimit-reset", ""))
    except ValueError:
        return None
    shortest, longest = RETRY_AFTER_S
    return min(max(seconds, shortest), longest) if isfinite(seconds) else None


def _ceiling(answer: HttpAnswer) -> int | None:
    """How many calls the window that is full allows (contract 8.3); None if Feishu does not say so."""
    limit = answer.headers.get("x-ogw-ratelimit-limit", "")
    return int(limit) if limit.isascii() and limit.isdecimal() and len(limit) <= CEILING_MAX_DIGITS else None
