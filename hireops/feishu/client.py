"""One call to Feishu: token, quota, request, answer. Whoever calls decides what a failure means for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from hireops import tracing
from hireops.feishu import quotas, tokens
from hireops.feishu.endpoints import Endpoint
from hireops.feishu.errors import Advice, FeishuError
from hireops.feishu.protocol import Reply, ask


@dataclass(frozen=True, slots=True)
class Answer:
    """What Feishu answered to a call that succeeded. ``data`` is {} where it sends none.

    ``duration_ms`` went by between question and answer, which left at ``feishu_at`` (see ``Reply``).
    """

    data: dict[str, Any]
    log_id: str
    http_status: int
    duration_ms: int
    feishu_at: datetime | None = None


def call(
    endpoint: Endpoint,
    *,
    tenant_key: str,
    path_params: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
) -> Answer:
    """Feishu's answer to one call in the name of a tenant; ``FeishuError`` if it did not succeed.

    ``tenant_key`` may be "" for a custom app. ``path_params`` are the ids for the placeholders of the path. A
    token that Feishu does not accept is replaced once; ``QuotaUsedUpError`` means that the call was held back
    here. Takes at most about 60 s, usually 0.2 s; raises ``RuntimeError`` inside a transaction, ``TypeError``
    and ``ValueError`` for ids that are none.
    """
    tracing.note({tracing.FEISHU_ENDPOINT: endpoint.name})
    path = _path(endpoint, path_params or {})
    try:
        reply = _ask(endpoint, path, tenant_key, query=query, body=body)
    except FeishuError as error:
        error.happened_at(endpoint.name)
        raise
    data = reply.content.get("data")
    return Answer(
        data=data if isinstance(data, dict) else {},
        log_id=reply.log_id,
        http_status=reply.http_status,
        duration_ms=reply.duration_ms,
        feishu_at=reply.feishu_at,
    )


def _ask(
    endpoint: Endpoint,
    path: str,
    tenant_key: str,
    *,
    query: dict[str, Any] | None,
    body: dict[str, Any] | None,
) -> Reply:
    token = tokens.access_token(tenant_key)
    try:
        with quotas.slot(endpoint, tokens.tenant_of_token(tenant_key)):
            return ask(endpoint.method, path, token=token, query=query, body=body)
    except FeishuError as error:
        if error.advice is not Advice.REFRESH_TOKEN:
            raise
    tokens.invalidate(tenant_key, token)
    fresh = tokens.access_token(tenant_key)
    try:
        with quotas.slot(endpoint, tokens.tenant_of_token(tenant_key)):
            return ask(endpoint.method, path, token=fresh, query=query, body=body)
    except FeishuError as error:
        if error.advice is Advice.REFRESH_TOKEN:
            error.advice = Advice.ASK_PERSON
        raise


def _path(endpoint: Endpoint, params: dict[str, str]) -> str:
    for name, value in params.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a text")
        if value in {"", ".", ".."}:  # these would name another path
            raise ValueError(f"{name} is no id")
    return endpoint.path.format_map({name: quote(value, safe="") for name, value in params.items()})
