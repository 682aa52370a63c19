"""Rules that the database itself keeps, whoever writes: triggers that refuse what must not be.

A module's ``RULES`` are triggers by name: table, event, and when it is refused. There ``{differs}`` stands
for each database's word for it, NULL included, and ``it`` is the row that ``there_is`` looks for.
"""

from collections.abc import Iterable, Mapping

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Rules = Mapping[str, tuple[str, str, str]]

DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def there_is(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} it WHERE {condition})"  # noqa: S608 - our own names


def any_differs(columns: Iterable[str]) -> str:
    return "(" + " OR ".join(f"OLD.{column} {{differs}} NEW.{column}" for column in columns) + ")"


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def guard(rules: Rules) -> migrations.RunPython:
    """A migration operation. On SQLite one that alters these tables later drops triggers: repeat it then.

    TRUNCATE on PostgreSQL asks none of these triggers: ``append_only.refuse_emptying`` refuses it.
    """
    return migrations.RunPython(
        lambda apps, editor: _execute(editor, add_triggers(rules, editor.connection.vendor)),
        lambda apps, editor: _execute(editor, drop_triggers(rules, editor.connection.vendor)),
    )


def add_triggers(rules: Rules, vendor: str) -> list[str]:
    """SQL statements for ``vendor`` (sqlite or postgresql)."""
    return [
        statement
        for name, (table, event, refused) in rules.items()
        for statement in _trigger(name, table, event, refused.format(differs=DIFFERS[vendor]), vendor)
    ]


def _trigger(name: str, table: str, event: str, refused: str, vendor: str) -> list[str]:
    moment = event if event.startswith("AFTER ") else f"BEFORE {event}"
    if vendor == "sqlite":
        refuse = f"SELECT RAISE(ABORT, '{name}');"
        return [f"CREATE TRIGGER {name} {moment} ON {table} WHEN {refused} BEGIN {refuse} END"]
    # In the function, not in WHEN: there PostgreSQL looks into no other table.
    refuse = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation';"
    row = "OLD" if event == "DELETE" else "NEW"
    body = f"BEGIN IF {refused} THEN {refuse} END IF; RETURN {row}; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} {moment} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def drop_triggers(rules: Rules, vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in rules]
    return [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in rules]


def _execute(editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    for statement in statements:
        editor.execute(statement)
