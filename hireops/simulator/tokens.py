"""Access tokens: of apps and tenants as contract 1.1 says, and of employees who have signed in."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

ROTATES_BELOW_S = 30 * 60


class TokenKind(StrEnum):
    APP = "a"
    TENANT = "t"
    USER = "u"


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    kind: TokenKind
    tenant_key: str
    expires_at: float
    employee_id: str = ""  # of a user's token; ``scope`` is what the employee has agreed to
    scope: frozenset[str] = frozenset()


class Tokens:
    """All valid tokens. Callers hold the world's lock."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._valid: dict[str, Token] = {}
        self._newest: dict[tuple[TokenKind, str], Token] = {}

    def issue(self, kind: TokenKind, tenant_key: str, *, now: float) -> Token:
        """The newest token while at least 30 min remain, else a new one; the old one stays valid."""
        newest = self._newest.get((kind, tenant_key))
        if newest and newest.expires_at - now >= ROTATES_BELOW_S:
            return newest
        token = self._newest[kind, tenant_key] = self._add(
            Token(f"{kind}-{secrets.token_hex(20)}", kind, tenant_key, now + self._lifetime_s), now
        )
        return token

    def issue_to_employee(
        self, employee_id: str, tenant_key: str, scope: frozenset[str], *, now: float
    ) -> Token:
        """A new one at every sign-in."""
        value = f"{TokenKind.USER}-{secrets.token_hex(20)}"
        expires_at = now + self._lifetime_s
        return self._add(Token(value, TokenKind.USER, tenant_key, expires_at, employee_id, scope), now)

    def find(self, value: str, *, now: float) -> Token | None:
        token = self._valid.get(value)
        return token if token and token.expires_at > now else None

    def revoke_all(self) -> None:
        self._valid.clear()
        self._newest.clear()

    def _add(self, token: Token, now: float) -> Token:
        self._forget_expired(now)
        self._valid[token.value] = token
        return token

    def _forget_expired(self, now: float) -> None:
        self._valid = {value: token for value, token in self._valid.items() if token.expires_at > now}
