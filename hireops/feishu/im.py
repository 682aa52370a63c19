"""Messages of the app's bot to the people of its own company (Feishu's page im-v1/message/create)."""

import json
from typing import Any

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS

CARD_MAX_BYTES = 30 * 1024
UUID_MAX_CHARS = 50


def send_card(tenant_key: str, *, open_id: str, card: dict[str, Any], uuid: str) -> Answer:
    """Send one person a card (JSON 2.0), at most once for each ``uuid`` within an hour.

    ``open_id`` is what this app calls the person. Refused with ``230013`` (outside the app's availability
    range), ``230006`` (the app has no bot), ``230027`` and ``99991672`` (it may not send). 50 calls a second,
    1,000 a minute, 5 a second to one person. Raises ``ValueError`` for a card or uuid that is too long.
    """
    content = json.dumps(card, ensure_ascii=False, allow_nan=False)
    if len(content.encode()) > CARD_MAX_BYTES:
        raise ValueError(f"a card has at most {CARD_MAX_BYTES} bytes")
    if not 1 <= len(uuid) <= UUID_MAX_CHARS:
        raise ValueError(f"a uuid has 1 to {UUID_MAX_CHARS} characters, not {len(uuid)}")
    return call(
        ENDPOINTS["message.create"],
        tenant_key=tenant_key,
        query={"receive_id_type": "open_id"},
        body={"receive_id": open_id, "msg_type": "interactive", "content": content, "uuid": uuid},
    )
