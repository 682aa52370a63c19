"""What was handled and forgotten does not pile up beside all that a process has loaded."""

import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import BIN, Hireops, free_port, wait_until


def test_a_worker_gathers_no_garbage(hireops: Hireops, tmp_path: Path):
    said = tmp_path / "gathered.txt"
    hireops.worker("--include", "tests.worker_ready,tests.gathering", HIREOPS_TEST_GATHERED=str(said))
    wait_until(lambda: said.exists() and said.read_text(), what="the worker has not said how much")
    assert said.read_text() == "0"


@pytest.fixture
def ask(hireops: Hireops) -> Callable[[str], str]:
    """A web process, each time asked over a connection of its own."""
    address = f"127.0.0.1:{free_port()}"
    hireops.start(str(BIN / "gunicorn"), "tests.gathering_wsgi", "--bind", address, "--preload")

    def ask(path: str) -> str:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def answers() -> bool:
        try:
            ask("/connections")
        except OSError:
            return False
        return True

    wait_until(answers, seconds=30, what="the site does not answer")
    return ask


def test_a_web_process_gathers_no_garbage(ask: Callable[[str], str]):
    assert ask("/") == "0"


def test_a_connection_that_was_closed_is_gone(ask: Callable[[str], str]):
    assert max(int(ask("/connections")) for _ in range(20)) <= 3
