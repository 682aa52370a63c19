"""Rows that are added and never touched again, kept so by the ORM and by the database itself."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NoReturn, Self, TypeVar

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Row = TypeVar("Row", bound=models.Model)


class AppendOnlyError(Exception):
    """Code tried to change or delete a row that is kept for ever."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are added, never changed or deleted")

    update = bulk_update = delete = _refuse


class AppendOnlyManager(models.Manager[Row]):
    # Not from_queryset(): mypy's cache loses the relations to classes that are made at run time.
    def get_queryset(self) -> AppendOnlyQuerySet:
        return AppendOnlyQuerySet(self.model, using=self._db)


class AppendOnly(models.Model):
    """Base of models whose rows are evidence. Also put ``refuse_changes`` into their migration."""

    objects: ClassVar[AppendOnlyManager[Self]] = AppendOnlyManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} {self.pk} is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} {self.pk} is never deleted")


def refuse_changes(table: str, *, unique: Sequence[str] = ("id",)) -> migrations.RunPython:
    """A migration operation: from now on the database refuses UPDATE and DELETE of the table's rows.

    On SQLite also ``INSERT OR REPLACE``, which removes rows that have the same value in a ``unique`` column
    (name all of the table) without asking a trigger for DELETE; on PostgreSQL also TRUNCATE.

    On SQLite a later migration that alters the table builds a new one without triggers: repeat it then.
    """
    return migrations.RunPython(
        lambda apps, editor: _execute(editor, add_triggers(table, editor.connection.vendor, unique)),
        lambda apps, editor: _execute(editor, drop_triggers(table, editor.connection.vendor)),
    )


def refuse_replacing(table: str, *, unique: Sequence[str] = ("id",)) -> migrations.RunPython:
    """A migration operation for a table whose ``refuse_changes`` was run before it knew of replacing."""
    return migrations.RunPython(
        lambda apps, editor: _execute(editor, _refuse_replacing(table, editor.connection.vendor, unique)),
        migrations.RunPython.noop,  # the trigger goes with the others
    )


def refuse_emptying(*tables: str) -> migrations.RunPython:
    """A migration operation for tables whose rows have guards: PostgreSQL's TRUNCATE asks none of them."""
    return migrations.RunPython(
        lambda apps, editor: _for_each(tables, editor, _refuse_emptying),
        lambda apps, editor: _for_each(tables, editor, _allow_emptying),
    )


def add_triggers(table: str, vendor: str, unique: Sequence[str] = ("id",)) -> list[str]:
    """SQL statements for ``vendor`` (sqlite or postgresql)."""
    message = _message(table)
    if vendor == "sqlite":
        guards = [
            f"CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            for change in ("update", "delete")
        ]
        return guards + _refuse_replacing(table, vendor, unique)
    function = (
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
    )
    return [function, trigger, *_refuse_emptying(table, vendor)]


def _refuse_emptying(table: str, vendor: str) -> list[str]:
    if vendor == "sqlite":
        return []
    refuse = "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is never emptied', ERRCODE = '23000';"
    function = "refuse_emptying() RETURNS trigger LANGUAGE plpgsql"
    trigger = f"{table}_not_emptied BEFORE TRUNCATE ON {table}"
    return [
        f"CREATE OR REPLACE FUNCTION {function} AS $$ BEGIN {refuse} END $$",
        *_allow_emptying(table, vendor),
        f"CREATE TRIGGER {trigger} FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying()",
    ]


def _allow_emptying(table: str, vendor: str) -> list[str]:
    return [] if vendor == "sqlite" else [f"DROP TRIGGER IF EXISTS {table}_not_emptied ON {table}"]


def _refuse_replacing(table: str, vendor: str, unique: Sequence[str]) -> list[str]:
    if vendor != "sqlite":
        return []  # PostgreSQL's ON CONFLICT is an UPDATE
    same = " OR ".join(f"it.{column} = NEW.{column}" for column in unique)
    there_is_one = f"EXISTS (SELECT 1 FROM {table} it WHERE {same})"  # noqa: S608 - our own names
    refuse = f"SELECT RAISE(ABORT, '{_message(table)}');"
    before = f"BEFORE INSERT ON {table} WHEN {there_is_one}"
    return [f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace {before} BEGIN {refuse} END"]


def _message(table: str) -> str:
    return f"{table} is append-only"


def drop_triggers(table: str, vendor: str) -> list[str]:
    if vendor == "sqlite":
        changes = ("update", "delete", "replace")
        return [f"DROP TRIGGER IF EXISTS {table}_no_{change}" for change in changes]
    return [
        f"DROP TRIGGER {table}_append_only ON {table}",
        f"DROP FUNCTION {table}_refuse()",
        *_allow_emptying(table, vendor),
    ]


def _for_each(
    tables: Iterable[str], editor: BaseDatabaseSchemaEditor, statements: Callable[[str, str], list[str]]
) -> None:
    for table in tables:
        _execute(editor, statements(table, editor.connection.vendor))


def _execute(editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    for statement in statements:
        editor.execute(statement)
