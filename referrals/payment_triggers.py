"""What the database itself keeps from changing: what was handed over for payment, and what became of it."""

from collections.abc import Iterable

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PAYMENT, BATCH, AMOUNT = "referrals_payment", "referrals_payoutbatch", "referrals_withdrawalamount"

HANDED_OVER = ("id", "batch_id", "amount_id", "payment_id", "asset", "sum")
RECORDED = ("state", "reference", "reason", "recorded_by_id", "recorded_at")
BATCH_SAID = ("id", "created_by_id", "created_at", "note")


def _any_differs(columns: Iterable[str]) -> str:
    return "(" + " OR ".join(f"OLD.{column} {{differs}} NEW.{column}" for column in columns) + ")"


def _there_is(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} it WHERE {condition})"  # noqa: S608  our own names


_BEING_PAID = "it.amount_id = NEW.amount_id AND it.state IN ('handed_over', 'paid')"

# trigger -> table, event, when it is refused. ``differs`` is each database's word for it, NULL included.
RULES = {
    "payment_pays_what_was_taken": (
        PAYMENT,
        "INSERT",
        f"NOT {_there_is(AMOUNT, 'it.id = NEW.amount_id AND it.taken = NEW.sum AND it.asset = NEW.asset')}",
    ),
    "payment_begins_handed_over": (
        PAYMENT,
        "INSERT",
        "NEW.state <> 'handed_over' OR NEW.reference <> '' OR NEW.reason <> ''",
    ),
    # SQLite's INSERT OR REPLACE would remove rows without asking a trigger.
    "payment_replaces_none": (
        PAYMENT,
        "INSERT",
        _there_is(PAYMENT, f"it.id = NEW.id OR it.payment_id = NEW.payment_id OR ({_BEING_PAID})"),
    ),
    "payment_handed_over_as_it_is": (
        PAYMENT,
        f"UPDATE OF {', '.join(HANDED_OVER)}",
        _any_differs(HANDED_OVER),
    ),
    "payment_result_recorded_once": (
        PAYMENT,
        f"UPDATE OF {', '.join(RECORDED)}",
        f"(OLD.state <> 'handed_over' OR NEW.state = 'handed_over') AND {_any_differs(RECORDED)}",
    ),
    "payment_result_says_enough": (
        PAYMENT,
        f"UPDATE OF {', '.join(RECORDED)}",
        "NEW.state = 'paid' AND TRIM(NEW.reference) = '' OR NEW.state = 'bounced' AND TRIM(NEW.reason) = ''",
    ),
    "payment_stays": (PAYMENT, "DELETE", "1 = 1"),
    "payout_batch_replaces_none": (BATCH, "INSERT", _there_is(BATCH, "it.id = NEW.id")),
    "payout_batch_handed_over_as_it_is": (
        BATCH,
        f"UPDATE OF {', '.join(BATCH_SAID)}",
        _any_differs(BATCH_SAID),
    ),
    "payout_batch_stays": (BATCH, "DELETE", "1 = 1"),
}
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def guard_payments() -> migrations.RunPython:
    """A migration operation. On SQLite one that alters these tables later drops triggers: repeat it then."""
    return migrations.RunPython(
        lambda apps, editor: _execute(editor, add_triggers(editor.connection.vendor)),
        lambda apps, editor: _execute(editor, drop_triggers(editor.connection.vendor)),
    )


def add_triggers(vendor: str) -> list[str]:
    """SQL statements for ``vendor`` (sqlite or postgresql)."""
    return [statement for name in RULES for statement in _trigger(name, vendor)]


def _trigger(name: str, vendor: str) -> list[str]:
    table, event, refused = RULES[name]
    when = refused.format(differs=DIFFERS[vendor])
    if vendor == "sqlite":
        refuse = f"SELECT RAISE(ABORT, '{name}');"
        return [f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN {refuse} END"]
    # In the function, not in WHEN: there PostgreSQL looks into no other table.
    refuse = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation';"
    body = f"BEGIN IF {when} THEN {refuse} END IF; RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def drop_triggers(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {name}" for name in RULES]
    return [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in RULES]


def _execute(editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    for statement in statements:
        editor.execute(statement)
