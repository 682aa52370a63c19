"""Who gets what: every address of the site, every action, every role, as it stands in ``matrix.txt``.

An address that is new, or one that somebody else may open than before, fails here. Whoever means it runs
``UPDATE_ROLE_MATRIX=1 pytest tests/roles``, reads the difference line by line, and commits it.
"""

import os
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.databases import Database
from tests.roles.site import matrix
from tests.selection import on_sqlite

TABLE = Path(__file__).with_name("matrix.txt")

pytestmark = [on_sqlite, pytest.mark.slow, pytest.mark.timeout(900)]


def test_everybody_gets_what_the_table_says(company: Database) -> None:
    found = matrix()
    if os.environ.get("UPDATE_ROLE_MATRIX"):
        TABLE.write_text("\n".join(found) + "\n")
    kept = TABLE.read_text().splitlines()
    assert found == kept, "\n".join(unified_diff(kept, found, "matrix.txt", "the site", lineterm="", n=0))
