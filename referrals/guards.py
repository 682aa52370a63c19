"""Rules that the database itself keeps, whoever writes: triggers that refuse what must not be.

A module's ``RULES`` are triggers by name: table, event, and when it is refused. There ``{differs}`` stands
for each database's word for it, NULL included, and ``it`` is the row that ``there_is`` looks for.

A rule is asked before the event, for each row. Two kinds of event are of our own:

- ``AFTER INSERT`` or ``AFTER UPDATE``: PostgreSQL asks once about all that a statement has written. Where it
  writes hundreds of rows, that costs a fraction. Such a rule knows no ``OLD``.
- ``REPLACE``: only SQLite has it (``INSERT OR REPLACE``), and removes what was there without asking a trigger
  for DELETE. On PostgreSQL a rule for it is none.
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
    """A migration operation, to be repeated when a rule changes, and on SQLite when these tables are altered.

    TRUNCATE on PostgreSQL asks none of these triggers: ``append_only.refuse_emptying`` refuses it.
    """
    return migrations.RunPython(
        lambda apps, editor: _replace(editor, rules),
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
    if vendor == "sqlite":
        return [_on_sqlite(name, table, event, refused)]
    if event == "REPLACE":
        return []
    asked = _about_a_statement if event.startswith("AFTER ") else _about_each_row
    return asked(name, table, event, refused)


def _on_sqlite(name: str, table: str, event: str, refused: str) -> str:
    moment = event if event.startswith("AFTER ") else f"BEFORE {event.replace('REPLACE', 'INSERT')}"
    refuse = f"SELECT RAISE(ABORT, '{name}');"
    return f"CREATE TRIGGER {name} {moment} ON {table} WHEN {refused} BEGIN {refuse} END"


def _about_each_row(name: str, table: str, event: str, refused: str) -> list[str]:
    # In the function, not in WHEN: there PostgreSQL looks into no other table.
    row = "OLD" if event == "DELETE" else "NEW"
    body = f"BEGIN IF {refused} THEN {_refuse(name)} END IF; RETURN {row}; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _about_a_statement(name: str, table: str, event: str, refused: str) -> list[str]:
    # EXECUTE, so that it is planned each time: a plan that was made while the table was empty is kept
    # otherwise, and reads half of it for each row when it has grown.
    asks = f"SELECT EXISTS (SELECT 1 FROM written AS NEW WHERE {refused})"  # noqa: S608 - our own names
    answer = f"EXECUTE $ask${asks}$ask$ INTO is_refused; IF is_refused THEN {_refuse(name)} END IF;"
    body = f"DECLARE is_refused boolean; BEGIN {answer} RETURN NULL; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        after_a_statement(name, event, table),
    ]


def _refuse(name: str) -> str:
    return f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation';"


def after_a_statement(name: str, event: str, table: str) -> str:
    """PostgreSQL's trigger that calls the function of that name, to which ``written`` is what was written."""
    when = f"{event} ON {table} REFERENCING NEW TABLE AS written"
    return f"CREATE TRIGGER {name} {when} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"


def drop_triggers(rules: Rules, vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in rules]
    return [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in rules]


def _replace(editor: BaseDatabaseSchemaEditor, rules: Rules) -> None:
    vendor = editor.connection.vendor
    _execute(editor, [*drop_triggers(rules, vendor), *add_triggers(rules, vendor)])


def _execute(editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    for statement in statements:
        editor.execute(statement)
