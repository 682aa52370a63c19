"""Which tests run on which database.

``pytest`` runs all of them on the one that DATABASE_URL names. ``make test`` has a run on each, with
``--share``: PostgreSQL runs all that need a database. SQLite runs those that need none, and those marked
``also_on_sqlite``: what differs by database, and one way through each room. What a test needs is read off
its fixtures; one that hides it fails, because to a test that needs no database none answers.
"""

import os
from collections.abc import Iterator
from enum import Enum, auto

import pytest
from django.db import connection

from tests.template import template

SQLITE, POSTGRESQL = "sqlite", "postgresql"
NONE_ANSWERS = "postgres://nobody@127.0.0.1:1/none"
IN_THIS_PROCESS = {"db", "transactional_db", "django_db_setup"}
IN_PROCESSES = {"database"}
# Databases of earlier commits, brought to today: what takes minutes is not begun last.
DEAR = {"upgraded", "_migrated"}

on_sqlite = pytest.mark.only("sqlite")
on_postgresql = pytest.mark.only("postgresql")
also_on_sqlite = pytest.mark.also_on_sqlite


class Need(Enum):
    NO_DATABASE = auto()
    DATABASE = auto()
    PROCESSES = auto()


def need_of(item: pytest.Item) -> Need:
    fixtures = set(getattr(item, "fixturenames", ()))
    if fixtures & IN_PROCESSES:
        return Need.PROCESSES
    if fixtures & IN_THIS_PROCESS or item.get_closest_marker("django_db"):
        return Need.DATABASE
    return Need.NO_DATABASE


def kinds_for(need: Need, only: set[str], *, also_on_sqlite: bool) -> set[str]:
    """The databases that a test runs on in the two runs of ``make test``."""
    if only:
        return only
    if need is Need.NO_DATABASE:
        return {SQLITE}
    return {POSTGRESQL, SQLITE} if also_on_sqlite else {POSTGRESQL}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share", action="store_true", help="leave out what the run on the other database covers (make test)"
    )
    parser.addoption(
        "--fast", action="store_true", help="leave out tests of processes and those marked slow (make check)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only(database): about sqlite or postgresql, and run on no other")
    config.addinivalue_line(
        "markers", "slow: takes seconds, most of them waiting, and is not part of make check"
    )
    config.addinivalue_line("markers", "also_on_sqlite: run on both databases by make test")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: DEAR.isdisjoint(getattr(item, "fixturenames", ())))
    share, fast = config.getoption("--share"), config.getoption("--fast")
    left_out = [
        item
        for item in items
        if connection.vendor not in _kinds(item, share=share) or (fast and _is_slow(item))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """A template that is missing is made here, where no time-out of a test runs."""
    if "PYTEST_XDIST_WORKER" not in os.environ and any(
        need_of(item) is not Need.NO_DATABASE for item in session.items
    ):
        template()


def _kinds(item: pytest.Item, *, share: bool) -> set[str]:
    only = {kind for mark in item.iter_markers("only") for kind in mark.args}
    if not share:
        return only or {SQLITE, POSTGRESQL}
    return kinds_for(need_of(item), only, also_on_sqlite=bool(item.get_closest_marker("also_on_sqlite")))


def _is_slow(item: pytest.Item) -> bool:
    return need_of(item) is Need.PROCESSES or bool(item.get_closest_marker("slow"))


@pytest.fixture(autouse=True)
def _none_answers_to_who_needs_none(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if need_of(request.node) is Need.NO_DATABASE:
            patch.setenv("DATABASE_URL", NONE_ANSWERS)
        yield
