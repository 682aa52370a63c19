"""What the database itself keeps from changing: what is sent and answered, and how an attempt ended."""

from hireops.desk.guards import IS_RESTORED
from hireops.feishu.endpoints import ONLY_READ
from hireops.guards.rules import Rule, any_differs, quoted, there_is, update_of

CALL, ATTEMPT = "outbox_call", "outbox_attempt"

SENT = ("id", "operation", "target", "lane", "tenant_id")
# What evidence is, but for the content, which goes when the call is old.
SAID = (
    "id",
    "call_id",
    "started_at",
    "finished_at",
    "outcome",
    "http_status",
    "code",
    "message",
    "log_id",
    "duration_ms",
    "resolving",
    "endpoint",
    "feishu_at",
)
CONTENT = ("request", "response")

_NOT_TRIMMED = "NEW.trimmed_at IS NULL OR NEW.finished_at IS NULL"
_IN_A_LANE_IN_USE = "it.lane = NEW.lane AND it.lease_key IS NOT NULL AND NEW.lease_key IS NOT NULL"
_TRIED_NOW = "it.call_id = NEW.call_id AND it.finished_at IS NULL AND NEW.finished_at IS NULL"
_SUCCEEDED = "it.call_id = NEW.call_id AND it.outcome = 'success' AND NEW.outcome = 'success'"
_IS_TRIMMED = (
    "NEW.request IS NULL AND NEW.response IS NULL AND "
    f"{there_is(CALL, 'it.id = NEW.call_id AND it.trimmed_at IS NOT NULL')}"
)

RULES = [
    Rule("call_is_sent_as_it_is", CALL, update_of(SENT), any_differs(SENT)),
    Rule(
        "call_content_is_only_trimmed",
        CALL,
        "UPDATE OF payload",
        f"OLD.payload {{differs}} NEW.payload AND ({_NOT_TRIMMED} OR NEW.payload {{differs}} '{{{{}}}}')",
    ),
    Rule(
        "call_is_answered_once",
        CALL,
        "UPDATE OF answer",
        "OLD.answer IS NOT NULL AND OLD.answer {differs} NEW.answer"
        f" AND ({_NOT_TRIMMED} OR NEW.answer {{differs}} '{{{{}}}}')",
    ),
    Rule("call_replaces_none", CALL, "REPLACE", there_is(CALL, f"it.id = NEW.id OR ({_IN_A_LANE_IN_USE})")),
    Rule("call_stays", CALL, "DELETE"),
    Rule(
        "call_waits_for_release",
        CALL,
        "UPDATE OF lease_key",
        "OLD.lease_key IS NULL AND NEW.lease_key IS NOT NULL"
        f" AND NEW.operation NOT IN ({quoted(sorted(ONLY_READ))}) AND {IS_RESTORED}",
        says="the database was restored and is not released, so nothing is sent",
    ),
    # Its app has ended it unanswered. Only an answer that comes all the same takes it up again.
    Rule(
        "call_that_is_never_sent_again_has_ended",
        CALL,
        "UPDATE OF state, reason",
        "OLD.reason = 'never_again' AND OLD.state = 'canceled' AND NEW.answer IS NULL"
        f" AND {any_differs(['state', 'reason'])}",
    ),
    Rule("attempt_ends_once", ATTEMPT, update_of(SAID), "OLD.finished_at IS NOT NULL"),
    Rule(
        "attempt_content_is_only_trimmed",
        ATTEMPT,
        update_of(CONTENT),
        f"OLD.finished_at IS NOT NULL AND {any_differs(CONTENT)} AND NOT ({_IS_TRIMMED})",
    ),
    Rule(
        "attempt_replaces_none",
        ATTEMPT,
        "REPLACE",
        there_is(ATTEMPT, f"it.id = NEW.id OR ({_TRIED_NOW}) OR ({_SUCCEEDED})"),
    ),
    Rule("attempt_stays", ATTEMPT, "DELETE", "OLD.finished_at IS NOT NULL"),
]
