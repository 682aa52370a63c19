"""Request bodies: read strictly, and masked before they are kept for the log."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

_SECRET_KEYS = {
    "access_token",
    "app_access_token",
    "app_secret",
    "app_ticket",
    "client_secret",
    "code_verifier",
    "password",
    "tenant_access_token",
    "token",
}
_CODE_MIN = 20  # a "code" that is text and this long is of a sign-in; others are countries' and errors'
_SHOWN_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """``value`` as sent, ``shown`` for the log; or what is ``wrong`` with a body that cannot be read."""

    value: Any
    shown: Any
    wrong: str = ""


def read_json(request: HttpRequest, *, needs_type: bool) -> Body:
    """The body of the request; none at all is an empty object."""
    if not request.body:
        return Body({}, None)
    if needs_type and request.content_type != "application/json":
        return Body(None, None, "must be sent as application/json")
    try:
        value = json.loads(request.body, object_pairs_hook=_no_repeats, parse_constant=_no_constant)
        return Body(value, masked(value))
    except (ValueError, RecursionError):
        return Body(None, None, "is not valid JSON")


def masked(value: Any) -> Any:
    """``value`` without the app's secret and tokens; a placeholder when it is too large to be shown."""
    if len(str(value)) > _SHOWN_MAX:
        return "(too large to be shown)"
    return _masked(value)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "***" if _is_secret(key, each) else _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return value


def _is_secret(key: str, value: Any) -> bool:
    if key == "code":
        return isinstance(value, str) and len(value) >= _CODE_MIN
    return key in _SECRET_KEYS


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    return members


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")
