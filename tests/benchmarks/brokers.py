"""Which broker can stand in where there is no server? ``python -m tests.benchmarks.brokers [NAME ...]``

Prints one table: what two workers make of 3 x 500 messages (three runs), how long an idle worker takes to
hear a message, and what is lost with a worker that is killed. Takes about a minute for each broker.
docs/decisions/0003-a-folder-is-the-default-broker.md keeps a table and what follows from it.
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from kombu import Connection

from hireops import broker
from tests.servers import answers

ROOT = Path(__file__).resolve().parents[2]
PUBLISHERS, MESSAGES_EACH, RUNS = 3, 500, 3
PINGS, KILLED_AMONG = 30, 20
NO_PROGRESS_S = 10
EAGER = {"polling_interval": 0.01}  # so that readers catch up with the writers, which is where kombu's fails


@dataclass
class Broker:
    name: str
    url: str
    options: Mapping[str, object] = field(default_factory=dict)
    contention_options: Mapping[str, object] = field(default_factory=dict)


def brokers(folder: Path) -> list[Broker]:
    files = folder / "files"
    files.mkdir()
    stock = {
        "data_folder_in": str(files),
        "data_folder_out": str(files),
        "control_folder": str(folder / "control"),
    }
    return [
        Broker("filesystem", "filesystem://", stock, EAGER),
        Broker("embedded", f"embedded://{folder / 'embedded'}", {}, EAGER),
        # kombu hands every option of this one to SQLAlchemy: it polls once a second, whatever one asks for.
        Broker("sqla+sqlite", f"sqla+sqlite:///{folder / 'broker.sqlite3'}"),
        Broker("redis", os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")),
    ]


def missing(broker: Broker) -> str:
    """Why this broker cannot be measured here; empty if it can."""
    if broker.name == "sqla+sqlite":
        return "" if importlib.util.find_spec("sqlalchemy") else "not installed"
    if urlsplit(broker.url).hostname is None:
        return ""
    return "" if answers(broker.url) else "does not answer"


class Bench:
    """One queue of one broker, its workers, and the log that they write."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker = broker
        self.queue = f"bench-{os.getpid()}-{time.time_ns()}"
        self.log = folder / f"{self.queue}.log"
        self.log.touch()
        self.output = folder / f"{self.queue}.out"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.deaths = 0
        self.environment = {
            **os.environ,
            "BENCH_URL": broker.url,
            "BENCH_OPTIONS": json.dumps(broker.options),
            "BENCH_QUEUE": self.queue,
            "BENCH_LOG": str(self.log),
        }

    def start_worker(self, *pool: str) -> None:
        ready_before = self.output.read_text().count(" ready.") if self.output.exists() else 0
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tests.benchmarks.broker_app",
            "worker",
            "-l",
            "info",
        ]
        quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
        name = f"w{time.time_ns()}@%h"
        with self.output.open("ab") as output:
            self.workers.append(
                subprocess.Popen(
                    [*command, "-n", name, *quiet, *pool],
                    env=self.environment,
                    cwd=ROOT,
                    stdout=output,
                    stderr=output,
                )
            )
        wait_until(lambda: self.output.read_text().count(" ready.") > ready_before, 30)

    def replace_dead_workers(self) -> None:
        """As a process manager would, so that only what is truly lost counts as lost."""
        dead = [worker for worker in self.workers if worker.poll() is not None]
        self.deaths += len(dead)
        for worker in dead:
            self.workers.remove(worker)
            self.start_worker("--pool", "solo")

    def stop(self) -> None:
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(15)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        with _connection(self.broker) as connection:
            connection.SimpleQueue(self.queue).queue.delete()

    def publish(self, first: int, after_last: int) -> "subprocess.Popen[bytes]":
        module = [sys.executable, "-m", "tests.benchmarks.broker_app"]
        return subprocess.Popen([*module, str(first), str(after_last)], env=self.environment, cwd=ROOT)

    def send(self, connection: Connection, number: int, *, takes_s: float = 0.0) -> None:
        body = json.dumps([[number, time.time(), takes_s], {}, {}])
        headers = {"task": "tests.benchmarks.broker_app.note", "id": f"{self.queue}-{number}", "lang": "py"}
        queue = connection.SimpleQueue(self.queue)
        queue.put(body, headers=headers, content_type="application/json", content_encoding="utf-8")
        queue.close()

    def done(self) -> list[tuple[int, float]]:
        """The number of each message that was worked on, and how long after its publication."""
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [(int(number), float(delay)) for number, delay in lines]

    def has_done(self, count: int) -> bool:
        return len(self.done()) >= count

    def wait_for(self, count: int) -> None:
        """Until ``count`` messages are done, or nothing has moved for a while."""
        seen, since = 0, time.monotonic()
        while seen < count and time.monotonic() - since < NO_PROGRESS_S:
            time.sleep(0.02)
            self.replace_dead_workers()
            now_seen = len({number for number, _ in self.done()})
            if now_seen != seen:
                seen, since = now_seen, time.monotonic()


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain")
        time.sleep(0.05)


@contextmanager
def bench(broker: Broker, folder: Path) -> Iterator[Bench]:
    running = Bench(broker, folder)
    try:
        yield running
    finally:
        running.stop()


def measure_contention(broker: Broker, folder: Path) -> str:
    """``lost/double/deaths messages/s`` of one run; the rate runs from the first task to the last."""
    hurried = Broker(broker.name, broker.url, {**broker.options, **broker.contention_options})
    with bench(hurried, folder) as running:
        for _ in range(2):
            running.start_worker("--pool", "solo")
        starts = range(0, PUBLISHERS * MESSAGES_EACH, MESSAGES_EACH)
        publishers = [running.publish(start, start + MESSAGES_EACH) for start in starts]
        wait_until(partial(running.has_done, 1), 30)
        started = time.monotonic()
        running.wait_for(PUBLISHERS * MESSAGES_EACH)
        done = Counter(number for number, _ in running.done())
        seconds = running.log.stat().st_mtime - time.time() + time.monotonic() - started
        for publisher in publishers:
            publisher.wait()
        lost, double = PUBLISHERS * MESSAGES_EACH - len(done), sum(done.values()) - len(done)
        return f"{lost}/{double}/{running.deaths} {len(done) / seconds:.0f}/s"


def measure_delay(broker: Broker, folder: Path) -> str:
    """``median max`` milliseconds from publishing to the start of the task, the worker being idle."""
    with bench(broker, folder) as running, _connection(broker) as connection:
        running.start_worker("--pool", "threads", "--concurrency", "2")
        for number in range(PINGS):
            time.sleep(0.15 + 0.013 * number)  # so that no rhythm of the worker's polling is met
            running.send(connection, number)
            wait_until(partial(running.has_done, number + 1), 10)
        delays = [delay * 1000 for _, delay in running.done()]
        return f"{median(delays):.0f} / {max(delays):.0f} ms"


def measure_kill(broker: Broker, folder: Path) -> str:
    """How many of the messages are gone after a SIGKILL in the middle of two of them, and a new worker."""
    with bench(broker, folder) as running, _connection(broker) as connection:
        running.start_worker("--pool", "threads", "--concurrency", "2")
        for number in range(KILLED_AMONG):
            running.send(connection, number, takes_s=1.0)
        wait_until(partial(running.has_done, 4), 60)
        time.sleep(0.4)  # the next ones are being worked on now
        killed = running.workers.pop()
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        running.start_worker("--pool", "threads", "--concurrency", "2")
        running.wait_for(KILLED_AMONG)
        return f"{KILLED_AMONG - len({number for number, _ in running.done()})} of {KILLED_AMONG}"


def _connection(broker: Broker) -> Connection:
    return Connection(broker.url, transport_options=dict(broker.options))


def measure(broker: Broker, folder: Path) -> list[str]:
    if reason := missing(broker):
        return [broker.name, reason]
    runs = [measure_contention(broker, folder) for _ in range(RUNS)]
    return [broker.name, *runs, measure_delay(broker, folder), measure_kill(broker, folder)]


def main(names: list[str]) -> None:
    broker.register()
    runs = [f"run {run}" for run in range(1, RUNS + 1)]
    rows = [["broker", *runs, "delay: median / max", "lost by SIGKILL"]]
    with tempfile.TemporaryDirectory() as folder:
        for candidate in brokers(Path(folder)):
            if not names or candidate.name in names:
                rows.append(measure(candidate, Path(folder)))
                print(*rows[-1], sep="  ", flush=True, file=sys.stderr)  # noqa: T201 - so that one sees it move
    print("run: lost/double/worker deaths, messages/s")  # noqa: T201 - the output of a script
    for row in rows:
        print("".join(cell.ljust(21) for cell in row))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
