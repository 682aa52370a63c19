"""The fuzzer in short: a few thousand cases that are the same in each run; ``make fuzz`` makes a million."""

import pytest

from tests.fuzz import keys, running

SEED, CASES = 20_240_711, 4_000

pytestmark = pytest.mark.slow


@pytest.fixture
def fuzzed_app(transactional_db, settings, monkeypatch, caplog):
    running.application()  # sets the logs up
    caplog.set_level("CRITICAL")
    monkeypatch.setattr(running, "PIECE", 1000)
    for name, value in keys.ENVIRONMENT.items():
        setattr(settings, name, value)


def test_no_case_fails_the_webhook_and_only_what_is_signed_is_stored(fuzzed_app):
    tally = running.run(SEED, range(CASES)).tally
    told = "\n".join(f"{what}: {' '.join(tally.examples[what])}" for what in tally.faults)
    assert not tally.faults, f"{told}\nrepeat one by: python -m tests.fuzz --case SEED"
    assert tally.events + tally.unreadable > CASES / 3
    assert tally.conflicts > 0
    assert {200, 400, 401, 403, 405, 408, 413} <= tally.statuses.keys()
