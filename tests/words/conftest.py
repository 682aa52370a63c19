"""The pages are those of a database with something in every table, whose rows are in no language."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.databases import Database
from tests.guards.conftest import _former, _migrated
from tests.upgrade.conftest import opened
from tests.words.world import take_words_out

__all__ = ["_former", "_migrated", "world"]


@pytest.fixture(scope="module")
def world(
    _migrated: Database, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Database]:
    """Once for all tests of a module: what a visit does is taken back."""
    database = _migrated.copy(tmp_path_factory.mktemp("words"))
    try:
        with django_db_blocker.unblock(), opened(database):
            take_words_out()
            yield database
    finally:
        database.drop()
