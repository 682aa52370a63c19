"""Indexes by which lists are sorted with the rows that have no value last, in either direction.

Upwards an ordinary index is one on both databases. Downwards PostgreSQL would begin with what is empty, and
has to be told; SQLite takes it for the least, and knows no such index.
"""

from typing import Any

from django.db import models
from django.db.models import F


class Downwards(models.Index):
    """By ``column`` from the greatest value, then by ``id`` from the newest row."""

    def __init__(self, *, column: str, name: str) -> None:
        super().__init__(fields=[f"-{column}", "-id"], name=name)
        self.column = column

    def deconstruct(self) -> Any:
        path, args, _kwargs = super().deconstruct()
        return path, args, {"column": self.column, "name": self.name}

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        if schema_editor.connection.vendor == "sqlite":
            return super().create_sql(model, schema_editor, using, **kwargs)
        order = F(self.column).desc(nulls_last=True), F("id").desc()
        return models.Index(*order, name=self.name).create_sql(model, schema_editor, using, **kwargs)
