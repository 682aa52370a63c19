"""Does any page of lists, or home, get slower as the company grows? ``python -m tests.benchmarks.pages``

Fills a database of PostgreSQL with the small company and one with the large one (``company``): 1,000 and
1,000,000 referral accounts and orders (``--rows 100000``). Then asks, by Django's test client and without
network or web server, for the home page of each role, and of each list for its first and next page, each
value of each filter, each order that a column can give it, and a search by each thing that finds its rows.
What there is to ask for the lists themselves say, so that nothing is left out when they learn more. The two
companies by turns, page by page, because a machine changes its speed; what seems slow is asked again. No page
may take more than 1.5 times as long in the large company.

On the server in DATABASE_URL, one found here, or the one in the wheel. A million accounts take 13 GB and a
quarter of an hour. ``--keep`` leaves both databases behind for the next time, ``--of withdrawal`` asks only
for home and the lists with that in their model's name, ``--all`` prints those that are quick as well.
"""

import argparse
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import django
from django.db import connection
from django.test import Client, RequestFactory

from tests.benchmarks import company, home
from tests.benchmarks.ground import report
from tests.databases import Database
from tests.postgresql import PostgreSQL
from tests.processes import Hireops
from tests.servers import postgresql

SMALL, LARGE = 1_000, 1_000_000
AT_MOST = 1.5
ALIKE = 1.2
SEEMS_SLOW = 1.3
FIGURES = ("ms", "blocks", "rows")
TIMES, ROUNDS_AGAIN = 2, 4
MOST_CHOICES = 15  # of one filter
HOME = "home"
LINE = "{:<86}{:>12}{:>12}{:>8}  {}"
VERSION = re.compile(r"__(?:i?startswith|i?exact|i?contains)$|^[\^=@]")


@dataclass(frozen=True)
class Page:
    """``who`` opens it: a role, or "superuser"."""

    name: str
    address: str
    who: str = "superuser"


@dataclass(frozen=True)
class Taken:
    """In the small and in the large company: milliseconds, blocks that the database has looked into, and rows
    of the page's tables."""

    ms: tuple[float, float]
    blocks: tuple[int, int]
    rows: tuple[int, int]

    @property
    def times(self) -> float:
        return self.ms[1] / self.ms[0]

    @property
    def is_slow(self) -> bool:
        """A page that has fewer rows in the small company, such as those of today, says nothing."""
        return self.times > AT_MOST and not self.has_more_rows

    @property
    def has_more_rows(self) -> bool:
        return self.rows[1] > ALIKE * self.rows[0]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Does any page get slower as the company grows?")
    parser.add_argument("--rows", type=int, default=LARGE)
    parser.add_argument("--of", default="")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--all", action="store_true")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    with ExitStack() as stack:
        server = stack.enter_context(postgresql(os.environ.get("DATABASE_URL", "")))
        small, large = (
            stack.enter_context(filled(server, rows, keep=chosen.keep)) for rows in (SMALL, chosen.rows)
        )
        found = in_process(small, "compare", large.database.name, chosen.of)
    taken = {name: Taken(*(tuple(each[figure]) for figure in FIGURES)) for name, each in found.items()}
    return _told(taken, chosen.rows, everything=chosen.all)


def _told(taken: dict[str, Taken], rows: int, *, everything: bool) -> int:
    slow = {name for name, each in taken.items() if each.is_slow}
    print(LINE.format("page", f"{SMALL:,}: ms", f"{rows:,}: ms", "times", ""))  # noqa: T201 - the output of a script
    for name, each in sorted(taken.items(), key=lambda found: -found[1].times):
        if everything or each.times > AT_MOST or name.startswith(HOME):
            verdict = f"SLOW (at most {AT_MOST})" if name in slow else ""
            verdict = f"{each.rows[0]} rows, {each.rows[1]} rows" if each.has_more_rows else verdict
            ms = [f"{one:.0f}" for one in each.ms]
            print(LINE.format(name[:84], *ms, f"{each.times:.2f}", verdict))  # noqa: T201
    print(f"{len(taken)} pages, {len(slow)} of them slow")  # noqa: T201
    print("FAILED" if slow else "ok")  # noqa: T201
    return int(bool(slow))


@contextmanager
def filled(server: PostgreSQL, rows: int, *, keep: bool) -> Iterator[Hireops]:
    kept = f"bench_company_{rows}"
    name = kept if keep else f"{kept}_{os.getpid()}"
    is_there = bool(server.execute("SELECT 1 FROM pg_database WHERE datname = %s", name))
    if not is_there:
        server.execute(f'CREATE DATABASE "{name}"')
    with tempfile.TemporaryDirectory(prefix="hireops-bench-") as folder:
        hireops = Hireops(Database(server.url_of(name)), Path(folder))
        try:
            hireops.manage("migrate", "--verbosity", "0")
            if not is_there:
                started = perf_counter()
                in_process(hireops, "fill", str(rows))
                print(f"{rows:,} filled in {perf_counter() - started:.0f} s", flush=True)  # noqa: T201
            yield hireops
        finally:
            hireops.kill_all()
            if not keep:
                hireops.database.drop()


def in_process(hireops: Hireops, task: str, *arguments: str) -> dict[str, Any]:
    """What the task reports, from a process that has the settings of hireops."""
    result = hireops.folder / "report.json"
    command = [sys.executable, "-m", "tests.benchmarks.pages", task, *arguments]
    if hireops.start(*command, REPORT=str(result), FEISHU_APP_TYPE="store").wait():
        raise RuntimeError(hireops.output.read_text()[-3000:])
    reported: dict[str, Any] = json.loads(result.read_text())
    return reported


# --- In the process that has settings: filling


def _fill(rows: str) -> None:
    from hireops.desk import figures  # noqa: PLC0415 - only in the process that has settings
    from hireops.guards.installing import lifted  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:  # foreign keys need not be looked up row by row: they are right
            cursor.execute("SET session_replication_role = replica")
    with lifted(connection):  # they refuse rows that have ended before they began
        company.fill(int(rows))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    while figures.is_behind():
        figures.bring_up_to_date()
    report({})


# --- Which pages there are


def _pages(user: Any, wanted: str) -> Iterator[Page]:
    """Those of home, and of the lists whose model has ``wanted`` in its name."""
    from django.contrib import admin  # noqa: PLC0415 - only in the process that has settings

    from hireops.desk.roles import ROLES  # noqa: PLC0415

    for who in [*ROLES, "superuser"]:
        yield Page(f"{HOME}: {who}", "/admin/", who)
    for model, page in admin.site._registry.items():
        label = f"{model._meta.app_label}.{model._meta.model_name}"
        if wanted in label and page.has_view_permission(_request("/admin/", user)):
            for name, address in _pages_of(page, user):
                yield Page(f"{label} {name}", address)


def _pages_of(page: Any, user: Any) -> Iterator[tuple[str, str]]:
    from django.urls import reverse  # noqa: PLC0415

    address = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    changelist = _changelist(page, address, user)
    yield "first page", address
    if changelist.multi_page:
        yield "next page", f"{address}?p=2"
    orders = dict(_orders(changelist))
    for name, order in orders.items():
        yield f"sorted by {name}", f"{address}?o={order}"
    for name, narrowed in _narrowed(changelist, address):
        yield name, narrowed
        # Some columns can be sorted by only where the list is narrowed.
        for column, order in _orders(_changelist(page, narrowed, user)):
            if column not in orders:
                yield f"{name}, sorted by {column}", f"{narrowed}&o={order}"
    yield from _searches(page, address, user)


def _changelist(page: Any, address: str, user: Any) -> Any:
    return page.get_changelist_instance(_request(address, user))


def _request(address: str, user: Any) -> Any:
    from django.contrib.messages.storage.cookie import CookieStorage  # noqa: PLC0415
    from django.contrib.sessions.backends.signed_cookies import SessionStore  # noqa: PLC0415
    from django.urls import resolve  # noqa: PLC0415

    request: Any = RequestFactory(headers={"host": "localhost"}).get(address)
    request.user, request.session = user, SessionStore()
    request.resolver_match = resolve(request.path)
    request._messages = CookieStorage(request)
    return request


def _orders(changelist: Any) -> Iterator[tuple[str, str]]:
    """Each column that can give the list its order, both ways, and what the address then says."""
    for place, column in enumerate(changelist.list_display):
        if changelist.get_ordering_field(column):
            name = getattr(column, "__name__", column)
            yield f"{name} up", str(place)
            yield f"{name} down", f"-{place}"


def _narrowed(changelist: Any, address: str) -> Iterator[tuple[str, str]]:
    """By each value of each filter, and by a range where there are fields for one."""
    for spec in changelist.filter_specs:
        choices = [
            each for each in spec.choices(changelist) if each.get("query_string") and not each["selected"]
        ]
        for number, choice in enumerate(choices[:MOST_CHOICES]):
            yield f"{spec.title} {number}: {choice['display']}", address + choice["query_string"]
        if fields := getattr(spec, "fields", None):
            bounds = ["2026-01-01", "2026-12-31"] if spec.input_type == "date" else ["50", "400"]
            asked = {field["name"]: bound for field, bound in zip(fields, bounds, strict=True)}
            yield f"{spec.title}: from {bounds[0]} to {bounds[1]}", f"{address}?{urlencode(asked)}"


def _searches(page: Any, address: str, user: Any) -> Iterator[tuple[str, str]]:
    from hireops.desk import searching  # noqa: PLC0415 - only in the process that has settings

    lookups = [*page.found_by, *page.exact_search_fields, *page.contact_search_fields, *page.search_fields]
    columns = dict.fromkeys(VERSION.sub("", lookup) for lookup in lookups)
    for column in columns:
        if term := _in_the_middle(page, column):
            asked = urlencode({"q": searching.in_address(term, user)})
            yield f"search: {column}", f"{address}?{asked}"
            if column in {VERSION.sub("", lookup) for lookup in page.found_by}:
                yield f"search box: {column}", f"/admin/find/?{asked}"
    if lookups:
        yield "search: nothing like it", f"{address}?{urlencode({'q': 'nothing-like-it'})}"


def _in_the_middle(page: Any, column: str) -> str:
    """What stands in that column of a row that is neither among the first nor among the last."""
    rows = page.model._base_manager
    with suppress(AttributeError):
        middle = (rows.order_by("pk").first().pk + rows.order_by("pk").last().pk) // 2
        found = rows.filter(pk__gte=middle).exclude(**{f"{column}__isnull": True}).exclude(**{column: ""})
        return str(found.order_by("pk").values_list(column, flat=True).first() or "")
    return ""


# --- Comparing


class Firm:
    """One of the two databases, as seen by this process: ``chosen`` makes it the one that Django asks."""

    def __init__(self, database: str, wanted: str = "") -> None:
        self.database = database
        self.chosen()
        self.people = people()
        self.clients = {who: self._signed_in(person) for who, person in self.people.items()}
        self.pages = {page.name: page for page in _pages(self.people["superuser"], wanted)}

    def chosen(self) -> None:
        from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

        if connection.settings_dict["NAME"] != self.database:
            connection.close()
            connection.settings_dict["NAME"] = self.database
            ContentType.objects.clear_cache()

    def _signed_in(self, person: Any) -> Client:
        client = Client(headers={"host": "localhost"})
        client.force_login(person)
        return client

    def ask(self, page: Page) -> tuple[float, int, int]:
        """Milliseconds, how many blocks the database has looked into, and rows of the page."""
        before = _blocks()
        started = perf_counter()
        response = self.clients[page.who].get(page.address)
        taken = perf_counter() - started
        assert response.status_code == 200, f"{page.name}: {response.status_code} for {page.address}"
        return taken * 1000, _blocks() - before, response.content.count(b"<tr")


def _blocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def people() -> dict[str, Any]:
    """One for each role, and a superuser."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415 - only in the process that has settings

    from hireops.desk.roles import ROLES  # noqa: PLC0415

    found = {"superuser": User.objects.filter(username="bench").first()}
    if found["superuser"] is None:
        found["superuser"] = User.objects.create_superuser("bench")
    for role, group in ROLES.items():
        person, is_new = User.objects.get_or_create(username=f"bench-{role}", defaults={"is_staff": True})
        if is_new:
            person.groups.add(Group.objects.get(name=group))
        found[role] = person
    return found


def _compare(large: str, wanted: str) -> None:
    firms = (Firm(connection.settings_dict["NAME"], wanted), Firm(large, wanted))
    names = [name for name in firms[0].pages if name in firms[1].pages]
    found = {name: _taken(firms, name, 1) for name in names}
    for name in [name for name, each in found.items() if each.times > SEEMS_SLOW]:
        found[name] = _taken(firms, name, ROUNDS_AGAIN)
    report({name: {figure: getattr(each, figure) for figure in FIGURES} for name, each in found.items()})


def _taken(firms: Iterable[Firm], name: str, rounds: int) -> Taken:
    """By turns. Each turn begins with a request that is not counted, since the database was another one."""
    ms: list[list[float]] = [[], []]
    blocks, rows = [0, 0], [0, 0]
    for _round in range(rounds):
        for number, firm in enumerate(firms):
            firm.chosen()
            firm.ask(firm.pages[name])
            for _time in range(TIMES):
                taken, blocks[number], rows[number] = firm.ask(firm.pages[name])
                ms[number].append(taken)
    small, large = (median(each) for each in ms)
    return Taken((small, large), (blocks[0], blocks[1]), (rows[0], rows[1]))


TASKS: dict[str, Callable[..., None]] = {"fill": _fill, "compare": _compare, "weigh": home.weigh}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in TASKS:
        django.setup()
        TASKS[sys.argv[1]](*sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
