"""``python -m tests.fuzz``: cases by the million against the webhook; ``make fuzz`` calls it.

On SQLite in a temporary folder, or on databases of its own on the PostgreSQL that ``DATABASE_URL`` names.
A fault is told with the seed of its case: ``--case SEED`` (or ``--wire-case SEED``) repeats that one alone,
and shows it. Ends with 1 if anything was wrong.
"""

import argparse
import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any
from urllib.parse import urlsplit

from tests.databases import Database, new_database
from tests.environment import pinned
from tests.fuzz.cases import case
from tests.fuzz.judging import Judge, Tally
from tests.fuzz.keys import ENVIRONMENT
from tests.fuzz.running import (
    GROWTH_ALLOWED,
    Progress,
    Result,
    application,
    case_seed,
    resident,
    settle_in,
    work,
)
from tests.fuzz.wire import HEALTHY_EVERY, Wire
from tests.processes import Hireops

WIRE_SHARE = 500  # one case of so many goes over a socket
SAY_EVERY_S = 10.0
LOOK_AFTER_S = 5.0


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def migrated(folder: Path) -> Iterator[Database]:
    """The database that all others are copies of; the environment of this process is then the fuzzer's."""
    given = os.environ.get("DATABASE_URL")
    os.environ.update({**pinned(folder), **ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "tests.fuzz.settings"})
    if given:
        os.environ["DATABASE_URL"] = given
    with new_database(folder) as database:
        Hireops(database, folder).manage("migrate", "--verbosity", "0")
        yield database


def fuzzed(database: Database, folder: Path) -> Hireops:
    hireops = Hireops(database, folder)
    hireops.environment.update(ENVIRONMENT)
    return hireops


# --- Processes ---------------------------------------------------------------------------------------------


class Crew:
    """The processes, and what they tell."""

    def __init__(self, seed: int, shares: list[range], databases: list[Database], folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.told = context.Queue()
        self.results: list[Result] = []
        self.done, self.total = 0, sum(len(share) for share in shares)
        self.started = self.said_at = time.monotonic()
        self.processes = [
            context.Process(target=work, args=(database.url, folder / f"{number}", seed, share, self.told))
            for number, (database, share) in enumerate(zip(databases, shares, strict=True))
        ]
        for process in self.processes:
            process.start()

    def wait(self) -> None:
        while len(self.results) < len(self.processes):
            try:
                news = self.told.get(timeout=LOOK_AFTER_S)
            except Empty:
                if any(process.exitcode for process in self.processes):
                    sys.exit("fuzz: a process ended before its time")
                continue
            if isinstance(news, Result):
                self.results.append(news)
            else:
                self._tell(news)
        for process in self.processes:
            process.join()

    def _tell(self, news: Progress) -> None:
        self.done += news.done
        if time.monotonic() - self.said_at > SAY_EVERY_S:
            self.said_at = time.monotonic()
            seconds = self.said_at - self.started
            say(f"{self.done:>9,} cases, {self.done / seconds:,.0f} a second, {news.rss:.0f} MiB")

    def end(self) -> None:
        for process in self.processes:
            process.kill()


def over_the_wire(hireops: Hireops, seed: int, cases: int) -> Result:
    """Broken HTTP at a real web server, whose worker is watched."""
    address = urlsplit(hireops.web("--workers", "1", "--no-control-socket", "--log-level", "critical"))
    (server,) = hireops.running
    (worker,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    wire, result, started = (
        Wire((str(address.hostname), int(address.port or 0)), hireops.database),
        Result(),
        time.monotonic(),
    )
    for number in range(cases):
        wire.try_case(case_seed(~seed & (1 << 64) - 1, number))
        if number % HEALTHY_EVERY == 0:
            wire.be_healthy(case_seed(~seed & (1 << 64) - 1, number))
        if number == cases // 5:
            result.rss_warm = resident(worker)
    wire.settle()
    result.rss_end, result.seconds, result.tally = resident(worker), time.monotonic() - started, wire.tally
    hireops.stop(server)
    return result


# --- What was found ----------------------------------------------------------------------------------------


def summarise(results: dict[str, Result], seed: int, seconds: float) -> bool:
    """The tables; whether all was well."""
    tally = Tally()
    for result in results.values():
        tally.add(result.tally)
    tell_counts(tally)
    say(f"{'process':<20}{'seconds':>9}{'a second':>10}{'MiB warm':>10}{'MiB end':>10}{'growth':>8}")
    for name, result in results.items():
        pace = result.tally.cases / result.seconds
        memory = f"{result.rss_warm:>10.1f}{result.rss_end:>10.1f}{result.growth:>+8.1f}"
        say(f"{name:<20}{result.seconds:>9.1f}{pace:>10,.0f}{memory}")
    share = tally.signed / max(tally.deliveries, 1)
    say(
        f"seed {seed}: {tally.cases:,} cases, {tally.deliveries:,} deliveries "
        f"({share:.0%} rightly signed and for us) in {seconds:.0f} s"
    )
    tell_faults(tally)
    grown = {name: result for name, result in results.items() if result.growth > GROWTH_ALLOWED}
    for name, result in grown.items():
        say("\n".join([f"\nMEMORY: {name} grew by {result.growth:.1f} MiB", *result.allocated]))
    say(f"\n{tally.faults.total():,} faults, {len(grown)} processes grew")
    return not tally.faults and not grown


def tell_counts(tally: Tally) -> None:
    stored = {name: getattr(tally, name) for name in ("events", "unreadable", "conflicts")}
    tables: dict[str, Mapping[Any, int]] = {
        "cases": tally.kinds,
        "statuses (0: the connection ended without one)": tally.statuses,
        "stored": stored,
    }
    for title, table in tables.items():
        say(f"\n{title}")
        for name in sorted(table):
            say(f"  {name:<42}{table[name]:>10,}")
    say()


def tell_faults(tally: Tally) -> None:
    for what, count in tally.faults.most_common():
        say(f"\nFAULT, {count:,} times: {what}")
        for example in tally.examples[what]:
            say(f"  python -m tests.fuzz {example}")


def show(judge: Judge, seed: int) -> bool:
    """One case alone, with all that it says and what becomes of it."""
    one = case(seed)
    say(f"case {seed}: {one.kind}")
    for delivery, wanted, answer in judge.try_case(one):
        say(f"\n{delivery.method} with Content-Length {delivery.content_length!r:.60}")
        for name, value in delivery.headers.items():
            say(f"  {name}: {value!r:.200}")
        say(f"  body of {len(delivery.body)} bytes: {delivery.body!r:.400}")
        say(f"  says: {wanted.content!r:.1000}")
        say(f"  expected {sorted(wanted.statuses)}, {wanted.keeps.value}")
        say(f"  answered {answer.status} {answer.content!r:.300}")
        if answer.error:
            say(answer.error)
    judge.settle()
    for what in judge.tally.faults:
        say(f"FAULT: {what}")
    return not judge.tally.faults


# --- Entry -------------------------------------------------------------------------------------------------


def fuzz(seed: int, cases: int, processes: int, folder: Path, template: Database) -> bool:
    wire_cases = cases // WIRE_SHARE
    inside = cases - wire_cases
    shares = [
        range(inside * number // processes, inside * (number + 1) // processes) for number in range(processes)
    ]
    databases = []
    for number in range(processes + 1):
        (folder / f"{number}").mkdir()
        databases.append(template.copy(folder / f"{number}"))
    say(f"{cases:,} cases from seed {seed} on {urlsplit(template.url).scheme}, {processes} processes")
    started = time.monotonic()
    hireops = fuzzed(databases[-1], folder / f"{processes}")
    crew = Crew(seed, shares, databases[:-1], folder)
    try:
        wire = over_the_wire(hireops, seed, wire_cases) if wire_cases else None
        crew.wait()
    finally:
        crew.end()
        hireops.kill_all()
        for database in databases:
            database.drop()
    results = {f"inside, process {number}": each for number, each in enumerate(crew.results, 1)}
    if wire:
        results["over the wire"] = wire
    return summarise(results, seed, time.monotonic() - started)


def one_alone(arguments: argparse.Namespace, folder: Path, template: Database) -> bool:
    (folder / "alone").mkdir()
    database = template.copy(folder / "alone")
    try:
        if arguments.case is not None:
            settle_in(database.url, folder / "alone")
            return show(Judge(application()), arguments.case)
        hireops = fuzzed(database, folder / "alone")
        try:
            address = urlsplit(hireops.web("--workers", "1", "--no-control-socket"))
            wire = Wire((str(address.hostname), int(address.port or 0)), database)
            sent, answer = wire.try_case(arguments.wire_case)
            wire.settle()
        finally:
            hireops.kill_all()
        say(f"sent {sent!r:.3000}\n\nanswered {answer!r:.1000}\n\n{dict(wire.tally.faults) or 'no faults'}")
        say(hireops.output.read_text()[-3000:])
        return not wire.tally.faults
    finally:
        database.drop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--seed", type=int, default=secrets.randbits(32), help="of the run; else a random one"
    )
    parser.add_argument("--case", type=int, help="the seed of one case, to be shown alone")
    parser.add_argument("--wire-case", type=int, help="the same, over a socket")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    is_alone = arguments.case is not None or arguments.wire_case is not None
    with tempfile.TemporaryDirectory(prefix="hireops-fuzz-") as name, migrated(Path(name)) as template:
        if is_alone:
            return 0 if one_alone(arguments, Path(name), template) else 1
        well = fuzz(arguments.seed, arguments.cases, arguments.processes, Path(name), template)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
