"""Secrets at rest: what is stored in the database is of no use without ``SECRET_KEY``."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(secret: str) -> str:
    """``secret`` encrypted with today's ``SECRET_KEY``."""
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """The secret; None if there is none, or if the keys it was sealed with are gone."""
    try:
        return _box().decrypt(sealed).decode() if sealed else None
    except InvalidToken:
        return None


def _box() -> MultiFernet:
    return _box_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=2)
def _box_of(*secret_keys: str) -> MultiFernet:
    def derived(secret_key: str) -> Fernet:
        key = HKDF(SHA256(), length=32, salt=None, info=b"hireops.feishu.sealing").derive(secret_key.encode())
        return Fernet(base64.urlsafe_b64encode(key))

    return MultiFernet([derived(secret_key) for secret_key in secret_keys])
