"""The matrix is held against a database with something in every table."""

from tests.guards.conftest import _former, _migrated, company

__all__ = ["_former", "_migrated", "company"]
