"""Why ``dumpdata`` and ``loaddata`` cannot carry a guarded table, and what does."""

from collections.abc import Iterable

from django.apps import apps
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Model

from hireops.guards import rules

HOW = {
    "sqlite": "sqlite3 <the file> \".backup 'copy.sqlite3'\"",
    "postgresql": "pg_dump, and pg_restore or psql into an empty database",
}


def refuse_guarded(models: Iterable[type[Model]]) -> None:
    """Raises ``CommandError`` if one of them has guards."""
    guarded = set(rules.guarded_tables())
    if tables := sorted({model._meta.db_table for model in models} & guarded):  # noqa: SLF001 - documented, in spite of its name
        raise CommandError(
            f"{', '.join(tables)}: the database itself keeps what is written there, and in which order, so "
            f"rows can't be carried over one by one. Copy the whole database: {HOW[connection.vendor]}."
        )


def chosen(labels: Iterable[str], excluded: Iterable[str]) -> set[type[Model]]:
    """The models that ``dumpdata`` would dump for these arguments."""
    named = set(labels)
    wanted = {model for model in apps.get_models() if not named or named & _labels(model)}
    return {model for model in wanted if not set(excluded) & _labels(model)}


def _labels(model: type[Model]) -> set[str]:
    return {model._meta.app_label, model._meta.label, model._meta.label_lower}  # noqa: SLF001
