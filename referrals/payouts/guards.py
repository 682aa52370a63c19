"""What the database itself keeps from changing: the steps of a withdrawal, and what each of them has written.

A withdrawal begins as requested and takes one step at a time, and none that its amounts and payments do not
bear out: those are written first. Whatever tries to skip a step, to take one back, to edit what a step has
written or to remove the row is refused, whoever it is.
"""

from collections.abc import Iterable

from hireops.desk.guards import IS_RESTORED
from hireops.guards.rules import Rule, any_differs, append_only, quoted, there_is
from referrals.payouts.transitions import STEPS

WITHDRAWAL, AMOUNT = "referrals_withdrawal", "referrals_withdrawalamount"
PAYMENT = "referrals_payment"
SELF_APPROVAL = "referrals_selfapproval"
ACCOUNT, CALL = "referrals_referralaccount", "outbox_call"

OPEN = ("requested", "approved", "unknown")
RESTORED = "the database was restored and is not released, so nothing is paid out"
_ANSWERABLE = ("approved", "unknown", "not_done")


def _step(before: Iterable[str], after: Iterable[str]) -> str:
    return f"(OLD.state IN ({quoted(before)}) AND NEW.state IN ({quoted(after)}))"


def _to(*states: str) -> str:
    return f"(OLD.state <> NEW.state AND NEW.state IN ({quoted(states)}))"


def _withdrawal_is(*states: str) -> str:
    return there_is(WITHDRAWAL, f"it.id = NEW.withdrawal_id AND it.state IN ({quoted(states)})")


def _an_amount(condition: str) -> str:
    return there_is(AMOUNT, f"it.withdrawal_id = NEW.id AND {condition}")


def _with_a_payment(*states: str) -> str:
    """Of the amount ``it``: one in these states, and not reversed."""
    payment = f"payment.amount_id = it.id AND payment.state IN ({quoted(states)})"
    return (
        f"EXISTS (SELECT 1 FROM {PAYMENT} payment"  # noqa: S608 - our own names
        f" WHERE {payment} AND payment.reversed_at IS NULL)"
    )


_LEGAL_STEP = " OR ".join(_step([before], after) for before, after in STEPS.items())
_SEEN_WHEN_ASKING = f"NEW.taken IS NULL AND {_withdrawal_is('requested')}"
_WAITS_FOR_ITS_ANSWER = _withdrawal_is(*_ANSWERABLE)
_TOLD_BY_THE_ANSWER = (
    f"NEW.taken IS NOT NULL AND NEW.seen = 0 AND NEW.approved IS NULL AND {_WAITS_FOR_ITS_ANSWER}"
)
_TAKEN = _an_amount("it.taken > 0")
_WITH_THE_PAYING_SIDE = _an_amount(_with_a_payment("handed_over"))
_UNPAID = _an_amount(f"it.taken > 0 AND NOT {_with_a_payment('paid')}")
_EVER_HANDED_OVER = f"EXISTS (SELECT 1 FROM {PAYMENT} payment WHERE payment.amount_id = it.id)"  # noqa: S608
_WITH_NOBODY = f"it.taken > 0 AND NOT {_with_a_payment('handed_over', 'paid')}"
_CAME_BACK = _an_amount(f"{_EVER_HANDED_OVER} AND {_WITH_NOBODY}")
# Two customers may have accounts of one ID. A call without a tenant is a custom app's, which has one.
_ITS_TARGET = there_is(
    ACCOUNT,
    "it.id = NEW.account_id AND call.target = 'referral_account:' || it.account_id"
    " AND (call.tenant_id IS NULL OR call.tenant_id = it.tenant_id)",
)
_SENT_BY_A_CALL_FOR_IT = (
    f"EXISTS (SELECT 1 FROM {CALL} call WHERE call.id = NEW.call_id"  # noqa: S608 - our own names
    " AND call.operation = 'referral_account.withdraw'"
    f" AND {_ITS_TARGET})"
)
_NOT_APPROVED = _an_amount("it.approved IS NULL")
TOOK_MORE = "it.taken > COALESCE(it.approved, 0)"
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
_ACKNOWLEDGED = ("excess_acknowledged_by_id", "excess_acknowledged_at")

RULES = [
    Rule(
        "withdrawal_begins_as_requested",
        WITHDRAWAL,
        "INSERT",
        "NEW.state <> 'requested' OR NEW.self_approved OR NEW.excess_acknowledged_by_id IS NOT NULL",
    ),
    Rule(
        "withdrawal_replaces_none",
        WITHDRAWAL,
        "REPLACE",
        there_is(
            WITHDRAWAL,
            "it.id = NEW.id OR it.external_order_id = NEW.external_order_id"
            f" OR (it.account_id = NEW.account_id AND it.state IN ({quoted(OPEN)}))",
        ),
    ),
    Rule(
        "withdrawal_is_approved_by_another",
        WITHDRAWAL,
        "UPDATE OF state",
        f"{_step(['requested'], ['approved'])} AND NEW.decided_by_id = NEW.requested_by_id"
        f" AND NOT {there_is(SELF_APPROVAL, 'it.withdrawal_id = NEW.id')}",
    ),
    *append_only(SELF_APPROVAL, unique=["id", "withdrawal_id"]),
    Rule(
        "approval_names_its_amounts",
        WITHDRAWAL,
        "UPDATE OF state",
        f"{_to('approved')} AND {_NOT_APPROVED}",
    ),
    Rule(
        "excess_is_acknowledged_once",
        WITHDRAWAL,
        f"UPDATE OF {', '.join(_ACKNOWLEDGED)}",
        f"{any_differs(_ACKNOWLEDGED)}"
        f" AND (OLD.excess_acknowledged_by_id IS NOT NULL OR NOT {_an_amount(TOOK_MORE)})",
    ),
    Rule(
        "excess_is_acknowledged_by_another",
        WITHDRAWAL,
        "UPDATE OF excess_acknowledged_by_id",
        "NEW.excess_acknowledged_by_id = NEW.requested_by_id"
        f" AND NOT {there_is(SELF_APPROVAL, 'it.withdrawal_id = NEW.id')}",
    ),
    Rule("withdrawal_waits_for_release", WITHDRAWAL, "INSERT", IS_RESTORED, says=RESTORED),
    Rule(
        "approval_waits_for_release",
        WITHDRAWAL,
        "UPDATE OF state",
        f"{_to('approved')} AND {IS_RESTORED}",
        says=RESTORED,
    ),
    Rule(
        "withdrawal_takes_its_steps",
        WITHDRAWAL,
        "UPDATE OF state",
        f"OLD.state <> NEW.state AND NOT ({_LEGAL_STEP})",
    ),
    Rule(
        "withdrawal_taken_took_something", WITHDRAWAL, "UPDATE OF state", f"{_to('taken')} AND NOT {_TAKEN}"
    ),
    Rule(
        "withdrawal_ended_took_nothing",
        WITHDRAWAL,
        "UPDATE OF state",
        f"{_to('empty', 'refused', 'not_done')} AND {_TAKEN}",
    ),
    Rule(
        "withdrawal_is_with_the_paying_side",
        WITHDRAWAL,
        "UPDATE OF state",
        f"{_to('handed_over')} AND (NOT {_WITH_THE_PAYING_SIDE} OR {_an_amount(_WITH_NOBODY)})",
    ),
    Rule("withdrawal_is_paid_in_full", WITHDRAWAL, "UPDATE OF state", f"{_to('paid')} AND {_UNPAID}"),
    Rule(
        "withdrawal_came_back",
        WITHDRAWAL,
        "UPDATE OF state",
        f"{_to('bounced')} AND NOT {_CAME_BACK}",
    ),
    Rule("withdrawal_stays_as_asked", WITHDRAWAL, f"UPDATE OF {', '.join(_ASKED)}", any_differs(_ASKED)),
    Rule(
        "withdrawal_is_decided_once",
        WITHDRAWAL,
        f"UPDATE OF {', '.join(_DECIDED)}",
        f"{any_differs(_DECIDED)} AND NOT {_step(['requested'], STEPS['requested'])}",
    ),
    Rule(
        "withdrawal_is_sent_by_one_call",
        WITHDRAWAL,
        "UPDATE OF call_id",
        f"{any_differs(['call_id'])} AND NOT {_step(['requested'], ['approved'])}",
    ),
    Rule(
        "withdrawal_is_sent_by_a_call_for_it",
        WITHDRAWAL,
        "UPDATE OF call_id",
        f"{any_differs(['call_id'])} AND NOT {_SENT_BY_A_CALL_FOR_IT}",
    ),
    Rule(
        "withdrawal_is_answered_once",
        WITHDRAWAL,
        f"UPDATE OF {', '.join(_ANSWERED)}",
        f"{any_differs(_ANSWERED)} AND NOT {_step(_ANSWERABLE, ['taken', 'empty', 'refused'])}",
    ),
    Rule("withdrawal_stays", WITHDRAWAL, "DELETE", "1 = 1"),
    Rule(
        "amount_belongs_to_its_step",
        AMOUNT,
        "INSERT",
        f"NOT ({_SEEN_WHEN_ASKING}) AND NOT ({_TOLD_BY_THE_ANSWER})",
    ),
    Rule(
        "amount_replaces_none",
        AMOUNT,
        "REPLACE",
        there_is(AMOUNT, "it.id = NEW.id OR (it.withdrawal_id = NEW.withdrawal_id AND it.asset = NEW.asset)"),
    ),
    Rule(
        "amount_stays_as_seen",
        AMOUNT,
        "UPDATE OF id, withdrawal_id, asset, seen",
        any_differs(["id", "withdrawal_id", "asset", "seen"]),
    ),
    Rule(
        "amount_is_approved_once",
        AMOUNT,
        "UPDATE OF approved",
        f"{any_differs(['approved'])} AND (OLD.approved IS NOT NULL OR NOT {_withdrawal_is('requested')})",
    ),
    Rule(
        "amount_is_taken_once",
        AMOUNT,
        "UPDATE OF taken",
        f"{any_differs(['taken'])} AND (OLD.taken IS NOT NULL OR NOT {_WAITS_FOR_ITS_ANSWER})",
    ),
    Rule("amount_stays", AMOUNT, "DELETE", "1 = 1"),
]
