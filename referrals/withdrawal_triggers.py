"""What the database itself keeps from changing: the steps of a withdrawal, and what each of them has written.

A withdrawal begins as requested and takes one step at a time. Whatever tries to skip a step, to take one
back, to edit what a step has written or to remove the row is refused, whoever it is.
"""

from collections.abc import Iterable

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

WITHDRAWAL, AMOUNT = "referrals_withdrawal", "referrals_withdrawalamount"

# state -> the states that may follow it
STEPS = {
    "requested": ("approved", "rejected", "canceled"),
    "approved": ("unknown", "taken", "empty", "refused"),
    "unknown": ("approved", "taken", "empty", "refused"),
    "taken": ("handed_over",),
    "handed_over": ("paid", "bounced"),
    "bounced": ("handed_over",),
}
OPEN = ("requested", "approved", "unknown")


def _differ(*names: str) -> str:
    return "(" + " OR ".join(f"OLD.{name} {{differs}} NEW.{name}" for name in names) + ")"


def _step(before: Iterable[str], after: Iterable[str]) -> str:
    return f"(OLD.state IN ({_quoted(before)}) AND NEW.state IN ({_quoted(after)}))"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _there_is(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} it WHERE {condition})"  # noqa: S608 - our own names


def _withdrawal_is(*states: str) -> str:
    return _there_is(WITHDRAWAL, f"it.id = NEW.withdrawal_id AND it.state IN ({_quoted(states)})")


_LEGAL_STEP = " OR ".join(_step([before], after) for before, after in STEPS.items())
_SEEN_WHEN_ASKING = f"NEW.taken IS NULL AND {_withdrawal_is('requested')}"
_TOLD_BY_THE_ANSWER = f"NEW.taken IS NOT NULL AND NEW.seen = 0 AND {_withdrawal_is('approved', 'unknown')}"
_ASKED = (
    "id",
    "account_id",
    "external_order_id",
    "takes_points",
    "takes_cash",
    "requested_by_id",
    "requested_at",
    "request_reason",
)
_DECIDED = ("decided_by_id", "decided_at", "decision_reason", "self_approved")
_ANSWERED = ("trans_time", "answered_at")

# trigger -> table, event, when it is refused. ``differs`` is each database's word for it, NULL included.
RULES = {
    "withdrawal_begins_as_requested": (WITHDRAWAL, "INSERT", "NEW.state <> 'requested'"),
    # SQLite's INSERT OR REPLACE would remove rows without asking a trigger.
    "withdrawal_replaces_none": (
        WITHDRAWAL,
        "INSERT",
        _there_is(
            WITHDRAWAL,
            "it.id = NEW.id OR it.external_order_id = NEW.external_order_id"
            f" OR (it.account_id = NEW.account_id AND it.state IN ({_quoted(OPEN)}))",
        ),
    ),
    "withdrawal_takes_its_steps": (
        WITHDRAWAL,
        "UPDATE OF state",
        f"OLD.state <> NEW.state AND NOT ({_LEGAL_STEP})",
    ),
    "withdrawal_stays_as_asked": (WITHDRAWAL, f"UPDATE OF {', '.join(_ASKED)}", _differ(*_ASKED)),
    "withdrawal_is_decided_once": (
        WITHDRAWAL,
        f"UPDATE OF {', '.join(_DECIDED)}",
        f"{_differ(*_DECIDED)} AND NOT {_step(['requested'], STEPS['requested'])}",
    ),
    "withdrawal_is_sent_by_one_call": (
        WITHDRAWAL,
        "UPDATE OF call_id",
        f"{_differ('call_id')} AND NOT {_step(['requested'], ['approved'])}",
    ),
    "withdrawal_is_answered_once": (
        WITHDRAWAL,
        f"UPDATE OF {', '.join(_ANSWERED)}",
        f"{_differ(*_ANSWERED)} AND NOT {_step(['approved', 'unknown'], ['taken', 'empty', 'refused'])}",
    ),
    "withdrawal_stays": (WITHDRAWAL, "DELETE", "1 = 1"),
    "amount_belongs_to_its_step": (
        AMOUNT,
        "INSERT",
        f"NOT ({_SEEN_WHEN_ASKING}) AND NOT ({_TOLD_BY_THE_ANSWER})",
    ),
    "amount_replaces_none": (
        AMOUNT,
        "INSERT",
        _there_is(
            AMOUNT, "it.id = NEW.id OR (it.withdrawal_id = NEW.withdrawal_id AND it.asset = NEW.asset)"
        ),
    ),
    "amount_stays_as_seen": (
        AMOUNT,
        "UPDATE OF id, withdrawal_id, asset, seen",
        _differ("id", "withdrawal_id", "asset", "seen"),
    ),
    "amount_is_taken_once": (
        AMOUNT,
        "UPDATE OF taken",
        f"{_differ('taken')} AND (OLD.taken IS NOT NULL OR NOT {_withdrawal_is('approved', 'unknown')})",
    ),
    "amount_stays": (AMOUNT, "DELETE", "1 = 1"),
}
DIFFERS = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def guard_withdrawals() -> migrations.RunPython:
    """A migration operation. On SQLite one that alters these tables later drops triggers: repeat it then.

    TRUNCATE ... CASCADE on PostgreSQL stays possible for the owner of the tables (the tests empty tables
    with it); without CASCADE the references between the tables refuse it.
    """
    return migrations.RunPython(
        lambda apps, editor: _execute(editor, add_triggers(editor.connection.vendor)),
        lambda apps, editor: _execute(editor, drop_triggers(editor.connection.vendor)),
    )


def add_triggers(vendor: str) -> list[str]:
    return [statement for name in RULES for statement in _trigger(name, vendor)]


def _trigger(name: str, vendor: str) -> list[str]:
    table, event, rule = RULES[name]
    refused = rule.format(differs=DIFFERS[vendor])
    if vendor == "sqlite":
        refuse = f"SELECT RAISE(ABORT, '{name}');"
        return [f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused} BEGIN {refuse} END"]
    # In the function, not in WHEN: there PostgreSQL looks into no other table.
    refuse = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation';"
    row = "OLD" if event == "DELETE" else "NEW"
    body = f"BEGIN IF {refused} THEN {refuse} END IF; RETURN {row}; END"
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
