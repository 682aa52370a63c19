"""The real processes of hireops, for tests of what only processes can show: kills, restarts, races.

``hireops.web()`` starts a web server and gives its address; ``hireops.worker()`` and ``hireops.beat()`` start
the others. Each waits until the process is ready. ``hireops.stop(process)`` ends one as a process manager
does, ``hireops.kill(process)`` as a power cut does. What still runs when the test ends is killed.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import Database
from tests.environment import pinned
from tests.forked import Forked
from tests.template import template

BIN = Path(sys.executable).parent

Process = Forked


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(is_so: Callable[[], object], *, seconds: float = 10, what: str = "it was not so") -> None:
    """Returns as soon as ``is_so()`` is true; fails the test when that takes longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}, for {seconds} s")
        time.sleep(0.02)


class Hireops:
    """Processes that share a database, a broker, a folder and an ``environment``, which may be changed."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.environment = {
            **os.environ,
            **pinned(folder),
            "CELERY_BROKER_URL": f"embedded://{folder / 'doorbell'}",
            "DATABASE_URL": database.url,
            "DJANGO_SETTINGS_MODULE": "hireops.settings",
            "WEB_PORT": str(free_port()),
        }
        self.running: list[Process] = []

    def manage(self, *arguments: str) -> str:
        """What ``manage.py`` prints; fails the test if it fails."""
        return self.python("manage.py", *arguments)

    def python(self, *arguments: str, stdin: str = "") -> str:
        """What Python prints that is run with these arguments; fails the test if it fails."""
        output = self.folder / f"{time.monotonic_ns()}.txt"
        command = [sys.executable, *arguments]
        done = Forked(command, environment=self.environment, output=output, stdin=stdin.encode())
        assert done.wait() == 0, output.read_text()
        return output.read_text()

    def web(self, *options: str, **variables: str) -> str:
        """Starts a web server; its address, such as ``http://127.0.0.1:45321``."""
        port = variables.get("WEB_PORT", self.environment["WEB_PORT"])
        address = f"127.0.0.1:{port}"
        command = [str(BIN / "gunicorn"), "hireops.wsgi", "--bind", address, "--preload", "--threads", "4"]
        server = self.start(*command, *options, **variables)
        self._wait(server, lambda: self._is_serving(f"http://{address}/healthz"))
        return f"http://{address}"

    def worker(self, *options: str, **variables: str) -> Process:
        ready = self.folder / f"worker-{time.monotonic_ns()}.ready"
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        threads = ["--pool", "threads", "--concurrency", "2"]
        include = ["--include", "tests.worker_ready", "--hostname", f"{ready.stem}@test"]
        variables["HIREOPS_TEST_READY_FILE"] = str(ready)
        worker = self._celery("worker", *threads, *quiet, *include, *options, **variables)
        self._wait(worker, ready.exists)
        return worker

    def beat(self, *options: str, **variables: str) -> Process:
        schedule = self.folder / "beat"
        beat = ("-A", "hireops.beat", "beat", "--schedule", str(schedule), "--pidfile", "")
        return self.start(str(BIN / "celery"), *beat, *options, **variables)

    def _celery(self, *arguments: str, **variables: str) -> Process:
        return self.start(str(BIN / "celery"), "-A", "hireops", *arguments, **variables)

    def start(self, *command: str, **variables: str) -> Process:
        """Starts anything of Python here, with ``variables`` added; its output goes to ``output``."""
        process = Forked(list(command), environment={**self.environment, **variables}, output=self.output)
        self.running.append(process)
        return process

    @property
    def output(self) -> Path:
        return self.folder / "output.txt"

    def stop(self, process: Process) -> None:
        """As a process manager does: SIGTERM, and SIGKILL for one that has not ended after 20 s."""
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        self.kill(process)  # also children that it left behind

    def kill(self, process: Process) -> None:
        """Nothing is tidied up, neither by the process nor by its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        if process in self.running:
            self.running.remove(process)

    def kill_all(self) -> None:
        for process in list(self.running):
            self.kill(process)

    def _wait(self, process: Process, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{process.args!r} is not ready:\n{self.output.read_text()[-3000:]}")
            time.sleep(0.02)

    def _is_serving(self, url: str) -> bool:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError as answer:
            answer.close()
        except OSError:
            return False
        return True


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated database of this test's own, on SQLite or PostgreSQL as the run is."""
    database = template().copy(tmp_path)
    yield database
    database.drop()


@pytest.fixture
def hireops(database: Database, tmp_path: Path) -> Iterator[Hireops]:
    """The processes of hireops on a database and a doorbell of this test's own; none runs yet."""
    processes = Hireops(database, tmp_path)
    yield processes
    processes.kill_all()
