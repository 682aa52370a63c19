"""What workers do, done by the test itself; a room's ``conftest.py`` imports the fixtures that it wants."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from hireops.outbox import sending, timing
from hireops.outbox.recording import record
from tests.long_work import work


def drain() -> int:
    """What workers would do now with calls and long work; how many calls were tried."""
    tries = 0
    work()
    while claim := sending.claim():
        record(claim, sending.send(claim))
        work()
        tries += 1
    return tries


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Whatever language the test before has left; a page is in the one that its browser asks for."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def one_sender_that_does_not_wait(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTBOX_SENDERS = 1
    monkeypatch.setattr(timing, "WATCH_S", -1.0)
    # Drawn anew each time, a pause of almost nothing would let the next try come in the same drain.
    monkeypatch.setattr(timing, "pause_before", lambda next_try: min(60.0, 2.0 ** (next_try - 2)))
