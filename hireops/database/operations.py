"""Operations of migrations that hireops adds to Django's."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently as OnPostgreSQL
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex


class AddIndexConcurrently(OnPostgreSQL):
    """Builds it while others write. It stands alone in a migration with ``atomic = False``.

    SQLite, which has one writer, builds it as any other.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        kind = _kind(schema_editor)
        kind.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        kind = _kind(schema_editor)
        kind.database_backwards(self, app_label, schema_editor, from_state, to_state)


def _kind(schema_editor: BaseDatabaseSchemaEditor) -> type[AddIndex]:
    return OnPostgreSQL if schema_editor.connection.vendor == "postgresql" else AddIndex
