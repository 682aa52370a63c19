"""Encryption at rest: what is stored in the database is of no use without ``SECRET_KEY``.

The newest key encrypts; it and ``SECRET_KEY_FALLBACKS`` decrypt (docs/decisions/0024). HKDF derives a key for
text (Fernet) and one for bytes (AES-GCM), so nobody who learns one of these learns ``SECRET_KEY``.
``hireops.encrypted_columns`` has the fields for it, and what ``manage.py reencrypt`` does.
"""

import base64
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_MARK = b"\xf5"  # begins what is encrypted, and no text in UTF-8
KEY_ID_BYTES = 4
NONCE_BYTES = 12
CONTENT_FROM = KEY_ID_BYTES + NONCE_BYTES
STORED = "hireops.feishu.sealing"  # the purpose of all text in the database; the name is an old one
BEGINS_ENCRYPTED = "gAAAA"  # Fernet's version, and years in seconds that will not end soon


# --- Text --------------------------------------------------------------------------------------------------


def encrypt(text: str, *, purpose: str = STORED) -> str:
    """``text`` under the newest key, in letters that go into any column, JSON or URL.

    What is given to a browser, and comes back from it, has a ``purpose`` of its own.
    """
    return _texts(purpose).encrypt(text.encode()).decode()


def decrypt(encrypted: str, *, purpose: str = STORED) -> str | None:
    """The text; None if there is none, if it was encrypted for another purpose, or if its key is gone."""
    try:
        return _texts(purpose).decrypt(encrypted).decode() if encrypted else None
    except InvalidToken:
        return None


def reencrypted(encrypted: str) -> str | None:
    """The same text under the newest key; None if it is there already.

    Raises ``KeyGoneError`` if no key opens it.
    """
    if not encrypted or _opens(_fernet(settings.SECRET_KEY, STORED), encrypted.encode()):
        return None
    text = decrypt(encrypted)
    if text is None:
        raise KeyGoneError
    return encrypt(text)


# --- Bytes -------------------------------------------------------------------------------------------------


def encrypt_bytes(content: bytes) -> bytes:
    """``content`` under the newest key, which its first four bytes name. What is empty stays empty."""
    if not content:
        return b""
    keys, nonce = _keys(), os.urandom(NONCE_BYTES)
    return keys.newest_id + nonce + keys.by_id[keys.newest_id].encrypt(nonce, content, None)


def decrypt_bytes(encrypted: bytes | memoryview) -> bytes | None:
    """The content; None if the key that it was encrypted with is gone, or if it never was encrypted."""
    if not encrypted:
        return b""
    encrypted = bytes(encrypted)  # drivers give memory views
    key = _keys().by_id.get(encrypted[:KEY_ID_BYTES])
    nonce, sealed = encrypted[KEY_ID_BYTES:CONTENT_FROM], encrypted[CONTENT_FROM:]
    try:
        return key.decrypt(nonce, sealed, None) if key else None
    except (InvalidTag, ValueError):  # ValueError: too short to be one
        return None


def reencrypted_bytes(encrypted: bytes | memoryview) -> bytes | None:
    """The same content under the newest key, and as long; None if it is there already.

    Raises ``KeyGoneError`` if no key opens it.
    """
    if not encrypted or bytes(encrypted[:KEY_ID_BYTES]) == newest_key_id():
        return None
    content = decrypt_bytes(encrypted)
    if content is None:
        raise KeyGoneError
    return encrypt_bytes(content)


def newest_key_id() -> bytes:
    """What begins everything that ``encrypt_bytes`` gives today."""
    return _keys().newest_id


# --- Keys --------------------------------------------------------------------------------------------------


class KeyGoneError(Exception):
    """Neither ``SECRET_KEY`` nor one of ``SECRET_KEY_FALLBACKS`` opens it."""


@dataclass(frozen=True)
class _Keys:
    newest_id: bytes
    by_id: dict[bytes, AESGCM]


def _keys() -> _Keys:
    return _keys_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=2)
def _keys_of(*secret_keys: str) -> _Keys:
    of_bytes = [(_key_id(each), AESGCM(_derived(each, b"hireops.encryption bytes"))) for each in secret_keys]
    # The newest last: it wins, should two ids ever be the same.
    by_id = dict(reversed(of_bytes))
    return _Keys(newest_id=of_bytes[0][0], by_id=by_id)


def _texts(purpose: str) -> MultiFernet:
    return MultiFernet(
        [_fernet(each, purpose) for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


@lru_cache(maxsize=16)
def _fernet(secret_key: str, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(secret_key, purpose.encode())))


def _key_id(secret_key: str) -> bytes:
    return (KEY_MARK + _derived(secret_key, b"hireops.encryption key id"))[:KEY_ID_BYTES]


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())


def _opens(key: Fernet, encrypted: bytes) -> bool:
    try:
        key.decrypt(encrypted)
    except InvalidToken:
        return False
    return True
