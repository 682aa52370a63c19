"""What a year of events takes on disk, and what forgetting a month costs.

``python -m tests.benchmarks.retention``

Fills a database of PostgreSQL with a year of events (``--events 50000000``), of which the last four months
still have what they said, as with ``INBOX_KEEP_DAYS`` of 90. Then, while events come at 100/s:

- drops the oldest month of contents, as the night does,
- deletes the next one row by row, as one would without months, for comparison.

On the server in DATABASE_URL, one found here, or the one in the wheel. 50 million take about 57 GB and half
an hour. ``--keep`` leaves the database behind for the next time.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

import psycopg

from hireops.database.months import after, begins, month_of
from tests.benchmarks.company.rows import INDEXES
from tests.databases import Database
from tests.postgresql import PostgreSQL
from tests.processes import Hireops
from tests.servers import postgresql

EVENTS = 50_000_000
MONTHS, WITH_CONTENT = 12, 4
PER_SECOND = 100
GB, MB = 10**9, 10**6
# A balance event such as the contract has it (contract 2.8), as it is kept: encrypted, and as JSON.
RAW_BYTES = 460
PAYLOAD = json.dumps(
    {
        "schema": "2.0",
        "header": {
            "event_id": "5e3702a84e847582be8db7fb73283c02",
            "event_type": "hire.referral_account.assets_update_v1",
            "create_time": "1608725989000",
            "token": "***",
            "app_id": "cli_9f5343c580712544",
            "tenant_key": "2ca1d211f64f6438",
        },
        "event": {
            "account_id": "6942778198054125570",
            "assets": {
                "confirmed_bonus": {
                    "point_bonus": 100,
                    "cash_bonus": [{"currency_type": "CNY", "amount": 1234.5}],
                }
            },
            "modify_time": "1608725989000",
        },
    }
)
FILL_EVENTS = """
    INSERT INTO inbox_event (app_id, event_id, event_type, tenant_key, created_at, received_at, digest, state,
        subject, handled_at, not_before, tries)
    SELECT 'cli_9f5343c580712544', md5(n::text), 'hire.referral_account.assets_update_v1', '2ca1d211f64f6438',
        at, at, encode(sha256(n::text::bytea), 'hex'), 'handled', (6942778198000000000 + n %% 1000000)::text,
        at, NULL, 1
    FROM (
        SELECT n, %s::timestamptz + (n - %s) * %s::interval AS at FROM generate_series(%s, %s) AS n
    ) AS events
"""
FILL_CONTENTS = """
    INSERT INTO inbox_eventcontent (event_id, month, raw, payload)
    SELECT id, %s, decode(repeat(md5(id::text), %s), 'hex'), %s::jsonb
    FROM inbox_event WHERE received_at >= %s AND received_at < %s ORDER BY id
"""
FILL_ATTEMPTS = """
    INSERT INTO inbox_attempt (event_id, month, started_at, finished_at, outcome, error)
    SELECT id, %s, received_at, received_at, 'handled', ''
    FROM inbox_event WHERE received_at >= %s AND received_at < %s ORDER BY id
"""
ARRIVES = """
    WITH event AS (
        INSERT INTO inbox_event (app_id, event_id, event_type, tenant_key, digest, state)
        VALUES ('cli_9f5343c580712544', gen_random_uuid()::text, 'x', 't', '', 'pending') RETURNING id
    )
    INSERT INTO inbox_eventcontent (event_id, raw, payload) SELECT id, 'x', '{}' FROM event
"""
SIZE = """
    SELECT coalesce(sum(pg_table_size(relid)), 0)::bigint, coalesce(sum(pg_indexes_size(relid)), 0)::bigint
    FROM pg_partition_tree(%s) WHERE isleaf
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="What a year of events takes, and how a month is forgotten.")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args(arguments)
    with postgresql(os.environ.get("DATABASE_URL", "")) as server, _filled(server, chosen) as link:
        _tell_sizes(link)
        for forget in (_drop_oldest, _delete_oldest):
            with _arriving(server, str(link.info.dbname)) as took:
                _tell_forgetting(link, forget, took)
    return 0


def _months() -> list[int]:
    this = month_of(datetime.now(UTC))
    return [after(this, months=-ago) for ago in range(MONTHS - 1, -1, -1)]


# --- Filling


@contextmanager
def _filled(server: PostgreSQL, chosen: argparse.Namespace) -> Iterator[psycopg.Connection]:
    kept = f"bench_retention_{chosen.events}"
    name = kept if chosen.keep else f"{kept}_{os.getpid()}"
    is_there = bool(server.execute("SELECT 1 FROM pg_database WHERE datname = %s", name))
    if not is_there:
        server.execute(f'CREATE DATABASE "{name}"')
    with tempfile.TemporaryDirectory(prefix="hireops-bench-") as folder:
        hireops = Hireops(Database(server.url_of(name)), Path(folder))
        try:
            hireops.manage("migrate", "--verbosity", "0")
            with server.connect(name) as link:
                if not is_there:
                    started = perf_counter()
                    _fill(link, chosen.events)
                    _say(f"{chosen.events:,} events filled in {perf_counter() - started:.0f} s")
                yield link
        finally:
            hireops.kill_all()
            if not chosen.keep:
                hireops.database.drop()


def _fill(link: psycopg.Connection, events: int) -> None:
    link.execute("SET session_replication_role = replica")  # no guards: nothing is there to be looked at
    definitions = link.execute(INDEXES, ["inbox_event", "CREATE UNIQUE%", "inbox_event"]).fetchall()
    for index, _definition in definitions:
        link.execute(f'DROP INDEX "{index}"'.encode())
    months, of_each = _months(), events // MONTHS
    for number, month in enumerate(months):
        first, start = number * of_each + 1, begins(month)
        step = (begins(after(month)) - start) / of_each
        link.execute(FILL_EVENTS, [start, first, step, first, first + of_each - 1])
    for _index, definition in definitions:
        link.execute(definition.encode())
    for number, month in enumerate(months):
        bounds = [begins(month), begins(after(month))]
        for table in ("inbox_eventcontent", "inbox_attempt"):
            link.execute(f"SELECT {table}_make_month(%s)".encode(), [month])
        link.execute(FILL_ATTEMPTS, [month, *bounds])
        if number >= MONTHS - WITH_CONTENT:
            link.execute(FILL_CONTENTS, [month, RAW_BYTES // 16, PAYLOAD, *bounds])
    link.execute("VACUUM ANALYZE")
    link.execute("SET session_replication_role = origin")


# --- What it takes


def _tell_sizes(link: psycopg.Connection) -> None:
    _say(f"{'':<24}{'rows':>14}{'rows: GB':>10}{'indexes: GB':>13}{'bytes each':>12}")
    for table in ("inbox_event", "inbox_eventcontent", "inbox_attempt"):
        (rows,) = _one(link, f"SELECT count(*) FROM {table}")
        if table == "inbox_event":
            heap, indexes = _one(link, f"SELECT pg_table_size('{table}'), pg_indexes_size('{table}')")
        else:
            heap, indexes = _one(link, SIZE, [table])
        each = (heap + indexes) / rows
        _say(f"{table:<24}{rows:>14,}{heap / GB:>10.1f}{indexes / GB:>13.1f}{each:>12.0f}")


@contextmanager
def _arriving(server: PostgreSQL, database: str) -> Iterator[list[float]]:
    """Milliseconds that each event took to be kept, which come meanwhile."""
    took: list[float] = []
    over = Event()

    def send() -> None:
        with server.connect(database) as link:
            while not over.wait(1 / PER_SECOND):
                started = perf_counter()
                link.execute(ARRIVES)
                took.append((perf_counter() - started) * 1000)

    sender = Thread(target=send)
    sender.start()
    sleep(2)
    try:
        yield took
    finally:
        over.set()
        sender.join()


def _tell_forgetting(link: psycopg.Connection, forget: Any, took: list[float]) -> None:
    (before,) = _one(link, "SELECT pg_current_wal_insert_lsn()")
    known, started = len(took), perf_counter()
    what, rows = forget(link)
    seconds = perf_counter() - started
    (wal,) = _one(link, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", [before])
    sleep(0.5)
    longest = max(took[known - 1 :])
    _say(
        f"{what}: {rows:,} rows in {seconds:.2f} s, {float(wal) / MB:,.1f} MB of WAL; "
        f"the longest that an event waited meanwhile: {longest:.0f} ms"
    )


def _drop_oldest(link: psycopg.Connection) -> tuple[str, int]:
    month = _oldest(link)
    (rows,) = _one(
        link, f"SELECT reltuples::bigint FROM pg_class WHERE relname = 'inbox_eventcontent_{month}'"
    )
    (is_dropped,) = _one(link, "SELECT inbox_eventcontent_drop_month(%s)", [month])
    assert is_dropped, f"{month} is still needed"
    return "a month dropped", rows


def _delete_oldest(link: psycopg.Connection) -> tuple[str, int]:
    month = _oldest(link)
    cursor = link.execute("DELETE FROM inbox_eventcontent WHERE month = %s", [month])
    rows = cursor.rowcount
    link.execute(f"VACUUM inbox_eventcontent_{month}".encode())
    return "a month deleted row by row, and its room given back", rows


def _oldest(link: psycopg.Connection) -> int:
    names = "SELECT relname FROM pg_class WHERE relname ~ '^inbox_eventcontent_[0-9]{6}$' AND reltuples > 0"
    (oldest,) = _one(link, f"SELECT min(right(relname, 6)) FROM ({names}) AS filled")
    return int(oldest)


def _one(link: psycopg.Connection, statement: str, parameters: list[Any] | None = None) -> Any:
    return link.execute(statement.encode(), parameters).fetchone()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the output of a script


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
