"""Tokens (contract 1.2 to 1.6). Answers are flat: the token stands beside ``code``, there is no ``data``."""

import hmac

from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.api.shapes import record, text
from hireops.simulator.state import TenantState
from hireops.simulator.tenancy import emit_app_ticket
from hireops.simulator.tokens import Token, TokenKind
from hireops.simulator.world import World

APP_BODY = record({"app_id": text(), "app_secret": text()})
STORE_APP_BODY = record({"app_id": text(), "app_secret": text(), "app_ticket": text()})
STORE_TENANT_BODY = record({"app_access_token": text(), "tenant_key": text()})


def tenant_access_token_internal(world: World, body: Json, tenant_key: str) -> Json:
    _check_app(world, body, app_type="custom")
    token, expire = _issue(world, TokenKind.TENANT, world.tenant_key)
    return {"tenant_access_token": token.value, "expire": expire}


def app_access_token_internal(world: World, body: Json, tenant_key: str) -> Json:
    """One value under both names, as the platform does for custom apps."""
    answer = tenant_access_token_internal(world, body, tenant_key)
    return {"app_access_token": answer["tenant_access_token"], **answer}


def app_access_token(world: World, body: Json, tenant_key: str) -> Json:
    _check_app(world, body, app_type="store")
    if not hmac.compare_digest(body["app_ticket"].encode(), world.state.app_ticket.encode()):
        raise Refusal(400, 10012, "app_ticket is invalid")
    token, expire = _issue(world, TokenKind.APP, "")
    return {"app_access_token": token.value, "expire": expire}


def tenant_access_token(world: World, body: Json, tenant_key: str) -> Json:
    token = world.tokens.find(body["app_access_token"], now=world.clock.now())
    if token is None or token.kind is not TokenKind.APP:
        raise Refusal(400, 99991664, "app_access_token is invalid")
    _check_tenant(world, body["tenant_key"])
    token, expire = _issue(world, TokenKind.TENANT, body["tenant_key"])
    return {"tenant_access_token": token.value, "expire": expire}


def resend_app_ticket(world: World, body: Json, tenant_key: str) -> Json:
    if world.environment.app_type != "store":
        raise Refusal(400, 10016, "app_ticket is for store apps only")
    _check_app(world, body, app_type="store")
    emit_app_ticket(world)
    return {}


def _check_app(world: World, body: Json, *, app_type: str) -> None:
    """Unverified in the contract: which code each mistake has, and its HTTP status."""
    environment = world.environment
    if body["app_id"] != environment.app_id:
        raise Refusal(400, 99991543, "app id does not exist")
    if not hmac.compare_digest(body["app_secret"].encode(), environment.app_secret.encode()):
        raise Refusal(400, 10015, "app secret is wrong")
    if environment.app_type != app_type:
        raise Refusal(400, 10005, f"this app is a {environment.app_type} app")


def _check_tenant(world: World, tenant_key: str) -> None:
    match world.state.tenants.get(tenant_key):
        case None:
            raise Refusal(400, 10013, "tenant_access_token could not be issued: tenant_key is unknown")
        case TenantState.STOPPED:
            raise Refusal(400, 10014, "app is not usable in this tenant")
        case TenantState.GONE:
            raise Refusal(400, 11210, "app is not installed in this tenant")


def _issue(world: World, kind: TokenKind, tenant_key: str) -> tuple[Token, int]:
    now = world.clock.now()
    token = world.tokens.issue(kind, tenant_key, now=now)
    return token, int(token.expires_at - now)
