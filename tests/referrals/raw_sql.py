"""Statements as somebody types them into the database, past everything that hireops would ask."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Model


def execute(statement: str, *values: Any) -> Any:
    """How many rows it was about."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def refused(by: str, statement: str, *values: Any) -> None:
    """The database refuses the statement; ``by`` names the guard."""
    with pytest.raises(DatabaseError, match=by), transaction.atomic():
        execute(statement, *values)


def columns_of(row: Model) -> Any:
    with connection.cursor() as cursor:
        key = row._meta.pk.column
        cursor.execute(f"SELECT * FROM {row._meta.db_table} WHERE {key} = %s", [row.pk])
        return cursor.fetchone()
