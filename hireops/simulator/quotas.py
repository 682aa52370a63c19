"""Call limits per API and tenant (contract 8.3), counted over sliding windows: the strictest reading."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimit:
    """Calls allowed per second and per minute; None where the tier names no such limit."""

    per_second: int | None = None
    per_minute: int | None = None

    @property
    def windows(self) -> tuple[tuple[int, float], ...]:
        """``(calls, seconds)``, the longest window first: its wait is the one to report."""
        both = ((self.per_minute, 60.0), (self.per_second, 1.0))
        return tuple((calls, seconds) for calls, seconds in both if calls is not None)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """What the two ``x-ogw-ratelimit`` headers say: the ceiling, and whole seconds to wait."""

    limit: int
    reset_seconds: int


class Quotas:
    """When each API was called for each tenant. Refused calls do not count. Callers hold the world's lock."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def count(self, api: str, tenant_key: str, quota: CallLimit, *, now: float) -> Exceeded | None:
        """Counts one call, or tells which limit refuses it."""
        calls = self._calls[api, tenant_key]
        while calls and calls[0] <= now - quota.windows[0][1]:
            calls.popleft()
        for limit, seconds in quota.windows:
            if len(calls) >= limit and calls[-limit] > now - seconds:
                return Exceeded(limit, max(1, math.ceil(calls[-limit] + seconds - now)))
        calls.append(now)
        return None
