"""The app that is fuzzed, and Feishu's side of its secrets, written from the contract (6.4 and 6.5).

Nothing here uses the product: what counts as rightly signed must not depend on the code that is judged.
"""

import base64
import binascii
import hashlib
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

APP_ID = "cli_fuzz0000000001"
OTHER_APP_ID = "cli_fuzz0000000002"
TOKEN = "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV"
KEY = "the-encrypt-key-of-today"
PREVIOUS_KEY = "the-encrypt-key-of-yesterday"
CURRENT_KEYS = (KEY, PREVIOUS_KEY)  # a rotation is under way
FOREIGN_KEYS = ("a-key-of-long-ago", "", TOKEN, APP_ID)

ENVIRONMENT = {
    "FEISHU_APP_ID": APP_ID,
    "FEISHU_APP_SECRET": "never-used-here",
    "FEISHU_BASE_URL": "http://127.0.0.1:1",
    "FEISHU_ENCRYPT_KEY": KEY,
    "FEISHU_ENCRYPT_KEY_PREVIOUS": PREVIOUS_KEY,
    "FEISHU_VERIFICATION_TOKEN": TOKEN,
}

BLOCK = 16


@cache
def _aes(key: str) -> algorithms.AES:
    return algorithms.AES(hashlib.sha256(key.encode()).digest())


def padded(plaintext: bytes) -> bytes:
    missing = BLOCK - len(plaintext) % BLOCK
    return plaintext + bytes([missing]) * missing


def encrypted(blocks: bytes, key: str, iv: bytes) -> bytes:
    """IV and ciphertext of whole blocks, padded rightly or not."""
    encryptor = Cipher(_aes(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(blocks) + encryptor.finalize()


def opened(sealed: str, key: str) -> bytes | None:
    """The plaintext; None if the steps of the contract do not lead to one."""
    try:
        buffer = base64.b64decode(sealed.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    if len(buffer) < 2 * BLOCK or len(buffer) % BLOCK:
        return None
    decryptor = Cipher(_aes(key), modes.CBC(buffer[:BLOCK])).decryptor()
    text = decryptor.update(buffer[BLOCK:]) + decryptor.finalize()
    count = text[-1]
    if not 1 <= count <= BLOCK or text[-count:] != bytes([count]) * count:
        return None
    return text[:-count]


def signature(timestamp: str, nonce: str, key: str, body: bytes) -> str:
    return hashlib.sha256(f"{timestamp}{nonce}{key}".encode(errors="surrogatepass") + body).hexdigest()
