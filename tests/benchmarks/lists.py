"""Do staff's lists get slower as their tables grow? ``python -m tests.benchmarks.lists``

Fills each table by SQL with few rows and with 1,000,000 (``--rows 10000000``; on SQLite at most 100,000), and
asks Django's test client for pages of its list and for one row, without network or web server. Each page
shows as many rows in both, or it would be the rows that are measured. Three rounds by turns, the median of
five in each, the ratio within each round. No page may take more than ``at_most`` times as long in the large
table. On SQLite, and on the PostgreSQL that DATABASE_URL names, is found here or in the wheel.
``--of checks,exams`` measures some of them.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import django
from django.db import connection
from django.test import Client

from tests.benchmarks import list_of_customers, list_of_events, lists_of_orders
from tests.benchmarks.filling import dialect
from tests.benchmarks.ground import report
from tests.databases import Database
from tests.postgresql import NoPostgreSQLError, PostgreSQL
from tests.processes import Hireops
from tests.servers import postgresql

LARGE, LARGE_ON_SQLITE = 1_000_000, 100_000
ROUNDS, TIMES, WARM_UPS = 3, 5, 2
LINE = "{:<12}{:<10}{:<40}{:>16}{:>18}{:>8}  {}"


@dataclass(frozen=True)
class Subject:
    """A list: how it is filled, and the addresses of its pages by name."""

    small: int
    at_most: float
    fill: Callable[[int], None]
    pages: Callable[[int], dict[str, str]]


SUBJECTS = {
    "events": Subject(10_000, 2.0, list_of_events.fill, list_of_events.pages),
    "customers": Subject(1_000, 1.5, list_of_customers.fill, list_of_customers.pages),
    "checks": Subject(1_000, 1.5, lists_of_orders.fill_checks, lists_of_orders.pages_of_checks),
    "exams": Subject(1_000, 1.5, lists_of_orders.fill_exams, lists_of_orders.pages_of_exams),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Do staff's lists get slower as their tables grow?")
    parser.add_argument("--rows", type=int, default=LARGE)
    parser.add_argument("--of", default=",".join(SUBJECTS))
    chosen = parser.parse_args(arguments)
    large, names = chosen.rows, chosen.of.split(",")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    print(LINE.format("database", "list", "page", "rows: ms", "rows: ms", "times", ""))  # noqa: T201 - the output of a script
    ok = _compare_each(names, "SQLite", None, min(large, LARGE_ON_SQLITE))
    try:
        with postgresql(os.environ.get("DATABASE_URL", "")) as server:
            ok = _compare_each(names, "PostgreSQL", server, large) and ok
    except NoPostgreSQLError as reason:
        print(f"PostgreSQL is not measured: {reason}.")  # noqa: T201
    print("ok" if ok else "FAILED")  # noqa: T201
    return int(not ok)


def _compare_each(names: Sequence[str], kind: str, server: PostgreSQL | None, large: int) -> bool:
    passed = [_compare(kind, server, name, large) for name in names]
    return all(passed)


def _compare(kind: str, server: PostgreSQL | None, name: str, large: int) -> bool:
    """The tables by turns, because a machine changes its speed; the ratio of each turn, then medians."""
    subject = SUBJECTS[name]
    sizes = (subject.small, large)
    with ExitStack() as stack:
        tables = [stack.enter_context(_filled(server, name, rows)) for rows in sizes]
        rounds = [
            [_in_process(hireops, "measure", name, rows) for hireops, rows in tables] for _ in range(ROUNDS)
        ]
    worst = 0.0
    for page in rounds[0][0]:
        times = median(of_large[page] / of_small[page] for of_small, of_large in rounds)
        worst = max(worst, times)
        ms = [median(each[number][page] for each in rounds) for number in range(2)]
        cells = [f"{rows:,}: {each:.0f}" for rows, each in zip(sizes, ms, strict=True)]
        verdict = "" if times <= subject.at_most else f"SLOW (at most {subject.at_most})"
        print(LINE.format(kind, name, page, *cells, f"{times:.2f}", verdict), flush=True)  # noqa: T201
    return worst <= subject.at_most


@contextmanager
def _filled(server: PostgreSQL | None, name: str, rows: int) -> Iterator[tuple[Hireops, int]]:
    with (
        tempfile.TemporaryDirectory(prefix="hireops-bench-") as folder,
        _database(server, Path(folder), name, rows) as database,
    ):
        hireops = Hireops(database, Path(folder))
        hireops.manage("migrate", "--verbosity", "0")
        _in_process(hireops, "fill", name, rows)
        try:
            yield hireops, rows
        finally:
            hireops.kill_all()


def _in_process(hireops: Hireops, task: str, name: str, rows: int) -> dict[str, float]:
    """What the task reports, from a process that has the settings of hireops."""
    result = hireops.folder / "report.json"
    module = __spec__.name
    process = hireops.start(sys.executable, "-m", module, task, name, str(rows), REPORT=str(result))
    if process.wait():
        raise RuntimeError(hireops.output.read_text()[-3000:])
    reported: dict[str, float] = json.loads(result.read_text())
    return reported


@contextmanager
def _database(server: PostgreSQL | None, folder: Path, name: str, rows: int) -> Iterator[Database]:
    if server is None:
        yield Database(f"sqlite:///{folder / 'hireops.sqlite3'}")
        return
    database = f"bench_lists_{os.getpid()}_{name}_{rows}"
    server.execute(f'CREATE DATABASE "{database}"')
    try:
        yield Database(server.url_of(database))
    finally:
        server.drop_databases(database)


# --- In the process that has settings -----------------------------------------------------------------------


def _fill(name: str, rows: int) -> None:
    from hireops.guards.installing import lifted  # noqa: PLC0415 - only in the process that has settings

    with lifted(connection):  # they refuse rows that have ended before they began
        SUBJECTS[name].fill(rows)
    with connection.cursor() as cursor:
        cursor.execute(dialect().afterwards)
    report({})


def _measure(name: str, rows: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 - only in the process that has settings

    client = Client(headers={"host": "localhost"})
    client.force_login(
        User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    )
    report({page: _ms(client, address) for page, address in SUBJECTS[name].pages(rows).items()})


def _ms(client: Client, address: str) -> float:
    times = []
    for _ in range(WARM_UPS + TIMES):
        started = perf_counter()
        assert client.get(address).status_code == 200, address
        times.append((perf_counter() - started) * 1000)
    return median(times[WARM_UPS:])


TASKS = {"fill": _fill, "measure": _measure}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in TASKS:
        django.setup()
        TASKS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
