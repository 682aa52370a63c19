"""How busy each API was for each tenant: the most calls in any second and in any minute, refused ones too."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Meter:
    """``refused`` counts calls that met a real quota; the maxima are over sliding windows."""

    calls: int = 0
    refused: int = 0
    max_per_second: int = 0
    max_per_minute: int = 0
    _second: deque[float] = field(default_factory=deque)
    _minute: deque[float] = field(default_factory=deque)

    def count(self, now: float) -> None:
        self.calls += 1
        self.max_per_second = max(self.max_per_second, _calls_since(self._second, now, 1.0))
        self.max_per_minute = max(self.max_per_minute, _calls_since(self._minute, now, 60.0))

    def shown(self) -> dict[str, int]:
        return {
            "calls": self.calls,
            "refused": self.refused,
            "max_per_second": self.max_per_second,
            "max_per_minute": self.max_per_minute,
        }


class Traffic:
    """One meter for each API and tenant (``""`` before there is a token). Callers hold the world's lock."""

    def __init__(self) -> None:
        self._meters: dict[str, dict[str, Meter]] = defaultdict(lambda: defaultdict(Meter))

    def meter(self, api: str, tenant_key: str) -> Meter:
        return self._meters[api][tenant_key]

    def shown(self) -> dict[str, Any]:
        """``{"POST /path": {tenant_key: {calls, refused, max_per_second, max_per_minute}}}``."""
        return {
            api: {tenant_key: meter.shown() for tenant_key, meter in meters.items()}
            for api, meters in self._meters.items()
        }


def _calls_since(times: deque[float], now: float, seconds: float) -> int:
    times.append(now)
    while times[0] <= now - seconds:
        times.popleft()
    return len(times)
