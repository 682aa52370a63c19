"""Statements that may give more rows than are to be in memory at once."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection


def many_rows(statement: str) -> Iterator[tuple[Any, ...]]:
    """What a statement gives, fetched as it is read.

    Behind a pooler that hands out another connection for each transaction PostgreSQL's own cursors do not
    last; where ``DATABASE_POOLER`` names one, all rows are fetched at once, as Django does.
    """
    is_pooled = settings.DATABASE_POOLER == "transaction"
    with connection.cursor() if is_pooled else connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        yield from cursor
