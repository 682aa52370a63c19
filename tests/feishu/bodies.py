"""Bodies as Feishu posts them, right and wrong, made without a project around them."""

import json
from typing import Any

import pytest

from hireops.feishu.callbacks import CallbackKeys, NotAuthenticError, encrypt, open_callback, sign

APP_ID = "cli_9f5343c580712544"
KEY = "an-encrypt-key"
OLD_KEY = "the-encrypt-key-before"
TOKEN = "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV"

KEYS = CallbackKeys(APP_ID, (KEY,), (TOKEN,))
KEYS_IN_ROTATION = CallbackKeys(APP_ID, (KEY, OLD_KEY), (TOKEN,))
KEYS_WITHOUT_ENCRYPTION = CallbackKeys(APP_ID, (), (TOKEN,))


def envelope(**header: Any) -> dict[str, Any]:
    """A schema 2.0 event; ``...`` for a field of the header leaves it out."""
    fields: dict[str, Any] = {
        "event_id": "5e3702a84e847582be8db7fb73283c02",
        "event_type": "hire.eco_account.created_v1",
        "create_time": "1608725989123",
        "token": TOKEN,
        "app_id": APP_ID,
        "tenant_key": "2ca1d211f64f6438",
    }
    fields |= header
    return {
        "schema": "2.0",
        "header": {name: value for name, value in fields.items() if value is not ...},
        "event": {"account_id": "6931286400470354183"},
    }


def envelope_1_0(**fields: Any) -> dict[str, Any]:
    whole = {
        "ts": "1502199207.7171419",
        "uuid": "bc447199585340d1f3728d26b1c0297a",
        "token": TOKEN,
        "type": "event_callback",
        "event": {"app_id": APP_ID, "tenant_key": "2ca1d211f64f6438", "type": "app_open"},
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def url_verification(**fields: Any) -> dict[str, Any]:
    return {"challenge": "ajls384kdjx98XX", "token": TOKEN, "type": "url_verification", **fields}


def text_of(content: Any) -> bytes:
    """``content`` as it is if it is bytes, as UTF-8 if it is text, as JSON otherwise."""
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)).encode()


def signed(body: bytes, key: str = KEY) -> tuple[bytes, dict[str, str]]:
    return body, {
        "X-Lark-Request-Timestamp": "1700000000",
        "X-Lark-Request-Nonce": "nonce-0001",
        "X-Lark-Signature": sign("1700000000", "nonce-0001", key, body),
    }


def sealed(content: Any, key: str = KEY) -> tuple[bytes, dict[str, str]]:
    return signed(text_of({"encrypt": encrypt(text_of(content), key)}), key)


def spliced(fragment: str) -> bytes:
    """A complete event with ``fragment`` as the JSON text of one more value."""
    return text_of(envelope()).replace(b'"account_id"', b'"x": ' + fragment.encode() + b', "account_id"')


def refusal(body: bytes, headers: dict[str, str], keys: CallbackKeys = KEYS) -> int:
    with pytest.raises(NotAuthenticError) as refused:
        open_callback(body, headers, keys)
    return refused.value.status


def opened(content, keys: CallbackKeys = KEYS):
    """What ``content`` says: it comes encrypted and signed, or in clear if the keys have no encryption."""
    body, headers = sealed(content) if keys.encrypt_keys else (text_of(content), {})
    return open_callback(body, headers, keys)


both_ways = pytest.mark.parametrize("keys", [KEYS, KEYS_WITHOUT_ENCRYPTION], ids=["encrypted", "in clear"])


def refusal_of(content, keys: CallbackKeys) -> int:
    if keys.encrypt_keys:
        return refusal(*sealed(content), keys)
    return refusal(text_of(content), {}, keys)
