"""One simulator and one receiver for all tests of this folder; each test finds both as if just started."""

from collections.abc import Iterator

import pytest

from tests.simulator.browser import Browser
from tests.simulator.receiver import Receiver, running_receiver
from tests.simulator_process import Simulator, running_simulator


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def _simulator(_receiver: Receiver) -> Iterator[Simulator]:
    with running_simulator(SIMULATOR_WEBHOOK_URL=_receiver.url) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator: Simulator, _receiver: Receiver) -> Simulator:
    _receiver.forget()  # first: a reset waits for what the receiver holds back
    _simulator.reset()
    return _simulator


@pytest.fixture
def receiver(_receiver: Receiver, simulator: Simulator) -> Receiver:
    return _receiver


@pytest.fixture
def browser(simulator: Simulator) -> Iterator[Browser]:
    with Browser(simulator.url) as browser:
        browser.submit("/language", language="en", next="/")
        yield browser
