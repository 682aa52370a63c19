"""An employee signs in to the partner: what was asked for, the code that is given, and what it is worth.

Not in the contract: codes live five minutes and are good once, as Feishu's page on authorization codes says.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from hireops.simulator.records import Employee

CODE_LIVES_S = 300.0


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a partner asks for in the address of the consent page."""

    client_id: str
    redirect_uri: str
    response_type: str
    state: str
    scope: str
    code_challenge: str
    code_challenge_method: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "AuthorizationRequest":
        return cls(**{name: query.get(name, "") for name in cls.__slots__})

    def mistake(self, *, app_id: str, redirect_urls: tuple[str, ...]) -> str:
        """Why Feishu shows an error instead of the page; "" for nothing. Never to be redirected to then."""
        if self.client_id != app_id:
            return "client_id: there is no such app."
        if self.redirect_uri not in redirect_urls:
            return "redirect_uri: not among the redirect URLs of the app (20029)."
        if self.response_type != "code":
            return "response_type: must be code."
        if self.code_challenge_method not in {"", "plain", "S256"}:
            return "code_challenge_method: must be plain or S256."
        return ""

    def back(self, **answer: str) -> str:
        """The partner's address with the answer, and the state as it was sent."""
        query = urlencode({**answer, **({"state": self.state} if self.state else {})})
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{query}"


@dataclass(frozen=True, slots=True)
class Grant:
    employee: Employee
    asked: AuthorizationRequest
    expires_at: float

    def is_proven_by(self, verifier: str) -> bool:
        """Whether the verifier fits the challenge (PKCE, RFC 7636); without one there must be none."""
        challenge = self.asked.code_challenge
        if not challenge:
            return not verifier
        if self.asked.code_challenge_method == "S256":
            digest = hashlib.sha256(verifier.encode()).digest()
            verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return hmac.compare_digest(verifier.encode(), challenge.encode())


class AuthorizationCodes:
    """Callers hold the world's lock."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def give(self, employee: Employee, asked: AuthorizationRequest, *, now: float) -> str:
        self._grants = {code: grant for code, grant in self._grants.items() if grant.expires_at > now}
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(employee, asked, now + CODE_LIVES_S)
        return code

    def take(self, code: str) -> Grant | None:
        """What the code was given for; it is used up, whatever becomes of the exchange."""
        return self._grants.pop(code, None)
