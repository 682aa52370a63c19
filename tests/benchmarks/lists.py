"""Does staff's list of events get slower as the table grows? ``python -m tests.benchmarks.lists``

Fills the table by SQL with 10,000 events and with 1,000,000 (``--rows 10000000``; on SQLite at most 100,000),
spread over 100 days, and asks Django's test client for pages of the list and for one event, without network
or web server. Each page shows as many rows in both, or it would be the rows that are measured. No page may
take more than twice as long in the large table: three rounds by turns, the median of five in each, the ratio
within each round. On SQLite, and on the PostgreSQL that DATABASE_URL names, is found here or in the wheel.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

import django
from django.test import Client

from tests.benchmarks.ground import report
from tests.databases import Database
from tests.postgresql import NoPostgreSQLError, PostgreSQL
from tests.processes import Hireops
from tests.servers import postgresql

LIST = "/admin/inbox/event/"
SMALL, LARGE, LARGE_ON_SQLITE = 10_000, 1_000_000, 100_000
DAYS, TENANTS = 100, 4
ROUNDS, TIMES, WARM_UPS = 3, 5, 2
AT_MOST = 2.0
BALANCE, BINDING, RARE = (
    "hire.referral_account.assets_update_v1",
    "hire.eco_account.created_v1",
    "test.only_among_the_oldest_v1",
)
LINE = "{:<12}{:<44}{:>16}{:>18}{:>8}  {}"


@dataclass(frozen=True)
class Dialect:
    """Where SQLite and PostgreSQL differ; ``{rows}`` and ``{seconds}`` are filled in."""

    numbers: str
    moment: str
    as_json: str
    afterwards: str


DIALECTS = {
    "PostgreSQL": Dialect(
        numbers="numbers(n) AS (SELECT * FROM generate_series(1, {rows}))",
        moment="now() - make_interval(secs => {seconds})",
        as_json="::jsonb",
        afterwards="VACUUM ANALYZE",
    ),
    "SQLite": Dialect(
        numbers="RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})",
        moment="strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({seconds}) || ' seconds')",
        as_json="",
        afterwards="PRAGMA optimize",
    ),
}
PAYLOAD = """{"schema": "2.0", "header": {"event_id": "event-NUMBER", "app_id": "cli_demo00000000001",
"create_time": "1763700000000", "tenant_key": "tenant_1"}, "event": {"account_id": "a-77", "modify_time":
"1763700000000", "assets": {"confirmed_bonus": {"point_bonus": NUMBER, "cash_bonus": []}}}}"""
# The oldest hundred have a type and a state that nothing else has: statistics hardly know of them.
EVENTS = """
    WITH {numbers}
    INSERT INTO inbox_event
        (app_id, event_id, event_type, tenant_key, created_at, received_at, raw, payload, digest,
         state, reason, cause, subject, handled_at, not_before, tries)
    SELECT 'cli_demo00000000001', 'event-' || n,
           CASE WHEN n <= 100 THEN '{rare}' WHEN n / 3 % 2 = 0 THEN '{balance}' ELSE '{binding}' END,
           'tenant_' || (n / 5 % {tenants}), {moment}, {moment}, '',
           replace('{payload}', 'NUMBER', '' || n){as_json}, '', state, '', '',
           CASE WHEN n % 2 = 0 THEN 'account-' || (n / 2 % 100) ELSE 'once-' || n END,
           CASE WHEN state = 'handled' THEN {moment} END, NULL, 1
    FROM (
        SELECT n, CASE WHEN n <= 100 THEN 'set_aside' WHEN n % 50 = 0 THEN 'failed' ELSE 'handled' END
               AS state
        FROM numbers
    ) AS events
    ORDER BY n
"""
ATTEMPTS = """
    INSERT INTO inbox_attempt (event_id, started_at, finished_at, outcome, error)
    SELECT id, received_at, received_at, 'handled', '' FROM inbox_event ORDER BY id
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Does staff's list of events get slower as the table grows?")
    parser.add_argument("--rows", type=int, default=LARGE)
    large = parser.parse_args(arguments).rows
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    print(LINE.format("database", "page", "rows: ms", "rows: ms", "times", ""))  # noqa: T201 - the output of a script
    ok = _compare("SQLite", None, min(large, LARGE_ON_SQLITE))
    try:
        with postgresql(os.environ.get("DATABASE_URL", "")) as server:
            ok = _compare("PostgreSQL", server, large) and ok
    except NoPostgreSQLError as reason:
        print(f"PostgreSQL is not measured: {reason}.")  # noqa: T201
    print(f"at most {AT_MOST} times allowed: {'ok' if ok else 'FAILED'}")  # noqa: T201
    return int(not ok)


def _compare(kind: str, server: PostgreSQL | None, large: int) -> bool:
    """The tables by turns, because a machine changes its speed; the ratio of each turn, then medians."""
    with ExitStack() as stack:
        tables = [stack.enter_context(_filled(kind, server, rows)) for rows in (SMALL, large)]
        rounds = [[_measured(hireops, rows) for hireops, rows in tables] for _ in range(ROUNDS)]
    worst = 0.0
    for page in rounds[0][0]:
        times = median(of_large[page] / of_small[page] for of_small, of_large in rounds)
        worst = max(worst, times)
        ms = [median(each[number][page] for each in rounds) for number in range(2)]
        cells = [f"{rows:,}: {each:.0f}" for rows, each in zip((SMALL, large), ms, strict=True)]
        verdict = "" if times <= AT_MOST else "SLOW"
        print(LINE.format(kind, page, *cells, f"{times:.2f}", verdict), flush=True)  # noqa: T201
    return worst <= AT_MOST


@contextmanager
def _filled(kind: str, server: PostgreSQL | None, rows: int) -> Iterator[tuple[Hireops, int]]:
    with (
        tempfile.TemporaryDirectory(prefix="hireops-bench-") as name,
        _database(server, Path(name), rows) as database,
    ):
        hireops = Hireops(database, Path(name))
        hireops.manage("migrate", "--verbosity", "0")
        for statement in _filling(DIALECTS[kind], rows):
            database.rows(statement)
        try:
            yield hireops, rows
        finally:
            hireops.kill_all()


def _measured(hireops: Hireops, rows: int) -> dict[str, float]:
    """Median ms of each page, from a process that has the settings of hireops."""
    result = hireops.folder / "report.json"
    process = hireops.start(sys.executable, "-m", __spec__.name, "measure", str(rows), REPORT=str(result))
    if process.wait():
        raise RuntimeError(hireops.output.read_text()[-3000:])
    measured: dict[str, float] = json.loads(result.read_text())
    return measured


@contextmanager
def _database(server: PostgreSQL | None, folder: Path, rows: int) -> Iterator[Database]:
    if server is None:
        yield Database(f"sqlite:///{folder / 'hireops.sqlite3'}")
        return
    name = f"bench_lists_{os.getpid()}_{rows}"
    server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield Database(server.url_of(name))
    finally:
        server.drop_databases(name)


def _filling(dialect: Dialect, rows: int) -> list[str]:
    seconds = f"{DAYS} * 86400.0 * ({rows} - n) / {rows}"
    events = EVENTS.format(
        numbers=dialect.numbers.format(rows=rows),
        moment=dialect.moment.format(seconds=seconds),
        as_json=dialect.as_json,
        payload=PAYLOAD,
        tenants=TENANTS,
        rare=RARE,
        balance=BALANCE,
        binding=BINDING,
    )
    return [events, ATTEMPTS, dialect.afterwards]


# --- In the process that has settings -----------------------------------------------------------------------


def _pages(rows: int) -> dict[str, str]:
    """The addresses of the pages, each with fifty rows or none, whatever the number of rows."""
    day = (datetime.now(UTC) - timedelta(days=DAYS / 2)).date()
    queries: dict[str, dict[str, object]] = {
        "first page": {},
        "second page": {"p": 2},
        "tenth page": {"p": 10},
        "on from the middle": {"before": rows // 2},
        "on among the oldest": {"before": 90},
        "state: handled": {"state__exact": "handled"},
        "state: failed (one in 50)": {"state__exact": "failed"},
        "state: set aside (the oldest only)": {"state__exact": "set_aside"},
        "state: waiting (none)": {"state__exact": "pending"},
        "type: balance": {"event_type": BALANCE},
        "type: the oldest only": {"event_type": RARE},
        "type: balance, on from the middle": {"event_type": BALANCE, "before": rows // 2},
        "tenant": {"tenant": "tenant_1"},
        "tenant: of nobody": {"tenant": "tenant_of_nobody"},
        "a day": {"day": day},
        "a day and a state": {"day": day, "state__exact": "handled"},
        "state and type": {"state__exact": "failed", "event_type": BALANCE},
        "state, type and tenant": {"state__exact": "handled", "event_type": BALANCE, "tenant": "tenant_2"},
        "two that exclude each other": {"state__exact": "failed", "event_type": RARE},
        "search: event ID": {"q": f"event-{rows // 2}"},
        "search: account ID": {"q": "account-77"},
        "search: account ID, and a state": {"q": "account-77", "state__exact": "handled"},
        "search: nothing like it": {"q": "nothing-like-it"},
        "search: type": {"q": BINDING},
    }
    return {name: f"{LIST}?{urlencode(query)}" for name, query in queries.items()}


def _measure(rows: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 - only in the process that has settings

    from hireops.feishu.models import Tenant  # noqa: PLC0415
    from hireops.inbox.models import Event  # noqa: PLC0415

    for number in range(TENANTS):
        Tenant.objects.get_or_create(app_id="cli_demo00000000001", tenant_key=f"tenant_{number}")
    client = Client(headers={"host": "localhost"})
    client.force_login(
        User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    )
    event = Event.objects.get(event_id=f"event-{rows // 2}")
    pages = {**_pages(rows), "an event": f"{LIST}{event.pk}/change/"}
    report({name: _ms(client, address) for name, address in pages.items()})


def _ms(client: Client, address: str) -> float:
    times = []
    for _ in range(WARM_UPS + TIMES):
        started = perf_counter()
        assert client.get(address).status_code == 200, address
        times.append((perf_counter() - started) * 1000)
    return median(times[WARM_UPS:])


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        django.setup()
        _measure(int(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
