"""Who somebody is at Feishu: today's OAuth, with PKCE (RFC 6749 and 7636).

Unverified: the contract has none of it. It follows Feishu's pages *obtain-oauth-code*,
*get-user-access-token* and *authen-v1/user_info*, and the members of the SDK's ``GetUserInfoResponseBody``.

A person waits at a page meanwhile, so answers must come sooner than those of owed calls.
"""

from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings

from hireops.contacts import UnreadableContactError, read_email, read_mobile
from hireops.feishu import sentences
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.protocol import ask, clean

AUTHORIZE = "/open-apis/authen/v1/authorize"
TOKEN = "/open-apis/authen/v2/oauth/token"  # noqa: S105 - a path
USER_INFO = "/open-apis/authen/v1/user_info"
# Without these, user_info leaves the contacts out.
CONTACT_SCOPES = ("contact:user.phone:readonly", "contact:user.email:readonly")
PATIENCE_S = 5.0
LONGEST_ID, LONGEST_NAME = 191, 150


@dataclass(frozen=True, slots=True)
class FeishuUser:
    """Somebody of a tenant. ``open_id`` is this app's name for the person and never changes.

    ``mobile`` (E.164) and ``emails`` are those in the tenant's directory, where its administrators enter
    them; they are empty where Feishu was not asked for them.
    """

    open_id: str
    union_id: str
    tenant_key: str
    name: str
    mobile: str
    emails: frozenset[str]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """Raises ``FeishuError`` for an answer that does not say who it is."""
        open_id, tenant_key = _text(data, "open_id"), _text(data, "tenant_key")
        if not (open_id and tenant_key):
            raise FeishuError(Outcome.UNKNOWN, sentences.NOBODY_NAMED)
        emails = frozenset(filter(None, (_email(data, "email"), _email(data, "enterprise_email"))))
        name = clean(data.get("name"))[:LONGEST_NAME]
        return cls(open_id, _text(data, "union_id"), tenant_key, name, _mobile(data), emails)


def authorize_url() -> str:
    """The page on which people agree, without its query."""
    return f"{settings.FEISHU_ACCOUNTS_URL}{AUTHORIZE}"


def exchange_code(*, code: str, redirect_uri: str, code_verifier: str) -> str:
    """The user_access_token that the code is good for, once. ``FeishuError`` if it is not."""
    body = {
        "grant_type": "authorization_code",
        "client_id": settings.FEISHU_APP_ID,
        "client_secret": settings.FEISHU_APP_SECRET,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
    }
    token = ask("POST", TOKEN, body=body, within_s=PATIENCE_S).content.get("access_token")
    if not (isinstance(token, str) and token.isascii() and token.isprintable() and token.strip()):
        raise FeishuError(Outcome.UNKNOWN, sentences.WITHOUT_TOKEN)
    return token


def user_info(token: str) -> FeishuUser:
    """Whose user_access_token this is."""
    data = ask("GET", USER_INFO, token=token, within_s=PATIENCE_S).content.get("data")
    return FeishuUser.of(data if isinstance(data, dict) else {})


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST_ID else ""


def _mobile(data: dict[str, Any]) -> str:
    try:
        return read_mobile(_text(data, "mobile"))
    except UnreadableContactError:
        return ""


def _email(data: dict[str, Any], name: str) -> str:
    try:
        return read_email(_text(data, name))
    except UnreadableContactError:
        return ""
