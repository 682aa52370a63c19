"""Signature and encryption of what Feishu posts (contract 6.4 and 6.5)."""

import base64
import hashlib
import os
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hireops.feishu.strict_json import UnreadableTextError, gettext_noop

BLOCK = 16


def sign(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """The value of ``X-Lark-Signature``: lowercase hex, over the raw body (contract 6.5)."""
    secret = (timestamp + nonce + encrypt_key).encode(errors="surrogatepass")
    return hashlib.sha256(secret + body).hexdigest()


def encrypt(plaintext: bytes, encrypt_key: str) -> str:
    """What Feishu puts under ``encrypt``: base64 of a random IV and the AES-256-CBC ciphertext."""
    iv = os.urandom(BLOCK)
    padding = BLOCK - len(plaintext) % BLOCK
    encryptor = Cipher(_aes(encrypt_key), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(plaintext + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(iv + ciphertext).decode()


def decrypt(sealed: str, encrypt_key: str) -> bytes:
    """The plaintext; ``UnreadableTextError`` unless base64, length and padding are exactly right."""
    try:
        buffer = base64.b64decode(sealed, validate=True)
    except ValueError as error:
        raise UnreadableTextError(gettext_noop("The encrypted text is not base64.")) from error
    if len(buffer) < 2 * BLOCK or len(buffer) % BLOCK:
        raise UnreadableTextError(gettext_noop("The encrypted text has a length that no ciphertext has."))
    decryptor = Cipher(_aes(encrypt_key), modes.CBC(buffer[:BLOCK])).decryptor()
    padded = decryptor.update(buffer[BLOCK:]) + decryptor.finalize()
    padding = padded[-1]
    if not (1 <= padding <= BLOCK and padded.endswith(bytes([padding]) * padding)):
        raise UnreadableTextError(
            gettext_noop("The encrypted text does not decrypt with the Encrypt Key (wrong padding).")
        )
    return padded[:-padding]


@lru_cache(maxsize=4)
def _aes(encrypt_key: str) -> algorithms.AES:
    return algorithms.AES(hashlib.sha256(encrypt_key.encode()).digest())
