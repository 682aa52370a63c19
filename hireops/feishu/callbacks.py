"""What Feishu posts to us: is it authentic, and what does it say (contract section 6). No database."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hireops.feishu.crypto import decrypt, encrypt, sign
from hireops.feishu.strict_json import UnreadableTextError, blanked, gettext_noop, parse, utf8

__all__ = [
    "CallbackEvent",
    "CallbackKeys",
    "Challenge",
    "NotAuthenticError",
    "Unreadable",
    "decrypt",
    "encrypt",
    "open_callback",
    "open_pushed",
    "sign",
]

SIGNATURE, TIMESTAMP, NONCE = "X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce"
SIGNATURE_HEADERS = (SIGNATURE, TIMESTAMP, NONCE)
# Timestamp, nonce, key and body are hashed without a separator (contract 6.5), so the first two must look as
# Feishu sends them, whatever the signature says: a number (its unit is not documented), and visible ASCII.
TIMESTAMP_FORM = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,10})?")
NONCE_FORM = re.compile(r"[!-~]{1,128}")
ID_MAX_CHARS = 255
# Feishu's names for what an event is about; the first that is there counts (contract 2.7, 3.1 and 4).
SUBJECT_KEYS = ("account_id", "background_check_id", "exam_id")
# Nobody has signed a URL verification, so no more than it needs is decrypted for a stranger.
UNSIGNED_MAX_BYTES = 16 * 1024

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = {10: 1_000_000, 13: 1_000, 16: 1}  # by number of digits: seconds, ms, µs
SECONDS_DIGITS = 10


@dataclass(frozen=True, slots=True)
class CallbackKeys:
    """One app's id and secrets. No encrypt key: events come in clear; two keys or two tokens: a rotation is
    under way.
    """

    app_id: str
    encrypt_keys: tuple[str, ...]
    verification_tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        # With an empty key or token anybody could sign.
        if not (self.app_id and self.verification_tokens and all(self.verification_tokens)):
            raise ValueError("app_id and each verification token must not be empty")
        if not all(self.encrypt_keys):
            raise ValueError("no encrypt key may be empty")


class NotAuthenticError(Exception):
    """This was not sent by Feishu to this app: answer ``status`` (400, 401 or 403) and store nothing."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Challenge:
    """A URL verification: answer ``{"challenge": challenge}`` within 1 s (contract 6.2)."""

    challenge: str


@dataclass(frozen=True, slots=True)
class CallbackEvent:
    """An authentic event, of envelope 2.0 or 1.0 (contract 6.3).

    ``payload_json`` is the whole envelope as it came, numbers digit by digit, with the Verification Token
    blanked; PostgreSQL's jsonb and SQLite accept it. ``digest`` is the same for each delivery of one event
    and differs as soon as anything but the encryption or the token does.
    """

    event_id: str
    event_type: str
    tenant_key: str  # "" where Feishu sends none (app_ticket)
    subject: str | None  # the id of what it is about, mostly an account
    app_id: str
    created_at: datetime | None  # None if Feishu's time cannot be read
    payload_json: str
    digest: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Authentic, but not to be understood: keep the bytes and answer 200. ``reason`` is a msgid."""

    reason: str


def open_callback(
    body: bytes, headers: Mapping[str, str], keys: CallbackKeys
) -> Challenge | CallbackEvent | Unreadable:
    """What an HTTP body says, once it is proved to come from Feishu; raises ``NotAuthenticError`` otherwise.

    ``body`` is raw, as it came over the wire; header names may be written in any case. A request is never
    refused by its age: Feishu may deliver again after 6 h (contract 6.5).
    """
    if not keys.encrypt_keys:
        return _open_plain(body, keys)
    signature = _header(headers, SIGNATURE)
    if signature is None:
        return _open_unsigned(body, keys)
    timestamp = _header(headers, TIMESTAMP) or ""
    nonce = _header(headers, NONCE) or ""
    if not (TIMESTAMP_FORM.fullmatch(timestamp) and NONCE_FORM.fullmatch(nonce)):
        raise NotAuthenticError(401, "no timestamp or nonce as Feishu sends them")
    for encrypt_key in keys.encrypt_keys:
        if _equal(signature, sign(timestamp, nonce, encrypt_key, body)):
            return _open_signed(body, encrypt_key, keys)
    raise NotAuthenticError(401, "wrong signature")


def open_pushed(text: bytes, keys: CallbackKeys) -> CallbackEvent | Unreadable:
    """What the long connection says; raises ``NotAuthenticError`` for another app's event or a wrong token.

    The connection is authentic by itself, so nothing is signed or encrypted, and a token need not be there
    (contract 7.1).
    """
    try:
        envelope, flaw = parse(readable := utf8(text))
        if _token(envelope) is not None:
            _require_token(envelope, keys)
        return Unreadable(flaw) if flaw else _event(envelope, readable, keys)
    except UnreadableTextError as unreadable:
        return Unreadable(str(unreadable))


# --- Three ways in: signed, in clear, and a URL verification without signature ---------------------------


def _open_signed(body: bytes, encrypt_key: str, keys: CallbackKeys) -> Challenge | CallbackEvent | Unreadable:
    """Who has seen a signature can continue it over a longer body: it is a plain hash (contract 6.5).

    He has to continue with SHA-256's padding, whose first byte, 0x80, can't follow a whole text in UTF-8.
    """
    try:
        outer = utf8(body)
    except UnreadableTextError as unreadable:
        raise NotAuthenticError(401, "signed, but not UTF-8: a signature continued") from unreadable
    try:
        text = _decrypted_text(outer, encrypt_key)
        envelope, flaw = parse(text)
    except UnreadableTextError as unreadable:
        return Unreadable(str(unreadable))
    if _is_url_verification(envelope):
        return _challenge(envelope, flaw, keys)
    if not isinstance(_token(envelope), str):
        return Unreadable(gettext_noop("The header is missing, or has no token that is a text."))
    return _event_or_unreadable(envelope, flaw, text, keys)


def _open_plain(body: bytes, keys: CallbackKeys) -> Challenge | CallbackEvent | Unreadable:
    """Without an Encrypt Key the token is the only proof: what does not show it is a stranger's."""
    try:
        text = utf8(body)
        envelope, flaw = parse(text)
    except UnreadableTextError as unreadable:
        raise NotAuthenticError(400, "not a JSON object") from unreadable
    if _is_url_verification(envelope):
        return _challenge(envelope, flaw, keys)
    return _event_or_unreadable(envelope, flaw, text, keys)


def _open_unsigned(body: bytes, keys: CallbackKeys) -> Challenge:
    """Every failure gives the same answer, so that nobody can use it to learn about a ciphertext."""
    if len(body) <= UNSIGNED_MAX_BYTES:
        for encrypt_key in keys.encrypt_keys:
            try:
                envelope, flaw = parse(_decrypted_text(utf8(body), encrypt_key))
            except UnreadableTextError:
                continue
            if _is_url_verification(envelope):
                return _challenge(envelope, flaw, keys)
    raise NotAuthenticError(401, "no signature")


# --- The envelopes ---------------------------------------------------------------------------------------


def _is_url_verification(envelope: dict[str, Any]) -> bool:
    return "schema" not in envelope and envelope.get("type") == "url_verification"


def _challenge(envelope: dict[str, Any], flaw: str, keys: CallbackKeys) -> Challenge:
    _require_token(envelope, keys)
    challenge = envelope.get("challenge")
    if flaw or not isinstance(challenge, str):
        raise NotAuthenticError(400, "URL verification without a readable challenge")
    return Challenge(challenge)


def _event_or_unreadable(
    envelope: dict[str, Any], flaw: str, text: str, keys: CallbackKeys
) -> CallbackEvent | Unreadable:
    _require_token(envelope, keys)
    try:
        return Unreadable(flaw) if flaw else _event(envelope, text, keys)
    except UnreadableTextError as unreadable:
        return Unreadable(str(unreadable))


def _event(envelope: dict[str, Any], text: str, keys: CallbackKeys) -> CallbackEvent:
    event = envelope.get("event")
    if not isinstance(event, dict):
        raise UnreadableTextError(gettext_noop("The field event is missing or not an object."))
    if "schema" in envelope:
        header = envelope.get("header")
        if not isinstance(header, dict):
            raise UnreadableTextError(gettext_noop("The field header is missing or not an object."))
        identity = header.get("event_id"), header.get("event_type"), header
        created_at = _created_at(header.get("create_time"))
    elif "uuid" in envelope:
        identity = envelope["uuid"], event.get("type"), event
        created_at = _created_at_seconds(envelope.get("ts"))
    else:
        raise UnreadableTextError(gettext_noop("Neither schema nor uuid: this is no known envelope."))
    event_id, event_type, owner = identity
    app_id = _id(owner.get("app_id"))
    if app_id != keys.app_id:
        raise NotAuthenticError(403, "another app's app_id")
    payload_json = blanked(text, *keys.verification_tokens)
    return CallbackEvent(
        event_id=_id(event_id),
        event_type=_id(event_type),
        tenant_key=_id(owner["tenant_key"]) if owner.get("tenant_key", "") != "" else "",
        subject=_subject(event),
        app_id=app_id,
        created_at=created_at,
        payload_json=payload_json,
        digest=hashlib.sha256(payload_json.encode()).hexdigest(),
    )


def _id(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= ID_MAX_CHARS:
        return value
    raise UnreadableTextError(
        gettext_noop("An id (event, type, app or tenant) is missing, not a text, or longer than 255.")
    )


def _subject(event: dict[str, Any]) -> str | None:
    ids = (event.get(key) for key in SUBJECT_KEYS)
    return next((text[:ID_MAX_CHARS] for text in ids if isinstance(text, str) and text), None)


def _created_at(value: object) -> datetime | None:
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in MICROSECONDS):
        return None
    return EPOCH + timedelta(microseconds=int(value) * MICROSECONDS[len(value)])


def _created_at_seconds(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    seconds, _dot, fraction = value.partition(".")
    return _created_at(seconds + fraction[:6].ljust(6, "0")) if len(seconds) == SECONDS_DIGITS else None


# --- Token and signature ---------------------------------------------------------------------------------


def _header(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(name)
    if value is not None:
        return value
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), None)


def _equal(given: str, expected: str) -> bool:
    """Constant-time; on bytes, because ``compare_digest`` refuses text that is not ASCII."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())


def _token(envelope: dict[str, Any]) -> object:
    bearer = envelope.get("header") if "schema" in envelope else envelope
    return bearer.get("token") if isinstance(bearer, dict) else None


def _require_token(envelope: dict[str, Any], keys: CallbackKeys) -> None:
    token = _token(envelope)
    if not (isinstance(token, str) and any(_equal(token, each) for each in keys.verification_tokens)):
        raise NotAuthenticError(401, "wrong token")


def _decrypted_text(body: str, encrypt_key: str) -> str:
    sealed = parse(body)[0].get("encrypt")
    if not isinstance(sealed, str):
        raise UnreadableTextError(gettext_noop("The body is not an object with the text encrypt."))
    return utf8(decrypt(sealed, encrypt_key))
