"""Messages of the app's bot to employees (Feishu's page im-v1/message/create).

Not in the contract; unverified: which refusal comes first, and that 230013 is the code of the range.
"""

import json
import secrets
from typing import Any

from hireops.simulator.api.answers import Json, Refusal, too_many_calls
from hireops.simulator.api.shapes import boolean, choice, each, field_violations, link, record, text
from hireops.simulator.quotas import CallLimit
from hireops.simulator.records import BotMessage, Employee
from hireops.simulator.world import World

INVALID_MESSAGE = 230001
CARD_MAX_BYTES = 30 * 1024
SAME_UUID_FOR_S = 3600.0
TO_ONE_PERSON = CallLimit(per_second=5)

# Of JSON 2.0 what a plain message needs; there, too, what is not known is refused.
_WORDS = record(
    {"tag": choice("plain_text"), "content": text()},
    {"i18n_content": record({}, {"zh_cn": text(), "en_us": text()})},
)
_OPENS = record({"type": choice("open_url"), "default_url": link()})
_ELEMENT = record(
    {"tag": choice("div", "button"), "text": _WORDS}, {"type": text(), "behaviors": each(_OPENS, at_least=1)}
)
CARD = record(
    {"schema": choice("2.0"), "body": record({"elements": each(_ELEMENT, at_least=1)})},
    {
        "config": record({}, {"enable_forward": boolean(), "update_multi": boolean()}),
        "header": record({"title": _WORDS}, {"template": text()}),
    },
)
MESSAGE_QUERY = record({"receive_id_type": choice("open_id")})
MESSAGE_BODY = record(
    {"receive_id": text(), "msg_type": choice("interactive"), "content": text()}, {"uuid": text(at_most=50)}
)


def create_message(world: World, body: Json, tenant_key: str) -> Json:
    """Once for each ``uuid`` within an hour: the same one again gives the first message."""
    if world.state.switches.bot_off:
        raise Refusal(400, 230006, "Bot ability is not activated.")
    employee = world.state.staff.get(body["receive_id"])
    if employee is None or employee.tenant_key != tenant_key:
        raise _invalid("invalid receive_id")
    if not employee.in_range:
        raise Refusal(400, 230013, "Bot has NO availability to this user.")
    card, uuid = _card(body["content"]), body.get("uuid", "")
    message = _same(world, employee, uuid) or _new(world, employee, uuid, card)
    return _answer(world, message, body["content"])


def _card(content: str) -> dict[str, Any]:
    if len(content.encode()) > CARD_MAX_BYTES:
        raise Refusal(400, 230025, "The length of the message content reaches its limit.")
    try:
        card = json.loads(content)
    except ValueError:
        raise _invalid("content is not a JSON string") from None
    if violations := field_violations(CARD, card):
        raise _invalid(violations[0]["description"])
    return dict(card)


def _same(world: World, employee: Employee, uuid: str) -> BotMessage | None:
    since = world.clock.now() - SAME_UUID_FOR_S
    mine = (old for old in reversed(world.state.messages) if old.employee_id == employee.employee_id)
    return next((old for old in mine if uuid and old.uuid == uuid and old.at > since), None)


def _new(world: World, employee: Employee, uuid: str, card: dict[str, Any]) -> BotMessage:
    now = world.clock.now()
    to_one = f"messages to {employee.employee_id}"
    if exceeded := world.quotas.count(to_one, employee.tenant_key, TO_ONE_PERSON, now=now):
        status = world.state.switches.rate_limit_status
        raise too_many_calls(status, limit=exceeded.limit, reset_seconds=exceeded.reset_seconds)
    message_id = f"om_{secrets.token_hex(16)}"
    message = BotMessage(message_id, uuid, employee.tenant_key, employee.employee_id, card, now)
    world.state.messages.append(message)
    world.changed()
    return message


def _answer(world: World, message: BotMessage, content: str) -> Json:
    created = str(int(message.at * 1000))
    sender = {
        "id": world.environment.app_id,
        "id_type": "app_id",
        "sender_type": "app",
        "tenant_key": message.tenant_key,
    }
    return {
        "message_id": message.message_id,
        "msg_type": "interactive",
        "create_time": created,
        "update_time": created,
        "deleted": False,
        "updated": False,
        "sender": sender,
        "body": {"content": content},
    }


def _invalid(why: str) -> Refusal:
    return Refusal(400, INVALID_MESSAGE, f"Your request contains an invalid request parameter, ext={why}.")
