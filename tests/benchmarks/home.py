"""What the home page of each role costs: ``python -m tests.benchmarks.home``

In the small company (``company``; ``--rows 100000`` for another), by Django's test client: queries, CPU
time of this process, bytes of the page as it is and compressed, and how many requests a browser makes that
has nothing of it yet: the page, its style sheets, scripts and pictures. On PostgreSQL, as ``pages.py``.
"""

import argparse
import gzip
import os
import re
import sys
from statistics import median
from time import process_time
from typing import Any

from django.db import connection
from django.test import Client

from tests.benchmarks.ground import report
from tests.servers import postgresql

TIMES = 7
LINE = "{:<18}{:>9}{:>9}{:>9}{:>9}{:>10}"
PART = re.compile(rb"""<(?:script|img)[^>]* src="|<link[^>]* rel="(?:stylesheet|icon)\"""")


def main(arguments: list[str]) -> int:
    from tests.benchmarks import pages  # noqa: PLC0415 - it names this module

    parser = argparse.ArgumentParser(description="What the home page of each role costs.")
    parser.add_argument("--rows", type=int, default=pages.SMALL)
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args(arguments)
    with (
        postgresql(os.environ.get("DATABASE_URL", "")) as server,
        pages.filled(server, chosen.rows, keep=chosen.keep) as hireops,
    ):
        found = pages.in_process(hireops, "weigh")
    print(LINE.format("role", "queries", "CPU ms", "bytes", "gzip", "requests"))  # noqa: T201 - the output of a script
    for role, figures in found.items():
        print(LINE.format(role, *figures))  # noqa: T201
    return 0


def weigh() -> None:
    """In the process that has settings."""
    from tests.benchmarks.pages import people  # noqa: PLC0415 - it names this module

    report({role: _figures(person) for role, person in people().items()})


def _figures(person: Any) -> list[int]:
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    client.get("/admin/")  # what is read once for each process is no part of it
    queries: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        queries.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        page = client.get("/admin/").content
    times = []
    for _time in range(TIMES):
        started = process_time()
        client.get("/admin/")
        times.append((process_time() - started) * 1000)
    requests = 1 + len(PART.findall(page))
    return [len(queries), round(median(times)), len(page), len(gzip.compress(page)), requests]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
