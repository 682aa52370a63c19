"""What the database itself keeps from changing: what a call sends, and how an attempt ended."""

from collections.abc import Iterable

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# trigger -> table, event, when it is refused. ``differs`` is each database's word for it, NULL included.
RULES = {
    "call_is_sent_as_it_is": (
        "outbox_call",
        "UPDATE OF operation, target, lane, tenant_id",
        " OR ".join(
            f"OLD.{name} {{differs}} NEW.{name}" for name in ("operation", "target", "lane", "tenant_id")
        ),
    ),
    "call_content_is_only_trimmed": (
        "outbox_call",
        "UPDATE OF payload",
        "OLD.payload {differs} NEW.payload AND (NEW.trimmed_at IS NULL OR NEW.payload {differs} '{{}}')",
    ),
    "attempt_ends_once": (
        "outbox_attempt",
        "UPDATE OF call_id, started_at, finished_at, outcome, http_status, code, message, log_id",
        "OLD.finished_at IS NOT NULL",
    ),
    "attempt_stays": ("outbox_attempt", "DELETE", "OLD.finished_at IS NOT NULL"),
}
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def keep_evidence() -> migrations.RunPython:
    """A migration operation. On SQLite one that alters these tables later drops triggers: repeat it then."""
    return migrations.RunPython(
        lambda apps, editor: _execute(editor, add_triggers(editor.connection.vendor)),
        lambda apps, editor: _execute(editor, drop_triggers(editor.connection.vendor)),
    )


def add_triggers(vendor: str) -> list[str]:
    return [statement for name in RULES for statement in _trigger(name, vendor)]


def _trigger(name: str, vendor: str) -> list[str]:
    table, event, refused = RULES[name]
    when = refused.format(differs=DIFFERS[vendor])
    if vendor == "sqlite":
        refuse = f"SELECT RAISE(ABORT, '{name}');"
        return [f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN {refuse} END"]
    run = f"EXECUTE FUNCTION {name}()"
    refuse = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation';"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} END $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) {run}",
    ]


def drop_triggers(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in RULES]
    return [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in RULES]


def _execute(editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    for statement in statements:
        editor.execute(statement)
