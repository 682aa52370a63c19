"""What the database itself keeps from changing: what a case is about, and how it was closed."""

from hireops.guards.rules import Rule, any_differs, there_is

CASE = "referrals_case"

OPENED = (
    "id",
    "kind",
    "account_id",
    "asset",
    "ours",
    "theirs",
    "reconciliation_id",
    "withdrawal_id",
    "change_id",
    "event_id",
    "payment_id",
    "opened_at",
)
CLOSED = ("closed_at", "closed_by_id", "note")

RULES = [
    Rule(
        "case_begins_open",
        CASE,
        "INSERT",
        "NEW.closed_at IS NOT NULL OR NEW.closed_by_id IS NOT NULL OR NEW.note <> ''",
    ),
    Rule("case_replaces_none", CASE, "REPLACE", there_is(CASE, "it.id = NEW.id")),
    Rule("case_stays_as_opened", CASE, f"UPDATE OF {', '.join(OPENED)}", any_differs(OPENED)),
    Rule(
        "case_is_closed_once",
        CASE,
        f"UPDATE OF {', '.join(CLOSED)}",
        f"OLD.closed_at IS NOT NULL AND {any_differs(CLOSED)}",
    ),
    Rule("case_stays", CASE, "DELETE", "1 = 1"),
]
