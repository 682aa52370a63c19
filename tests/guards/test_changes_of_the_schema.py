"""Every guarded table can change by an ordinary migration, and every guard stands and refuses afterwards."""

import pytest
from django.core.management import call_command
from django.db import connection

from hireops.guards.installed import differences
from tests.databases import Database
from tests.guards.changes import Changes, added, dropped, renamed, widened
from tests.guards.refusals import silent
from tests.selection import also_on_sqlite, on_sqlite

pytestmark = also_on_sqlite


def test_before_any_change_every_guard_refuses_what_it_is_there_for(company: Database):
    assert silent() == set()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "atomic", [True, pytest.param(False, marks=on_sqlite)], ids=["at once", "without a transaction"]
)
def test_whatever_is_changed_every_guard_stands_and_refuses(
    company: Database, changes: Changes, atomic: bool
):
    for change in (added, widened, renamed, dropped):
        changes.new(change.__name__, change, atomic=atomic)
        call_command("migrate", verbosity=0)
        _all_is_well(change.__name__)
    for app, newest in changes.hireops_own.items():
        call_command("migrate", app, newest, verbosity=0)
        assert differences(connection) == [], app
    _all_is_well("all, backwards")


def _all_is_well(after: str) -> None:
    assert differences(connection) == [], after
    assert silent() == set(), after
