"""Migrations made on the fly: hireops' own, and after them whatever a test wants to try on guarded tables."""

import re
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, AlterField, RemoveField, RenameField
from django.db.migrations.operations.base import Operation

from hireops.guards import rules
from hireops.guards.installed import dialect_of

MIGRATION = """
from django.db import migrations
from {module} import {function}

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("{app}", "{after}")]
    operations = {function}("{app}")
"""
ADDED = ("an_added_one", "another_one")
_number = count(1)


class Changes:
    """``new("more", added)`` gives each app such a migration, with the operations of ``added(app)``."""

    def __init__(self, folder: Path, settings: Any) -> None:
        self.packages = {app: f"migrations_of_{app}_{next(_number)}" for app in guarded_apps()}
        self._folder = folder
        self._newest = {app: MigrationLoader(None).graph.leaf_nodes(app)[0][1] for app in self.packages}
        for app, package in self.packages.items():
            shutil.copytree(Path(apps.get_app_config(app).path) / "migrations", folder / package)
        settings.MIGRATION_MODULES = self.packages
        self.hireops_own = dict(self._newest)

    def new(self, name: str, operations: Callable[[str], list[Operation]], *, atomic: bool = True) -> None:
        for app, package in self.packages.items():
            code = MIGRATION.format(
                module=operations.__module__,
                function=operations.__name__,
                app=app,
                after=self._newest[app],
                atomic=atomic,
            )
            (self._folder / package / f"{name}.py").write_text(code)
            self._newest[app] = name
            import_module(package)


def guarded_apps() -> list[str]:
    return sorted({model._meta.app_label for model in guarded_models()})


def guarded_models(app: str = "") -> list[type[models.Model]]:
    tables = rules.guarded_tables()
    found = [model for model in apps.get_models() if model._meta.db_table in tables and not model._meta.proxy]
    assert len(found) == len(tables)
    return [model for model in found if app in ("", model._meta.app_label)]


# --- What is tried on every guarded table


def added(app: str) -> list[Operation]:
    """Columns with a default."""
    field = models.CharField(max_length=10, default="of old")
    return [AddField(_name(model), name, field.clone()) for model in guarded_models(app) for name in ADDED]


def widened(app: str) -> list[Operation]:
    """Of each table one text column of limited length that rules name, and one that they do not."""
    return [
        AlterField(_name(model), field.name, _wider(field))
        for model in guarded_models(app)
        for field in _one_named_and_one_not(model)
    ]


def _one_named_and_one_not(model: type[models.Model]) -> Iterator[Any]:
    texts = [field for field in model._meta.local_fields if isinstance(field, models.CharField)]
    named = _named()
    for is_named in (True, False):
        alike = (each for each in texts if bool(re.search(rf"\b{each.name}\b", named)) is is_named)
        yield from islice(alike, 1)


def renamed(app: str) -> list[Operation]:
    """A column that no rule names."""
    return [
        RenameField(_name(model), column, f"{column}_renamed")
        for model in guarded_models(app)
        for column in _unnamed(model)
    ]


def dropped(app: str) -> list[Operation]:
    return [RemoveField(_name(model), ADDED[0]) for model in guarded_models(app)]


def _name(model: type[models.Model]) -> str:
    return str(model._meta.model_name)


def _wider(field: Any) -> Any:
    wider = field.clone()
    wider.max_length = (field.max_length or 1) * 2
    return wider


def _named() -> str:
    """All that rules say."""
    return " ".join(str(dialect_of(connection).as_told(each)) for each in rules.declared())


def _unnamed(model: type[models.Model]) -> Iterator[str]:
    """The first of them; where rules name all, the one that was added."""
    named = _named()
    # Django renames no column inside a condition.
    named += " ".join(str(each.deconstruct()) for each in [*model._meta.constraints, *model._meta.indexes])
    columns = [field.name for field in model._meta.local_fields if not field.is_relation]
    unnamed = [column for column in columns if not re.search(rf"\b{column}(__|\b)", named)]
    yield unnamed[0] if unnamed else ADDED[1]
