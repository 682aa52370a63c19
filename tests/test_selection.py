"""No test is left out by both runs of ``make test``: tests/selection.py."""

from itertools import product

import pytest

from tests.selection import POSTGRESQL, SQLITE, Need, kinds_for, need_of


@pytest.mark.parametrize(("need", "also_on_sqlite"), list(product(Need, [False, True])))
def test_every_test_runs_somewhere(need: Need, also_on_sqlite: bool) -> None:
    assert kinds_for(need, set(), also_on_sqlite=also_on_sqlite)


@pytest.mark.parametrize(("need", "only"), list(product(Need, [SQLITE, POSTGRESQL])))
def test_what_is_about_one_database_runs_there_and_nowhere_else(need: Need, only: str) -> None:
    assert kinds_for(need, {only}, also_on_sqlite=False) == {only}


def test_what_differs_by_database_runs_on_both() -> None:
    assert kinds_for(Need.DATABASE, set(), also_on_sqlite=True) == {SQLITE, POSTGRESQL}
    assert kinds_for(Need.DATABASE, set(), also_on_sqlite=False) == {POSTGRESQL}


def test_this_needs_no_database(request: pytest.FixtureRequest) -> None:
    assert need_of(request.node) is Need.NO_DATABASE


@pytest.mark.django_db
def test_a_marked_test_needs_one(request: pytest.FixtureRequest) -> None:
    assert need_of(request.node) is Need.DATABASE


def test_who_asks_for_a_person_needs_one(request: pytest.FixtureRequest, vera: object) -> None:
    assert need_of(request.node) is Need.DATABASE
