"""What every test can ask for: the cast, one person for each role, and a browser for each of them."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.utils import translation

from hireops.desk.roles import ROLES

pytest_plugins = ["tests.processes"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that commits empties all tables when it ends; this brings the roles back before the next one."""
    for item in items:
        if marker := item.get_closest_marker("django_db"):
            wanted = {**marker.kwargs, "serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(*marker.args, **wanted), append=False)
        elif isinstance(item, pytest.Function) and "transactional_db" in item.fixturenames:
            item.fixturenames.append("django_db_serialized_rollback")


@pytest.fixture(autouse=True)
def _language_of_the_house() -> None:
    """Whatever language the page had that the test before this one opened."""
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_quickly() -> Iterator[None]:
    """By DELETE, which takes a tenth of TRUNCATE's time for tables as small as those of tests.

    PostgreSQL lets only a superuser do so; another has to wait for TRUNCATE. Tables that are guarded refuse
    both: their triggers step aside meanwhile.
    """
    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "sqlite":
            patch.setattr(connection.ops, "sql_flush", _without_triggers(connection.ops.sql_flush))
        elif _is_superuser():
            patch.setattr(connection.ops, "sql_flush", _delete_as_replica)
        else:
            patch.setattr(connection.ops, "sql_flush", _unguarded(connection.ops.sql_flush))
        yield


def _without_triggers(empty_tables: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def sql_flush(*args: Any, **kwargs: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = dict(cursor.fetchall())
        dropped = [f'DROP TRIGGER "{name}"' for name in triggers]
        return [*dropped, *empty_tables(*args, **kwargs), *triggers.values()]

    return sql_flush


def _unguarded(empty_tables: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def sql_flush(*args: Any, **kwargs: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
            guarded = [table for (table,) in cursor.fetchall()]
        asleep = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in guarded]
        awake = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in guarded]
        return [*asleep, *empty_tables(*args, **kwargs), *awake]

    return sql_flush


def _is_superuser() -> bool:
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        dbname="postgres",
    ) as link:
        row = link.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _delete_as_replica(_style: object, tables: list[str], **_options: object) -> list[str]:
    """A replica runs no triggers, and checks no references, which all go at once here."""
    return ["SET LOCAL session_replication_role = replica", *(f'DELETE FROM "{table}"' for table in tables)]


def _staff(username: str, *roles: str) -> User:
    person = User.objects.create_user(username, is_staff=True)
    person.groups.set(Group.objects.get(name=ROLES[role]) for role in roles)
    return person


@pytest.fixture
def vera(db: None) -> User:
    """Vendor operator."""
    return _staff("vera", "vendor_operator")


@pytest.fixture
def hira(db: None) -> User:
    """HR officer."""
    return _staff("hira", "hr_officer")


@pytest.fixture
def ada(db: None) -> User:
    """HR approver."""
    return _staff("ada", "hr_approver")


@pytest.fixture
def otto(db: None) -> User:
    """Administrator."""
    return _staff("otto", "administrator")


@pytest.fixture
def audrey(db: None) -> User:
    """Auditor."""
    return _staff("audrey", "auditor")


@pytest.fixture
def eve(db: None) -> User:
    """May log in, and has no role."""
    return _staff("eve")


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """``client_of(vera)`` is a browser in which she is logged in."""

    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
