"""What every test can ask for: the cast, one person for each role, and a browser for each of them."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import translation
from pytest_django import DjangoDbBlocker

from hireops.desk.roles import ROLES
from hireops.environment import database_of
from tests.emptying import Baseline
from tests.template import drop_what_the_run_has_made, template

pytest_plugins = ["tests.clocks", "tests.processes", "tests.selection"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Made before the workers start, where no time-out of a test runs."""
    if session.config.getoption("numprocesses", default=None):
        template()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        drop_what_the_run_has_made()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """A copy of the template in place of a migration, and what tests have committed goes after each."""
    database = template().copy(tmp_path_factory.mktemp("database"))
    config = database_of(database.url)
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", config["NAME"])
        baseline = Baseline()
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: baseline.restore())
        django_db_blocker.block()
        yield
        django_db_blocker.unblock()
        connection.close()
    database.drop()


@pytest.fixture(autouse=True)
def _language_of_the_house() -> None:
    """Whatever language the page had that the test before this one opened."""
    translation.deactivate()


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
