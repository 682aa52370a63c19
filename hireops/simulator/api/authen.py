"""Who has signed in (Feishu's pages *obtain-oauth-code*, *get-user-access-token* and *user_info*).

Not in the contract, so unverified: all codes of refusals, and their HTTP status.
"""

import hashlib
import hmac

from hireops.simulator.api.answers import Json, OAuthRefusal, user_token_not_valid
from hireops.simulator.api.shapes import choice, record, text
from hireops.simulator.signing_in import Grant
from hireops.simulator.state import TenantState
from hireops.simulator.world import World

INVALID_PARAMETERS = 20063
PHONE, EMAIL = "contact:user.phone:readonly", "contact:user.email:readonly"

TOKEN_BODY = record(
    {
        "grant_type": choice("authorization_code"),
        "client_id": text(),
        "client_secret": text(),
        "code": text(),
    },
    {"redirect_uri": text(), "code_verifier": text(), "scope": text(may_be_empty=True)},
)


def oauth_token(world: World, body: Json, tenant_key: str) -> Json:
    _check_app(world, body)
    grant = _granted(world, body)
    if world.state.tenants.get(grant.employee.tenant_key) is not TenantState.ACTIVE:
        raise OAuthRefusal(400, 20009, "The app is not installed in this tenant")
    now, scope = world.clock.now(), grant.asked.scope
    employee = grant.employee
    token = world.tokens.issue_to_employee(
        employee.employee_id, employee.tenant_key, frozenset(scope.split()), now=now
    )
    expires_in = int(token.expires_at - now)
    return {
        "access_token": token.value,
        "expires_in": expires_in,
        "token_type": "Bearer",
        "scope": scope,
    }


def user_info(world: World, body: Json, tenant_key: str) -> Json:
    """Mobile and email only to who was allowed to see them; ``open_id`` is the employee_id."""
    employee = world.state.staff.get(body["employee_id"])
    if employee is None:  # left the company since
        raise user_token_not_valid()
    union_id = hashlib.sha256(employee.employee_id.encode()).hexdigest()[:32]
    answer = {
        "name": employee.name,
        "en_name": employee.name,
        "avatar_url": "",
        "open_id": employee.employee_id,
        "union_id": f"on_{union_id}",
        "tenant_key": employee.tenant_key,
    }
    if PHONE in body["scope"] and employee.mobile_number:
        answer["mobile"] = f"+{employee.mobile_code or '86'}{employee.mobile_number}"
    if EMAIL in body["scope"] and employee.email:
        answer["email"] = employee.email
    return answer


def _check_app(world: World, body: Json) -> None:
    environment = world.environment
    if body["client_id"] != environment.app_id:
        raise OAuthRefusal(400, 20048, "The app does not exist")
    if not hmac.compare_digest(body["client_secret"].encode(), environment.app_secret.encode()):
        raise OAuthRefusal(400, 20002, "The client secret is invalid")


def _granted(world: World, body: Json) -> Grant:
    """What the code stands for; a wrong guess at anything else uses it up all the same."""
    grant = world.codes.take(body["code"])
    if grant is None:
        raise OAuthRefusal(400, 20003, "The authorization code is invalid or has been used")
    if grant.expires_at <= world.clock.now():
        raise OAuthRefusal(400, 20004, "The authorization code has expired")
    if body.get("redirect_uri", grant.asked.redirect_uri) != grant.asked.redirect_uri:
        raise OAuthRefusal(400, 20071, "The redirect_uri is not the one of the authorization")
    if not grant.is_proven_by(body.get("code_verifier", "")):
        raise OAuthRefusal(400, 20049, "PKCE: the code verifier is wrong")
    return grant
