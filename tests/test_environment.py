"""Tests do not depend on the machine they run on: tests/environment.py."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection

from hireops.desk.roles import ROLES
from hireops.environment import database_of
from tests.environment import ROOT, pinned
from tests.processes import Hireops, wait_until
from tests.selection import also_on_sqlite


def test_every_variable_of_the_example_is_pinned(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}

    assert named == set(pinned(tmp_path))


def test_tests_are_the_demo_in_a_temporary_folder() -> None:
    assert settings.DEMO
    assert ROOT not in Path(settings.VAR_DIR).parents


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgres://hira:p%40ss@%2Fvar%2Frun%2FPostgreSQL/hireops", "/var/run/PostgreSQL", ""),
        ("postgres://hira:p%40ss@%2ftmp:5433/hireops?application_name=x", "/tmp", 5433),
        ("postgres://hira:p%40ss@/hireops?host=/tmp&application_name=x", "/tmp", ""),
        ("postgres://hira:p%40ss@//tmp/hireops", "/tmp", ""),
        ("postgres://hira:p%40ss@127.0.0.1:5433/hireops", "127.0.0.1", 5433),
    ],
)
def test_a_database_is_reached_by_an_address_or_by_the_folder_of_its_socket(
    url: str, host: str, port: object
) -> None:
    config = database_of(url)

    assert (config["HOST"], config["PORT"], config["NAME"]) == (host, port, "hireops")
    assert (config["USER"], config["PASSWORD"]) == ("hira", "p@ss")
    assert config.get("OPTIONS", {}) == ({"application_name": "x"} if "application_name" in url else {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_the_roles_outlive_a_test_that_commits(time: str, vera: User) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES.values())
    assert list(vera.groups.values_list("name", flat=True)) == [ROLES["vendor_operator"]]


@also_on_sqlite
@pytest.mark.django_db
def test_the_same_kind_of_database_serves_tests_and_processes(hireops: Hireops) -> None:
    assert hireops.database.url.startswith({"sqlite": "sqlite", "postgresql": "postgres"}[connection.vendor])
    assert hireops.database.rows("SELECT count(*) FROM django_migrations")[0][0] > 10


@also_on_sqlite
def test_each_test_has_a_database_of_its_own(hireops: Hireops) -> None:
    assert hireops.database.rows("SELECT count(*) FROM auth_user") == [(0,)]
    hireops.manage("createsuperuser", "--noinput", "--username", "otto", "--email", "otto@example.com")
    assert hireops.database.rows("SELECT username FROM auth_user") == [("otto",)]


@also_on_sqlite
def test_web_worker_and_beat_start_and_stop(hireops: Hireops) -> None:
    address = hireops.web()
    processes = [hireops.worker(), hireops.beat()]

    assert address.startswith("http://127.0.0.1:")
    wait_until(lambda: any(hireops.folder.glob("beat*")))  # its schedule: it heeds signals by then
    for process in processes:
        assert process.poll() is None
        hireops.stop(process)
        assert process.returncode == 0
