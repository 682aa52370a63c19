"""What the database itself keeps from changing: what was compared with Feishu, and what it found."""

from hireops.guards.rules import Rule, any_differs, there_is

RUN, CHUNK = "referrals_reconciliation", "referrals_reconciliationchunk"

STARTED = ("id", "tenant_id", "day", "starts_at", "ends_at", "started_by_id", "started_at")
FOUND = ("state", "accounts", "differences", "owed_up_to", "all_owed", "finished_at")
ASKED = ("id", "reconciliation_id", "points", "call_id")
_RUNS_ALREADY = "it.tenant_id = NEW.tenant_id AND it.day = NEW.day AND it.state = 'running'"

RULES = [
    Rule(
        "reconciliation_replaces_none", RUN, "REPLACE", there_is(RUN, f"it.id = NEW.id OR ({_RUNS_ALREADY})")
    ),
    Rule("reconciliation_stays_as_started", RUN, f"UPDATE OF {', '.join(STARTED)}", any_differs(STARTED)),
    Rule(
        "reconciliation_ends_only_once",
        RUN,
        f"UPDATE OF {', '.join(FOUND)}",
        f"OLD.state <> 'running' AND {any_differs(FOUND)}",
    ),
    Rule("reconciliation_stays", RUN, "DELETE", "1 = 1"),
    Rule(
        "chunk_replaces_none", CHUNK, "REPLACE", there_is(CHUNK, "it.id = NEW.id OR it.call_id = NEW.call_id")
    ),
    Rule("chunk_stays_as_asked", CHUNK, f"UPDATE OF {', '.join(ASKED)}", any_differs(ASKED)),
    Rule("chunk_ends_once", CHUNK, "UPDATE OF state", f"OLD.state <> 'pending' AND {any_differs(['state'])}"),
    Rule("chunk_stays", CHUNK, "DELETE", "1 = 1"),
]
