"""What the database itself keeps true of endings: no withdrawal ends unanswered without two people, nor while
its order may still be sent.
"""

from hireops.guards.rules import Rule, any_differs, there_is, update_of
from referrals.payouts.guards import CALL, SELF_APPROVAL, WITHDRAWAL

ENDING = "referrals_ending"

PROPOSED = (
    "id",
    "withdrawal_id",
    "outcome",
    "taken",
    "trans_time",
    "proposed_by_id",
    "proposed_at",
    "reason",
    "evidence",
)
DECIDED = ("state", "decided_by_id", "decided_at", "decision_reason", "decided_on", "self_approved")

_UNDER_WAY = "('proposed', 'confirmed')"
_SAME = "it.withdrawal_id = NEW.withdrawal_id AND it.outcome = NEW.outcome"


def _confirmed(outcome: str) -> str:
    its = f"it.withdrawal_id = NEW.id AND it.state = 'confirmed' AND it.outcome = '{outcome}'"
    return there_is(ENDING, its)


# Of such a call the outbox's own guards say that it stays so.
_ITS_CALL_IS_OVER = there_is(
    CALL, "it.id = NEW.call_id AND it.state = 'canceled' AND it.reason = 'never_again' AND it.answer IS NULL"
)
_FEISHU_HAS_ANSWERED = there_is(CALL, "it.id = NEW.call_id AND it.answer IS NOT NULL")

RULES = [
    Rule("ending_begins_as_proposed", ENDING, "INSERT", "NEW.state <> 'proposed' OR NEW.self_approved"),
    Rule(
        "ending_replaces_none",
        ENDING,
        "REPLACE",
        there_is(ENDING, f"it.id = NEW.id OR ({_SAME} AND it.state IN {_UNDER_WAY})"),
    ),
    Rule("ending_stays_as_proposed", ENDING, update_of(PROPOSED), any_differs(PROPOSED)),
    Rule(
        "ending_is_decided_once",
        ENDING,
        update_of(DECIDED),
        f"OLD.state <> 'proposed' AND {any_differs(DECIDED)}",
    ),
    Rule(
        "ending_is_confirmed_by_another",
        ENDING,
        "UPDATE OF state",
        "NEW.state = 'confirmed' AND NEW.decided_by_id = NEW.proposed_by_id"
        f" AND NOT {there_is(SELF_APPROVAL, 'it.withdrawal_id = NEW.withdrawal_id')}",
    ),
    Rule("ending_stays", ENDING, "DELETE"),
    Rule(
        "withdrawal_not_done_is_said_by_two",
        WITHDRAWAL,
        "UPDATE OF state",
        "OLD.state <> NEW.state AND NEW.state = 'not_done'"
        f" AND NOT ({_confirmed('not_done')} AND {_ITS_CALL_IS_OVER})",
    ),
    Rule(
        "withdrawal_not_done_turned_out_done",
        WITHDRAWAL,
        "UPDATE OF state",
        "OLD.state = 'not_done' AND NEW.state <> 'not_done'"
        f" AND NOT ({_confirmed('taken')} OR {_FEISHU_HAS_ANSWERED})",
    ),
]
