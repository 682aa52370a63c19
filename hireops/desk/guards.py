"""What the database itself keeps from changing: who did what, and that it was restored."""

from hireops.guards.rules import Rule, any_differs, append_only, there_is

RESTORATION = "desk_restoration"

# For the rules of others: true while a restored database is not released.
IS_RESTORED = there_is(RESTORATION, "it.stands")

_BEGUN = ("id", "begun_at", "begun_by_id", "reason", "backup_at")

RULES = [
    *append_only("desk_auditentry"),
    *append_only("desk_release"),
    Rule("restoration_stays_as_begun", RESTORATION, f"UPDATE OF {', '.join(_BEGUN)}", any_differs(_BEGUN)),
    Rule(
        "restoration_ends_once",
        RESTORATION,
        "UPDATE OF stands, ended_at",
        f"NOT OLD.stands AND {any_differs(['stands', 'ended_at'])}",
    ),
    Rule("restoration_stays", RESTORATION, "DELETE"),
    Rule(
        "restoration_replaces_none",
        RESTORATION,
        "REPLACE",
        there_is(RESTORATION, "it.id = NEW.id OR (it.stands AND NEW.stands)"),
    ),
]
