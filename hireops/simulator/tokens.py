"""Access tokens: issued, rotated and refused as contract 1.1 says."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

ROTATES_BELOW_S = 30 * 60


class TokenKind(StrEnum):
    APP = "a"
    TENANT = "t"


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    kind: TokenKind
    tenant_key: str
    expires_at: float


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
        self._forget_expired(now)
        token = Token(f"{kind}-{secrets.token_hex(20)}", kind, tenant_key, now + self._lifetime_s)
        self._valid[token.value] = self._newest[kind, tenant_key] = token
        return token

    def find(self, value: str, *, now: float) -> Token | None:
        token = self._valid.get(value)
        return token if token and token.expires_at > now else None

    def revoke_all(self) -> None:
        self._valid.clear()
        self._newest.clear()

    def _forget_expired(self, now: float) -> None:
        self._valid = {value: token for value, token in self._valid.items() if token.expires_at > now}
