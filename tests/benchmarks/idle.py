"""How soon has an event had its effect that comes to an idle system? ``python -m tests.benchmarks.idle``

Two installations run beside each other, each with web server, worker and beat as supervisord.conf starts
them: one on PostgreSQL with Redis, if it answers; one without any server, on SQLite with a folder as its
broker. By turns each is sent an event every 1.3 s; the time runs from the 200 until the event is seen handled
by somebody who looks all the time. Ends with status 1 if with PostgreSQL one took more than 100 ms.

``--events 25``
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.event_load import Delivery, Feishu
from tests.benchmarks.event_targets import APP, HIREOPS, Place, Target
from tests.databases import Database
from tests.postgresql import NoPostgreSQLError
from tests.processes import Hireops
from tests.servers import postgresql

EVERY_S = 1.3
LOOKS_EVERY_S = 0.002
LONGEST_MS = 100.0


def with_servers(stack: ExitStack, folder: Path) -> Target:
    place = Place(stack.enter_context(postgresql(os.environ.get("DATABASE_URL", ""))), folder)
    stack.callback(place.drop_databases)
    return stack.enter_context(place.target(HIREOPS))


def without_servers(stack: ExitStack, folder: Path) -> Target:
    processes = Hireops(Database(f"sqlite:///{folder / 'hireops.sqlite3'}"), folder)
    stack.callback(processes.kill_all)
    processes.environment |= APP
    processes.manage("migrate", "--verbosity", "0")
    return Target(HIREOPS, {}, processes, f"embedded://{folder / 'doorbell'}")


def start(target: Target, events: Iterator[Delivery]) -> None:
    target.start_web()
    target.start_worker()
    target.start_beat()
    target.sender.as_fast_as_possible(islice(events, 20))  # each thread of it has a connection then
    if left := target.wait_until_all_is_handled():
        raise RuntimeError(f"{left} events are never handled")


def took_ms(target: Target, event: Delivery) -> float:
    handled = target.handled()
    target.sender.as_fast_as_possible(iter([event]))
    answered = time.perf_counter()
    while target.handled() == handled:
        time.sleep(LOOKS_EVERY_S)
    return (time.perf_counter() - answered) * 1000


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="How soon an event is handled that comes to an idle system.")
    parser.add_argument("--events", type=int, default=25)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    events = Feishu(seed=7).mixed(100 + 2 * options.events)
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix="hireops-bench-"))) for _ in range(2)]
        try:
            targets = [with_servers(stack, folders[0]), without_servers(stack, folders[1])]
        except NoPostgreSQLError as reason:
            print(f"This needs PostgreSQL: {reason}.")  # noqa: T201 - the output of a script
            return 1
        for target in targets:
            start(target, events)
        took: list[list[float]] = [[], []]
        for turn in range(2 * options.events):
            due = time.monotonic() + EVERY_S / 2
            took[turn % 2].append(took_ms(targets[turn % 2], next(events)))
            time.sleep(max(0.0, due - time.monotonic()))
    for name, each in zip(("PostgreSQL and a broker", "SQLite and a folder"), took, strict=True):
        slowest = ", ".join(f"{ms:.0f}" for ms in sorted(each)[:-6:-1])
        print(f"{name:<26}median {median(each):4.0f} ms, longest {max(each):4.0f} ms   ({slowest})")  # noqa: T201
    return int(max(took[0]) > LONGEST_MS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
