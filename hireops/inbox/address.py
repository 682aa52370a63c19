"""Whether the address for events answers, asked as Feishu asks when it is saved (contract 6.2).

It is asked from this host, through name service, certificate and proxy; that Feishu is let in from where it
is, only an event that has come can tell.
"""

import json
import secrets
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from time import monotonic

from django.conf import settings

from hireops.feishu.callbacks import encrypt
from hireops.feishu.strict_json import ShallowDecoder
from hireops.web.own_address import NO_ANSWER, ask_own_address
from hireops.web.pools import WEBHOOK_PATH

# Feishu waits for one second; this waits longer, to tell what is slow from what is away.
IN_TIME_S = 1.0
ANSWER_MAX_BYTES = 4096
JSON = "application/json;charset=utf-8"


class Answered(Enum):
    IN_TIME = "in time"
    LATE = "late"
    OTHERWISE = "otherwise"
    NOT_AT_ALL = "not at all"


@dataclass(frozen=True, slots=True)
class Verification:
    """``said`` is the HTTP status, or the kind of error where there was none."""

    answered: Answered
    url: str
    said: str
    milliseconds: int


def verify() -> Verification:
    """Have ``PUBLIC_URL`` verified as Feishu would. Its answer is not followed elsewhere."""
    url, challenge = f"{settings.PUBLIC_URL}{WEBHOOK_PATH}", secrets.token_hex(16)
    started = monotonic()
    try:
        answer = ask_own_address(
            "POST", url, headers={"Content-Type": JSON}, body=_body(challenge), at_most=ANSWER_MAX_BYTES
        )
    except NO_ANSWER as error:
        answered, said = Answered.NOT_AT_ALL, type(error).__name__
    else:
        is_right = answer.status == HTTPStatus.OK and _challenge_in(answer.begins) == challenge
        in_time = Answered.IN_TIME if monotonic() - started <= IN_TIME_S else Answered.LATE
        answered, said = in_time if is_right else Answered.OTHERWISE, f"HTTP {answer.status}"
    return Verification(answered, url, said, round((monotonic() - started) * 1000))


def _body(challenge: str) -> bytes:
    asked = json.dumps(
        {
            "challenge": challenge,
            "token": settings.FEISHU_VERIFICATION_TOKEN,
            "type": "url_verification",
        }
    )
    if not settings.FEISHU_ENCRYPT_KEY:
        return asked.encode()
    return json.dumps({"encrypt": encrypt(asked.encode(), settings.FEISHU_ENCRYPT_KEY)}).encode()


def _challenge_in(body: bytes) -> object:
    try:
        answer = json.loads(body, cls=ShallowDecoder)
    except ValueError:
        return None
    return answer.get("challenge") if isinstance(answer, dict) else None
