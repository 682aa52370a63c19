"""What the database itself keeps from changing: what was handed over for payment, and what became of it."""

from django.db import migrations

from referrals.guards import any_differs, guard, there_is

PAYMENT, BATCH, AMOUNT = "referrals_payment", "referrals_payoutbatch", "referrals_withdrawalamount"

HANDED_OVER = ("id", "batch_id", "amount_id", "payment_id", "asset", "sum")
RECORDED = ("state", "reference", "reason", "recorded_by_id", "recorded_at")
BATCH_SAID = ("id", "created_by_id", "created_at", "note")

_BEING_PAID = "it.amount_id = NEW.amount_id AND it.state IN ('handed_over', 'paid')"

RULES = {
    "payment_pays_what_was_taken": (
        PAYMENT,
        "INSERT",
        f"NOT {there_is(AMOUNT, 'it.id = NEW.amount_id AND it.taken = NEW.sum AND it.asset = NEW.asset')}",
    ),
    "payment_begins_handed_over": (
        PAYMENT,
        "INSERT",
        "NEW.state <> 'handed_over' OR NEW.reference <> '' OR NEW.reason <> ''",
    ),
    "payment_replaces_none": (
        PAYMENT,
        "REPLACE",
        there_is(PAYMENT, f"it.id = NEW.id OR it.payment_id = NEW.payment_id OR ({_BEING_PAID})"),
    ),
    "payment_handed_over_as_it_is": (
        PAYMENT,
        f"UPDATE OF {', '.join(HANDED_OVER)}",
        any_differs(HANDED_OVER),
    ),
    "payment_result_recorded_once": (
        PAYMENT,
        f"UPDATE OF {', '.join(RECORDED)}",
        f"(OLD.state <> 'handed_over' OR NEW.state = 'handed_over') AND {any_differs(RECORDED)}",
    ),
    "payment_result_says_enough": (
        PAYMENT,
        f"UPDATE OF {', '.join(RECORDED)}",
        "NEW.state = 'paid' AND TRIM(NEW.reference) = '' OR NEW.state = 'bounced' AND TRIM(NEW.reason) = ''",
    ),
    "payment_stays": (PAYMENT, "DELETE", "1 = 1"),
    "payout_batch_replaces_none": (BATCH, "REPLACE", there_is(BATCH, "it.id = NEW.id")),
    "payout_batch_handed_over_as_it_is": (
        BATCH,
        f"UPDATE OF {', '.join(BATCH_SAID)}",
        any_differs(BATCH_SAID),
    ),
    "payout_batch_stays": (BATCH, "DELETE", "1 = 1"),
}


def guard_payments() -> migrations.RunPython:
    """A migration operation, as ``guards.guard``."""
    return guard(RULES)
