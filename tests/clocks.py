"""The clock of the database, as this process sees it, moved by a test."""

from datetime import UTC, datetime, timedelta

import pytest

from hireops.database import clock as database_clock


class Clock:
    """It goes on, from wherever it is set. ``advance(60)`` makes it a minute later, as ``minutes=1`` does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._real = database_clock.now
        self._ahead = timedelta()
        monkeypatch.setattr(database_clock, "now", self.now)

    def now(self) -> datetime:
        return self._real() + self._ahead

    def set(self, moment: datetime) -> None:
        self._ahead = moment - datetime.now(UTC)

    def advance(self, seconds: float = 0, **time: float) -> None:
        self._ahead += timedelta(seconds=seconds, **time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)
