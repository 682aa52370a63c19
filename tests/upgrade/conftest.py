"""Databases of earlier commits, brought to today, and the staff, workers and Feishu that go on with them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from tests.databases import Database, new_database
from tests.simulator_process import APP, Simulator, running_simulator
from tests.upgrade import dumps
from tests.upgrade.people import Person, rows, work
from tests.upgrade.story import UNKNOWN_TO_FEISHU

IS_SQLITE = os.environ["DATABASE_URL"].startswith("sqlite")
KIND = dumps.SQLITE if IS_SQLITE else dumps.POSTGRESQL
STARTING_POINTS = sorted(Path(__file__).parent.glob(f"*{KIND}"))
MOST_IMPORTED = 100

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Upgraded:
    """A database of an earlier commit after today's migrations, and what was in each table before them."""

    database: Database
    before: Rows


@pytest.fixture(scope="session", params=STARTING_POINTS, ids=lambda path: path.name.removesuffix(KIND))
def upgraded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[Upgraded]:
    with new_database(tmp_path_factory.mktemp("upgraded")) as database, django_db_blocker.unblock():
        if IS_SQLITE:
            dumps.load_sqlite(request.param, Path(urlsplit(database.url).path))
        with opened(database):
            if not IS_SQLITE:
                with connection.cursor() as cursor:
                    dumps.load_postgresql(request.param, cursor)
            before = all_rows()
            call_command("migrate", interactive=False, verbosity=0)
        yield Upgraded(database, before)


@pytest.fixture(scope="session")
def feishu_process() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture(scope="session")
def worked(
    upgraded: Upgraded,
    feishu_process: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
) -> Iterator[Database]:
    """The upgraded database after workers have looked at all that was due.

    What a worker died over is sent again by itself for a day, and from then on when somebody says so.
    """
    database = upgraded.database.copy(tmp_path_factory.mktemp("worked"))
    try:
        with django_db_blocker.unblock(), opened(database), at(feishu_process):
            remember_accounts(feishu_process)
            work()
            if given_up := rows("referrals.Registration", state="pending", call__state="waiting"):
                Person("hira").act("referrals.Registration", "retry", *(row.pk for row in given_up))
                work()
        yield database
    finally:
        database.drop()


@pytest.fixture
def at_first(upgraded: Upgraded, django_db_blocker: Any) -> Iterator[Upgraded]:
    """Django is connected to the upgraded database, in which nobody has done anything yet."""
    with django_db_blocker.unblock(), opened(upgraded.database):
        yield upgraded


@pytest.fixture
def feishu(worked: Database, feishu_process: Simulator, django_db_blocker: Any) -> Iterator[Simulator]:
    """Django is connected to the database that workers have gone over, and this is Feishu's end."""
    with django_db_blocker.unblock(), opened(worked), at(feishu_process):
        yield feishu_process


@pytest.fixture
def root(feishu: Simulator) -> Person:
    return Person("root")


@pytest.fixture
def vera(feishu: Simulator) -> Person:
    return Person("vera")


@pytest.fixture
def hira(feishu: Simulator) -> Person:
    return Person("hira")


@pytest.fixture
def ada(feishu: Simulator) -> Person:
    return Person("ada")


@contextmanager
def opened(database: Database) -> Iterator[None]:
    """Django is connected to this database instead of the tests' own. Call it unblocked."""
    usual = connection.settings_dict["NAME"]
    _connect_to(urlsplit(database.url).path if IS_SQLITE else database.name)
    try:
        yield
    finally:
        _connect_to(usual)


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()  # they have other ids in each


def at(simulator: Simulator) -> Any:
    return override_settings(**APP, FEISHU_BASE_URL=simulator.url, OUTBOX_SENDERS=1)


def remember_accounts(simulator: Simulator) -> None:
    """A Feishu that has the accounts of this database, as it says, and whoever is in its imports."""
    simulator.reset()
    simulator.switch(quota_enforced=False, delivery_paused=True)
    accounts = rows("referrals.ReferralAccount").exclude(account_id=UNKNOWN_TO_FEISHU)
    known = {each.mobile.removeprefix("+86"): each.account_id for each in accounts}
    imported = dict.fromkeys((f"1390000{number:04}" for number in range(1, MOST_IMPORTED)), "") | known
    simulator.add_employees(*(_employee(mobile, account_id) for mobile, account_id in imported.items()))
    for account in accounts:
        amounts = {each.asset: str(each.amount) for each in account.balances.all()}
        points = int(Decimal(amounts.pop("points", "0")))
        simulator.reward(account.account_id, points=points, **amounts)


def _employee(mobile: str, account_id: str) -> dict[str, str]:
    employee = {"name": f"Employee {mobile}", "mobile_number": mobile}
    return {**employee, "account_id": account_id} if account_id else employee


def all_rows() -> Rows:
    """What is in every table, as the database gives it."""
    with connection.cursor() as cursor:
        return {table: _rows(cursor, table) for table in connection.introspection.table_names(cursor)}


def _rows(cursor: Any, table: str) -> list[dict[str, Any]]:
    cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2')
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
