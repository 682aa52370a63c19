"""What an attempt keeps of its request and its answer: enough to see what was said, nothing to be stolen."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from hireops.desk.masking import masked
from hireops.feishu.client import Answer
from hireops.feishu.errors import FeishuError
from hireops.feishu.strict_json import DEPTH_MAX

LONGEST_CHARS = 10_000
MESSAGE_LENGTH = 2000
LOG_ID_LENGTH = 255
BIGGEST_CODE = 2**63


def kept(value: Any) -> Any:
    """A JSON value with secrets and personal data hidden; of a long one the beginning, as text."""
    try:
        whole = storable(value)
        text = _text(masked(whole))
    except (TypeError, ValueError) as error:
        return {"not_kept": type(error).__name__}
    if len(text) > LONGEST_CHARS:
        return {"beginning": text[:LONGEST_CHARS], "characters": len(_text(whole))}
    return json.loads(text)


def _text(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False)


def as_json(data: Any) -> Any:
    """The value as it will be read back from its column: a number that is not whole is its exact text.

    Raises ``ValueError`` or ``TypeError`` for what is no JSON, or is nested too deeply.
    """
    return json.loads(json.dumps(storable(data), cls=DjangoJSONEncoder, allow_nan=False))


def storable(value: Any, *, level: int = 0) -> Any:
    """Without what PostgreSQL can't store: NUL, and one half of a surrogate pair.

    Raises ``ValueError`` for what is nested too deeply.
    """
    match value:
        case dict() | list() | tuple() if level == DEPTH_MAX:
            raise ValueError("nested too deeply")
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
        case dict():
            return {storable(key): storable(member, level=level + 1) for key, member in value.items()}
        case list() | tuple():
            return [storable(member, level=level + 1) for member in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What Feishu said in a try, as the columns have it."""

    http_status: int | None = None
    code: int | None = None
    message: str = ""
    log_id: str = ""
    endpoint: str = ""
    response: Any = None
    feishu_at: datetime | None = None


def said(by: Answer | Exception | None) -> Said:
    match by:
        case Answer() as answer:
            return Said(
                http_status=answer.http_status,
                log_id=storable(answer.log_id)[:LOG_ID_LENGTH],
                response=kept(answer.data),
                feishu_at=answer.feishu_at,
            )
        case FeishuError() as error:
            return Said(
                http_status=error.http_status,
                code=error.code if abs(error.code or 0) < BIGGEST_CODE else None,
                message=storable(error.message)[:MESSAGE_LENGTH],
                log_id=storable(error.log_id)[:LOG_ID_LENGTH],
                endpoint=error.endpoint,
                response=kept(getattr(error, "content", None)),
                feishu_at=error.feishu_at,
            )
        case error:
            # The text of our own mistakes may repeat what was being sent; it is in the log of the worker.
            return Said(message=type(error).__name__)
