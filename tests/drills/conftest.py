"""A world for drills: the real simulator, real workers on a database of their own, and calls to owe."""

import random
from collections.abc import Iterator

import pytest

from tests.drills.world import World
from tests.processes import Hireops
from tests.simulator_process import running_simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the drills in their long form (make drills)")
    parser.addoption("--seed", type=int, help="what a drill printed when it failed, to draw the same again")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "drills: real processes, killed and misled on purpose")
    config.addinivalue_line("markers", "long: only with --long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    is_long = config.getoption("--long", default=False)
    for item in items:
        if "tests/drills/" in item.path.as_posix():
            item.add_marker(pytest.mark.drills)
            item.add_marker(pytest.mark.timeout(1500 if is_long else 240))
    left_out = [] if is_long else [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--long", default=False))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """For all that a drill draws at random."""
    given: int | None = request.config.getoption("--seed", default=None)
    seed = random.SystemRandom().randrange(10**6) if given is None else given
    print(f"--seed {seed}")  # noqa: T201 - shown if it fails
    return seed


@pytest.fixture
def world(hireops: Hireops) -> Iterator[World]:
    with running_simulator() as simulator:
        yield World(hireops, simulator)
