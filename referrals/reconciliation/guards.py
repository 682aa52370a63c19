"""What the database itself keeps from changing: what was compared with Feishu, and what came of it."""

from django.db import migrations

from referrals.guards import any_differs, guard, there_is

RUN, CHUNK, CASE = "referrals_reconciliation", "referrals_reconciliationchunk", "referrals_case"
KEPT = (RUN, CHUNK, CASE)

STARTED = ("id", "tenant_id", "day", "starts_at", "ends_at", "started_by_id", "started_at")
FOUND = ("state", "accounts", "differences", "owed_up_to", "all_owed", "finished_at")
ASKED = ("id", "reconciliation_id", "points", "call_id")
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
    "opened_at",
)
CLOSED = ("closed_at", "closed_by_id", "note")

_RUNS_ALREADY = "it.tenant_id = NEW.tenant_id AND it.day = NEW.day AND it.state = 'running'"

RULES = {
    "reconciliation_replaces_none": (RUN, "REPLACE", there_is(RUN, f"it.id = NEW.id OR ({_RUNS_ALREADY})")),
    "reconciliation_stays_as_started": (RUN, f"UPDATE OF {', '.join(STARTED)}", any_differs(STARTED)),
    "reconciliation_ends_only_once": (
        RUN,
        f"UPDATE OF {', '.join(FOUND)}",
        f"OLD.state <> 'running' AND {any_differs(FOUND)}",
    ),
    "reconciliation_stays": (RUN, "DELETE", "1 = 1"),
    "chunk_replaces_none": (CHUNK, "REPLACE", there_is(CHUNK, "it.id = NEW.id OR it.call_id = NEW.call_id")),
    "chunk_stays_as_asked": (CHUNK, f"UPDATE OF {', '.join(ASKED)}", any_differs(ASKED)),
    "chunk_ends_once": (CHUNK, "UPDATE OF state", f"OLD.state <> 'pending' AND {any_differs(['state'])}"),
    "chunk_stays": (CHUNK, "DELETE", "1 = 1"),
    "case_replaces_none": (CASE, "REPLACE", there_is(CASE, "it.id = NEW.id")),
    "case_stays_as_opened": (CASE, f"UPDATE OF {', '.join(OPENED)}", any_differs(OPENED)),
    "case_is_closed_once": (
        CASE,
        f"UPDATE OF {', '.join(CLOSED)}",
        f"OLD.closed_at IS NOT NULL AND {any_differs(CLOSED)}",
    ),
    "case_stays": (CASE, "DELETE", "1 = 1"),
}


def guard_reconciliation() -> migrations.RunPython:
    """A migration operation, as ``guards.guard``."""
    return guard(RULES)
