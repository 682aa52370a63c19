"""What was handled and forgotten does not pile up beside all that a process has loaded."""

import urllib.request
from pathlib import Path

from tests.processes import BIN, Hireops, free_port, wait_until


def test_a_worker_gathers_no_garbage(hireops: Hireops, tmp_path: Path):
    said = tmp_path / "gathered.txt"
    hireops.worker("--include", "tests.worker_ready,tests.gathering", HIREOPS_TEST_GATHERED=str(said))
    wait_until(lambda: said.exists() and said.read_text(), what="the worker has not said how much")
    assert said.read_text() == "0"


def test_a_web_process_gathers_no_garbage(hireops: Hireops):
    address = f"127.0.0.1:{free_port()}"
    hireops.start(str(BIN / "gunicorn"), "tests.gathering_wsgi", "--bind", address, "--preload")
    said: list[bytes] = []

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://{address}/", timeout=10) as answer:
                said.append(answer.read())
        except OSError:
            return False
        return True

    wait_until(answers, seconds=30, what="the site has not said how much")
    assert said == [b"0"]
