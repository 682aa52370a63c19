"""The matrix is held against a database with something in every table."""

from tests.upgrade.conftest import at_first, upgraded

__all__ = ["at_first", "upgraded"]
