"""Deliveries as Feishu makes them, for tests: envelopes, sealed and posted to the webhook."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.test import Client

from hireops.feishu import callbacks

ECO_ACCOUNT_CREATED = "hire.eco_account.created_v1"
TENANT_KEY = "2ca1d211f64f6438"


def envelope(event_type: str = "test.nobody_v1", body: Any = None, **header: Any) -> dict[str, Any]:
    """A schema 2.0 envelope (contract 6.3) with a fresh event id."""
    return {
        "schema": "2.0",
        "header": {
            "event_id": uuid.uuid4().hex,
            "event_type": event_type,
            "create_time": "1608725989000",
            "token": settings.FEISHU_VERIFICATION_TOKEN,
            "app_id": settings.FEISHU_APP_ID,
            "tenant_key": TENANT_KEY,
            **header,
        },
        "event": {} if body is None else body,
    }


def sealed(content: Any, key: str | None = None) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a delivery of ``content`` (text, bytes or JSON), encrypted and signed."""
    key = settings.FEISHU_ENCRYPT_KEY if key is None else key
    if not isinstance(content, (bytes, str)):
        content = json.dumps(content, ensure_ascii=False)
    plaintext = content.encode() if isinstance(content, str) else content
    return signed(json.dumps({"encrypt": callbacks.encrypt(plaintext, key)}).encode(), key)


def signed(body: bytes, key: str | None = None) -> tuple[bytes, dict[str, str]]:
    key = settings.FEISHU_ENCRYPT_KEY if key is None else key
    signature = callbacks.sign("1700000000", "nonce", key, body)
    return body, {
        "X-Lark-Request-Timestamp": "1700000000",
        "X-Lark-Request-Nonce": "nonce",
        "X-Lark-Signature": signature,
    }


def post(client: Client, delivery: tuple[bytes, dict[str, str]]) -> Any:
    body, headers = delivery
    return client.post("/webhook/event", body, content_type="application/json", headers=headers)


def deliver(client: Client, content: Any) -> Any:
    return post(client, sealed(content))
