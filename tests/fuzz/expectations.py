"""What has to become of a delivery, by the contract and docs/architecture.md, told from its bytes alone.

Where the documents leave a choice (how to answer what is both another app's and unreadable) all that they
allow is right. They leave none on these: nothing is stored that no current key has signed, and what one
has signed, for us, in UTF-8 and with a timestamp and a nonce, is stored and answered 200, readable or not.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.fuzz.cases import MAX_BYTES, NONCE, SIGNATURE, TIMESTAMP, Delivery
from tests.fuzz.keys import APP_ID, CURRENT_KEYS, TOKEN, opened, signature

UNSIGNED_MAX_BYTES = 16 * 1024
TIMESTAMPS = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,10})?")
NONCES = re.compile(r"[!-~]{1,128}")
ID_MAX_CHARS = 255
DEEP = (
    60  # deeper than what Feishu sends; from here on it may be called unreadable, long before a parser ends
)

# What one parser takes and another does not, or no database can hold: in texts, and outside of them.
DOUBTFUL_TEXT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|\x00|NaN|Infinity")
DOUBTFUL_NUMBER = re.compile(r"[0-9]{19}|[0-9][eE]|[0-9]\.[0-9]{17}")
STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


class Keeps(Enum):
    NOT = "is not stored"
    MUST = "is stored"
    MAY = "may be stored"


@dataclass(frozen=True, slots=True)
class Identity:
    """What is told in the columns of the row of a readable event."""

    event_id: str
    event_type: str
    tenant_key: str
    is_certain: bool  # nobody could call it unreadable


@dataclass(frozen=True, slots=True)
class Expected:
    statuses: frozenset[int]
    keeps: Keeps = Keeps.NOT
    challenge: str | None = None
    identity: Identity | None = None
    content: bytes = b""


def _answer(*statuses: int, keeps: Keeps = Keeps.NOT, **more: Any) -> Expected:
    return Expected(frozenset(statuses), keeps, **more)


REFUSED = _answer(401)
KEPT_UNREADABLE = _answer(200, keeps=Keeps.MUST)


def expected(delivery: Delivery) -> Expected:
    if delivery.method.upper() != "POST":
        return _answer(405)
    if "HTTP_TRANSFER_ENCODING" in delivery.headers or not _is_plain(delivery.content_length):
        return _expected_with_odd_length(delivery)
    length = int(delivery.content_length or 0)
    if length > MAX_BYTES:
        return _answer(413)
    if delivery.stream_breaks and length:
        return _answer(408)
    judged = judge(delivery.body[:length], delivery.headers)
    if length > len(delivery.body) and judged.keeps is Keeps.MUST:
        return _any(judged)
    return judged


def _is_plain(length: str | None) -> bool:
    return not length or (length.isascii() and length.isdigit() and len(length) < 40)


def _expected_with_odd_length(delivery: Delivery) -> Expected:
    headers = delivery.headers
    coding = headers.get("HTTP_TRANSFER_ENCODING", "")
    if coding.lower() == "chunked" and not delivery.content_length:
        if delivery.stream_breaks:
            return _answer(408)
        return _answer(413) if len(delivery.body) > MAX_BYTES else judge(delivery.body, headers)
    # No web server hands this on; whatever is read of it, only what is signed may be stored.
    return _any(judge(delivery.body, headers))


def _any(judged: Expected) -> Expected:
    """Refusing is right as well."""
    keeps = Keeps.NOT if judged.keeps is Keeps.NOT else Keeps.MAY
    statuses = judged.statuses | {400, 401, 408, 411, 413}
    return Expected(statuses, keeps, None, judged.identity, judged.content)


def judge(body: bytes, headers: dict[str, str]) -> Expected:
    """By what was read of the body."""
    given, timestamp, nonce = (headers.get(name) for name in (SIGNATURE, TIMESTAMP, NONCE))
    if given is None:
        return _judge_unsigned(body)
    for key in CURRENT_KEYS:
        if given == signature(timestamp or "", nonce or "", key, body):
            if not (TIMESTAMPS.fullmatch(timestamp or "") and NONCES.fullmatch(nonce or "")):
                return REFUSED
            # A signature can be continued, but only with bytes that are no UTF-8.
            return _judge_signed(body, key) if _is_utf8(body) else REFUSED
    return REFUSED


def _judge_unsigned(body: bytes) -> Expected:
    """Nobody has signed a URL verification, but only who knows a key can have encrypted it."""
    for key in CURRENT_KEYS:
        text = _text(body, key)
        envelope = None if text is None else _parsed(text)
        if text is not None and isinstance(envelope, dict) and _is_url_verification(envelope):
            judged = _judge_url_verification(envelope, text)
            return judged if len(body) <= UNSIGNED_MAX_BYTES else _answer(401, *judged.statuses)
    return REFUSED


def _judge_signed(body: bytes, key: str) -> Expected:
    text = _text(body, key)
    if text is None:
        return KEPT_UNREADABLE
    envelope = _parsed(text)
    if not isinstance(envelope, dict):
        return KEPT_UNREADABLE
    if _is_url_verification(envelope):
        return _judge_url_verification(envelope, text)
    is_doubtful = _is_doubtful(text)
    token = _bearer(envelope).get("token")
    if not isinstance(token, str) and not is_doubtful:
        return KEPT_UNREADABLE
    if token != TOKEN:
        return _answer(200, 401, 403, keeps=Keeps.MAY) if is_doubtful else REFUSED
    return _judge_event(envelope, text, is_doubtful=is_doubtful)


def _judge_event(envelope: dict[str, Any], text: str, *, is_doubtful: bool) -> Expected:
    event, header = envelope.get("event"), envelope.get("header")
    if not isinstance(event, dict) or ("schema" in envelope and not isinstance(header, dict)):
        return KEPT_UNREADABLE
    if "schema" in envelope and isinstance(header, dict):
        owner, event_id, event_type = header, header.get("event_id"), header.get("event_type")
    elif "uuid" in envelope:
        owner, event_id, event_type = event, envelope["uuid"], event.get("type")
    else:
        return KEPT_UNREADABLE
    app_id, tenant_key = owner.get("app_id"), owner.get("tenant_key", "")
    ids_are_good = _is_id(event_id) and _is_id(event_type) and (tenant_key == "" or _is_id(tenant_key))
    if _is_id(app_id) and app_id != APP_ID:
        certain = ids_are_good and not is_doubtful
        return _answer(403) if certain else _answer(200, 403, keeps=Keeps.MAY)
    if app_id != APP_ID or not ids_are_good:
        return KEPT_UNREADABLE
    identity = Identity(str(event_id), str(event_type), str(tenant_key), not is_doubtful)
    return _answer(200, keeps=Keeps.MUST, identity=identity, content=text.encode())


def _judge_url_verification(envelope: dict[str, Any], text: str) -> Expected:
    token, challenge = envelope.get("token"), envelope.get("challenge")
    if token != TOKEN:
        return REFUSED
    if not isinstance(challenge, str):
        return _answer(400)
    return _answer(200, *((400,) if _is_doubtful(text) else ()), challenge=challenge)


# --- Reading ------------------------------------------------------------------------------------------------


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(body: bytes, key: str) -> str | None:
    """What is sealed in the body; None if it cannot be opened with this key."""
    try:
        outer = _parsed(body.decode())
        sealed = outer.get("encrypt") if isinstance(outer, dict) else None
        plaintext = opened(sealed, key) if isinstance(sealed, str) else None
        return None if plaintext is None else plaintext.decode()
    except UnicodeDecodeError:
        return None


def _parsed(text: str) -> Any:
    """The JSON in the text, its numbers as texts; None if it is none."""
    try:
        return _decoder.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return None


def _number(digits: str) -> tuple[str]:
    """Not a text: an id or a token that is a number is none."""
    return (digits,)


_decoder = json.JSONDecoder(parse_int=_number, parse_float=_number, parse_constant=_number)


def _is_url_verification(envelope: dict[str, Any]) -> bool:
    return "schema" not in envelope and envelope.get("type") == "url_verification"


def _bearer(envelope: dict[str, Any]) -> dict[str, Any]:
    bearer = envelope.get("header") if "schema" in envelope else envelope
    return bearer if isinstance(bearer, dict) else {}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= ID_MAX_CHARS


def _is_doubtful(text: str) -> bool:
    return (
        DOUBTFUL_TEXT.search(text) is not None
        or DOUBTFUL_NUMBER.search(STRING.sub("", text)) is not None
        or text.count("[") + text.count("{") > DEEP
    )
