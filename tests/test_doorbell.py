"""Ringing for a worker may never cost its caller anything: hireops/doorbell.py."""

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter, sleep
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import Celery
from kombu import Connection

from hireops import broker, doorbell
from tests.environment import ROOT, pinned
from tests.processes import Hireops, free_port, wait_until
from tests.servers import brokers, delete_queues

pytestmark = pytest.mark.slow

RINGS = 200
TASK = "hireops.inbox.tasks.drain"

Ring = Callable[[], None]


@pytest.fixture
def queue_name() -> str:
    """A queue of this test's own, on servers that others use too."""
    return f"bell-{uuid4()}"


@pytest.fixture
def bell_at(monkeypatch: pytest.MonkeyPatch, queue_name: str) -> Callable[[str], Ring]:
    """``bell_at(url)`` is a function that rings for ``TASK`` at the broker there."""
    monkeypatch.setattr(doorbell, "PAUSE_AFTER_FAILURE_S", 0.2)
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # Celery prefers it to what it is told
    broker.register()

    def bell_at(url: str) -> Ring:
        app = Celery("bell", broker=url, set_as_current=False)
        app.conf.task_default_queue = queue_name
        monkeypatch.setattr(doorbell, "app", app)
        monkeypatch.setattr(doorbell, "_doorbell", doorbell.Doorbell())
        task = app.task(name=TASK, shared=False)(nothing)
        return lambda: doorbell.ring(task)

    return bell_at


def nothing() -> None:
    """Stands for a task; here nobody runs it."""


def slowest_ms(ring: Ring) -> float:
    """The slowest of 200 rings that are spread over a good second."""

    def one() -> float:
        sleep(0.006)
        started = perf_counter()
        ring()
        return (perf_counter() - started) * 1000

    return max(one() for _ in range(RINGS))


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=512)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:{}/0", "amqp://guest:hunter2@127.0.0.1:{}//"])
def test_ringing_at_a_dead_broker_returns_at_once(
    url: str, bell_at: Callable[[str], Ring], caplog: pytest.LogCaptureFixture
) -> None:
    ring = bell_at(url.format(free_port()))

    with caplog.at_level(logging.WARNING):
        assert slowest_ms(ring) < 250  # the broker's timeout is 500
        wait_until(lambda: TASK in caplog.text, seconds=5, what="no warning")

    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:{}/0", "amqp://guest:hunter2@127.0.0.1:{}//"])
def test_ringing_at_a_broker_that_accepts_and_never_answers_returns_at_once(
    url: str, bell_at: Callable[[str], Ring], caplog: pytest.LogCaptureFixture
) -> None:
    with silent_server() as port, caplog.at_level(logging.WARNING):
        ring = bell_at(url.format(port))

        assert slowest_ms(ring) < 250  # the broker's timeout is 500
        wait_until(lambda: TASK in caplog.text, seconds=5, what="no warning")

    assert "hunter2" not in caplog.text


def test_a_broker_that_does_not_answer_is_asked_only_now_and_then(
    bell_at: Callable[[str], Ring], caplog: pytest.LogCaptureFixture
) -> None:
    ring = bell_at(f"redis://127.0.0.1:{free_port()}/0")

    with caplog.at_level(logging.WARNING, logger=doorbell.logger.name):
        slowest_ms(ring)

    assert 1 <= len(caplog.records) <= 12  # a second and a half, with a pause of 0.2 s after each failure


def waiting(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.message") if "pidbox" not in str(file)]


def test_rings_close_to_each_other_are_joined(bell_at: Callable[[str], Ring], tmp_path: Path) -> None:
    ring = bell_at(f"embedded://{tmp_path}")

    for _ in range(RINGS):
        ring()
    wait_until(lambda: waiting(tmp_path), what="no ring arrived")
    sleep(0.3)

    assert 1 <= len(waiting(tmp_path)) <= 3


def test_rings_arrive_again_after_the_folder_of_the_broker_was_out_of_reach(
    bell_at: Callable[[str], Ring], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "doorbell"
    folder.write_text("a file in the way")
    ring = bell_at(f"embedded://{folder}")
    ring()
    wait_until(lambda: TASK in caplog.text, what="no warning")

    folder.unlink()
    ring()

    wait_until(lambda: waiting(folder), what="no ring arrived")


class Gate:
    """A port in front of a server: silent at first; ``open()`` lets everything through."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]

    def open(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                outside, _ = self._listener.accept()
            except OSError:  # closed
                return
            inside = socket.create_connection(self.server)
            for source, sink in ((outside, inside), (inside, outside)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:  # the other direction has closed both
            return
        finally:
            source.close()
            sink.close()


@pytest.mark.parametrize("family", ["redis", "rabbitmq"])
def test_rings_arrive_again_after_the_server_answers_again(
    family: str, queue_name: str, bell_at: Callable[[str], Ring], caplog: pytest.LogCaptureFixture
) -> None:
    if family not in (here := brokers()):
        pytest.skip(f"no {family} answers here")
    parts = urlsplit(here[family])
    credentials = parts.netloc.rpartition("@")[0]
    gate = Gate((parts.hostname or "127.0.0.1", parts.port or {"redis": 6379, "rabbitmq": 5672}[family]))
    with closing(gate):
        netloc = f"{credentials}@" if credentials else ""
        ring = bell_at(parts._replace(netloc=f"{netloc}127.0.0.1:{gate.port}").geturl())
        ring()
        wait_until(lambda: TASK in caplog.text, what="no warning")

        gate.open()
        with Connection(here[family]) as connection:
            queue = connection.SimpleQueue(queue_name, no_ack=True)
            ring()
            message = queue.get(timeout=10)
            queue.queue(connection.default_channel).delete()

    assert message.headers["task"] == TASK


def test_two_workers_on_hosts_of_one_name_both_work(hireops: Hireops, queue_name: str) -> None:
    if "rabbitmq" not in (here := brokers()):
        pytest.skip("no rabbitmq answers here")
    hireops.environment |= {
        "CELERY_BROKER_URL": here["rabbitmq"],
        "DJANGO_SETTINGS_MODULE": "tests.drills.own_queue",
        "HIREOPS_DRILL_QUEUE": queue_name,
    }
    same = ("--hostname", f"{queue_name}@a-copied-machine")

    try:
        workers = [hireops.worker(*same), hireops.worker(*same)]

        assert [worker.poll() for worker in workers] == [None, None]
    finally:
        hireops.kill_all()
        delete_queues(here["rabbitmq"], queue_name)


RING_ACROSS_A_FORK = """
import os, sys, time
from hireops import doorbell
from hireops.celery import app

def nothing():
    pass

first, second = (app.task(name=name)(nothing) for name in ("first", "second"))
doorbell.ring(first)
time.sleep(0.3)
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
doorbell.ring(second)
time.sleep(0.5)
os._exit(0)
"""


def test_a_forked_process_rings_too(tmp_path: Path) -> None:
    environment = os.environ | pinned(tmp_path) | {"CELERY_BROKER_URL": f"embedded://{tmp_path}"}
    environment["DJANGO_SETTINGS_MODULE"] = "hireops.settings"
    # Python 3.12 and newer warn of any fork of a process that has threads, as this one has on purpose.
    command = [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", RING_ACROSS_A_FORK]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    rung = sorted(
        name for name in ("first", "second") for file in waiting(tmp_path) if name in file.read_text()
    )
    assert rung == ["first", "second"]


FIRST_RING = """
import os, sys, time
from pathlib import Path
import hireops.wsgi
from hireops import doorbell
from hireops.inbox.tasks import drain

loaded = set(sys.modules)
doorbell.ring(drain)
while not list(Path(os.environ["VAR_DIR"]).rglob("*.message")):
    time.sleep(0.1)
print(*set(sys.modules) - loaded)
"""


def test_an_event_waits_for_nothing_to_be_loaded_before_its_process_rings_for_the_first_time(
    tmp_path: Path,
) -> None:
    environment = os.environ | pinned(tmp_path)
    command = [sys.executable, "-c", FIRST_RING]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
