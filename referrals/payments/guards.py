"""What the database itself keeps from changing: what was handed over for payment, and what became of it."""

from hireops.guards.rules import Rule, any_differs, there_is

PAYMENT, BATCH, AMOUNT = "referrals_payment", "referrals_payoutbatch", "referrals_withdrawalamount"
WITHDRAWAL, ACCOUNT = "referrals_withdrawal", "referrals_referralaccount"

PAYEE = {"payee_name": "name", "payee_mobile": "mobile", "payee_email": "email"}
HANDED_OVER = ("id", "batch_id", "amount_id", "payment_id", "asset", "sum")
WHOM = (*PAYEE, "emptied_at")
RECORDED = ("state", "reference", "reason", "recorded_by_id", "recorded_at")
BATCH_SAID = ("id", "created_by_id", "created_at", "note")

_IS_EMPTIED = (
    "OLD.emptied_at IS NULL AND NEW.emptied_at IS NOT NULL AND OLD.state <> 'handed_over' AND "
    + " AND ".join(f"NEW.{ours} = ''" for ours in PAYEE)
)
_BEING_PAID = "it.amount_id = NEW.amount_id AND it.state IN ('handed_over', 'paid')"
_ITS_PAYEE = " AND ".join(f"account.{theirs} = NEW.{ours}" for ours, theirs in PAYEE.items())
_WHOSE_IT_IS = (
    f"EXISTS (SELECT 1 FROM {AMOUNT} amount"  # noqa: S608 - our own names
    f" JOIN {WITHDRAWAL} withdrawal ON withdrawal.id = amount.withdrawal_id"
    f" JOIN {ACCOUNT} account ON account.id = withdrawal.account_id"
    f" WHERE amount.id = NEW.amount_id AND {_ITS_PAYEE})"
)

RULES = [
    Rule("payment_pays_whose_it_is", PAYMENT, "INSERT", f"NOT {_WHOSE_IT_IS}"),
    Rule(
        "payment_pays_what_was_taken",
        PAYMENT,
        "INSERT",
        f"NOT {there_is(AMOUNT, 'it.id = NEW.amount_id AND it.taken = NEW.sum AND it.asset = NEW.asset')}",
    ),
    Rule(
        "payment_begins_handed_over",
        PAYMENT,
        "INSERT",
        "NEW.state <> 'handed_over' OR NEW.reference <> '' OR NEW.reason <> ''",
    ),
    Rule(
        "payment_replaces_none",
        PAYMENT,
        "REPLACE",
        there_is(PAYMENT, f"it.id = NEW.id OR it.payment_id = NEW.payment_id OR ({_BEING_PAID})"),
    ),
    Rule(
        "payment_handed_over_as_it_is",
        PAYMENT,
        f"UPDATE OF {', '.join(HANDED_OVER)}",
        any_differs(HANDED_OVER),
    ),
    # By night, when the law does not need it any more (trimming.py).
    Rule(
        "payment_payee_is_only_emptied",
        PAYMENT,
        f"UPDATE OF {', '.join(WHOM)}",
        f"{any_differs(WHOM)} AND NOT ({_IS_EMPTIED})",
    ),
    Rule(
        "payment_result_recorded_once",
        PAYMENT,
        f"UPDATE OF {', '.join(RECORDED)}",
        f"(OLD.state <> 'handed_over' OR NEW.state = 'handed_over') AND {any_differs(RECORDED)}",
    ),
    Rule(
        "payment_result_says_enough",
        PAYMENT,
        f"UPDATE OF {', '.join(RECORDED)}",
        "NEW.state = 'paid' AND TRIM(NEW.reference) = '' OR NEW.state = 'bounced' AND TRIM(NEW.reason) = ''",
    ),
    Rule("payment_stays", PAYMENT, "DELETE", "1 = 1"),
    Rule("payout_batch_replaces_none", BATCH, "REPLACE", there_is(BATCH, "it.id = NEW.id")),
    Rule(
        "payout_batch_handed_over_as_it_is",
        BATCH,
        f"UPDATE OF {', '.join(BATCH_SAID)}",
        any_differs(BATCH_SAID),
    ),
    Rule("payout_batch_stays", BATCH, "DELETE", "1 = 1"),
]
