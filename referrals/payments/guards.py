"""What the database itself keeps from changing: what was handed over for payment, and what became of it."""

from hireops.desk.guards import IS_RESTORED
from hireops.guards.rules import Rule, any_differs, there_is, update_of
from referrals.payouts.guards import RESTORED, SELF_APPROVAL, TOOK_MORE

PAYMENT, BATCH, AMOUNT = "referrals_payment", "referrals_payoutbatch", "referrals_withdrawalamount"
WITHDRAWAL, ACCOUNT = "referrals_withdrawal", "referrals_referralaccount"
REVERSAL, RESULTS = "referrals_reversal", "referrals_resultsfile"

PAYEE = {"payee_name": "name", "payee_mobile": "mobile", "payee_email": "email"}
HANDED_OVER = ("id", "batch_id", "amount_id", "payment_id", "asset", "sum", "instead_of_id")
WHOM = (*PAYEE, "emptied_at")
RECORDED = ("state", "reference", "reason", "recorded_by_id", "recorded_at", "evidence_id")
BATCH_SAID = ("id", "created_by_id", "created_at", "note")
PROPOSED = ("id", "payment_id", "cause", "proposed_by_id", "proposed_at", "reason")
UPLOADED = ("id", "batch_id", "sheet", "offered", "uploaded_by_id", "uploaded_at")  # reencrypt: the content
DECIDED = ("state", "decided_by_id", "decided_at", "decision_reason", "self_approved")

_TO_BE_DECIDED = there_is(REVERSAL, "it.payment_id = NEW.id AND it.state = 'proposed'")
_IS_EMPTIED = (
    "OLD.emptied_at IS NULL AND NEW.emptied_at IS NOT NULL AND OLD.state <> 'handed_over'"
    f" AND NOT {_TO_BE_DECIDED} AND " + " AND ".join(f"NEW.{ours} = ''" for ours in PAYEE)
)
_LIVE = "it.state IN ('handed_over', 'paid') AND it.reversed_at IS NULL"
_SAME_AMOUNT = "it.amount_id = NEW.amount_id"
_NAMES_ONE_THAT_DID_NOT_LAST = there_is(
    PAYMENT, f"it.id = NEW.instead_of_id AND {_SAME_AMOUNT} AND NOT ({_LIVE})"
)
_IS_THE_FIRST = f"NEW.instead_of_id IS NULL AND NOT {there_is(PAYMENT, _SAME_AMOUNT)}"
_CONFIRMED = there_is(REVERSAL, "it.payment_id = NEW.id AND it.state = 'confirmed'")
_IS_REVERSED = f"OLD.reversed_at IS NULL AND {_CONFIRMED}"
_IS_OF_A_LIVE_ONE = there_is(PAYMENT, f"it.id = NEW.payment_id AND {_LIVE}")
_SAID_BY_A_FILE = there_is(RESULTS, "it.id = NEW.evidence_id AND it.batch_id = NEW.batch_id")
_ONE_MAY_APPROVE_ALONE = (
    f"EXISTS (SELECT 1 FROM {SELF_APPROVAL} alone"  # noqa: S608 - our own names
    f" JOIN {AMOUNT} amount ON amount.withdrawal_id = alone.withdrawal_id"
    f" JOIN {PAYMENT} payment ON payment.amount_id = amount.id"
    " WHERE payment.id = NEW.payment_id)"
)
_ITS_PAYEE = " AND ".join(f"account.{theirs} = NEW.{ours}" for ours, theirs in PAYEE.items())
_WHOSE_IT_IS = (
    f"EXISTS (SELECT 1 FROM {AMOUNT} amount"  # noqa: S608 - our own names
    f" JOIN {WITHDRAWAL} withdrawal ON withdrawal.id = amount.withdrawal_id"
    f" JOIN {ACCOUNT} account ON account.id = withdrawal.account_id"
    f" WHERE amount.id = NEW.amount_id AND {_ITS_PAYEE})"
)
_IS_ACKNOWLEDGED = (
    f"EXISTS (SELECT 1 FROM {AMOUNT} amount"  # noqa: S608 - our own names
    f" JOIN {WITHDRAWAL} withdrawal ON withdrawal.id = amount.withdrawal_id"
    " WHERE amount.id = NEW.amount_id AND withdrawal.excess_acknowledged_by_id IS NOT NULL)"
)

RULES = [
    # Asked last about a new payment: PostgreSQL goes by the names, SQLite begins with the newest rule.
    Rule(
        "payment_second_names_the_first",
        PAYMENT,
        "INSERT",
        f"NOT ({_IS_THE_FIRST}) AND NOT {_NAMES_ONE_THAT_DID_NOT_LAST}",
    ),
    Rule("payment_pays_whose_it_is", PAYMENT, "INSERT", f"NOT {_WHOSE_IT_IS}"),
    Rule(
        "payment_pays_what_was_taken",
        PAYMENT,
        "INSERT",
        f"NOT {there_is(AMOUNT, 'it.id = NEW.amount_id AND it.taken = NEW.sum AND it.asset = NEW.asset')}",
    ),
    Rule(
        "payment_of_excess_is_acknowledged",
        PAYMENT,
        "INSERT",
        f"{there_is(AMOUNT, f'it.id = NEW.amount_id AND {TOOK_MORE}')} AND NOT {_IS_ACKNOWLEDGED}",
    ),
    Rule(
        "payment_begins_handed_over",
        PAYMENT,
        "INSERT",
        "NEW.state <> 'handed_over' OR NEW.reference <> '' OR NEW.reason <> ''"
        " OR NEW.reversed_at IS NOT NULL OR NEW.evidence_id IS NOT NULL",
    ),
    Rule(
        "payment_replaces_none",
        PAYMENT,
        "REPLACE",
        there_is(
            PAYMENT,
            "it.id = NEW.id OR it.payment_id = NEW.payment_id OR it.instead_of_id = NEW.instead_of_id"
            f" OR ({_SAME_AMOUNT} AND {_LIVE})",
        ),
    ),
    Rule(
        "payment_is_reversed_by_two",
        PAYMENT,
        "UPDATE OF reversed_at",
        f"{any_differs(['reversed_at'])} AND NOT ({_IS_REVERSED})",
    ),
    Rule(
        "payment_comes_back_by_two_or_a_file",
        PAYMENT,
        "UPDATE OF state",
        f"OLD.state <> 'bounced' AND NEW.state = 'bounced' AND NOT {_CONFIRMED} AND NOT {_SAID_BY_A_FILE}",
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
    Rule("reversal_begins_as_proposed", REVERSAL, "INSERT", "NEW.state <> 'proposed' OR NEW.self_approved"),
    Rule("reversal_is_of_a_live_payment", REVERSAL, "INSERT", f"NOT {_IS_OF_A_LIVE_ONE}"),
    Rule(
        "reversal_replaces_none",
        REVERSAL,
        "REPLACE",
        there_is(
            REVERSAL,
            "it.id = NEW.id OR (it.payment_id = NEW.payment_id AND it.state IN ('proposed', 'confirmed'))",
        ),
    ),
    Rule("reversal_stays_as_proposed", REVERSAL, update_of(PROPOSED), any_differs(PROPOSED)),
    Rule(
        "reversal_is_decided_once",
        REVERSAL,
        update_of(DECIDED),
        f"OLD.state <> 'proposed' AND {any_differs(DECIDED)}",
    ),
    Rule(
        "reversal_is_confirmed_by_another",
        REVERSAL,
        "UPDATE OF state",
        "NEW.state = 'confirmed' AND NEW.decided_by_id = NEW.proposed_by_id"
        f" AND NOT {_ONE_MAY_APPROVE_ALONE}",
    ),
    Rule("reversal_stays", REVERSAL, "DELETE"),
    Rule("results_file_stays_as_uploaded", RESULTS, update_of(UPLOADED), any_differs(UPLOADED)),
    Rule(
        "results_file_is_recorded_once",
        RESULTS,
        "UPDATE OF recorded_at",
        f"OLD.recorded_at IS NOT NULL AND {any_differs(['recorded_at'])}",
    ),
    Rule("results_file_replaces_none", RESULTS, "REPLACE", there_is(RESULTS, "it.id = NEW.id")),
    Rule("results_file_stays", RESULTS, "DELETE", "OLD.recorded_at IS NOT NULL"),
    Rule("payout_batch_waits_for_release", BATCH, "INSERT", IS_RESTORED, says=RESTORED),
    Rule("payment_waits_for_release", PAYMENT, "INSERT", IS_RESTORED, says=RESTORED),
    Rule("payout_batch_replaces_none", BATCH, "REPLACE", there_is(BATCH, "it.id = NEW.id")),
    Rule(
        "payout_batch_handed_over_as_it_is",
        BATCH,
        f"UPDATE OF {', '.join(BATCH_SAID)}",
        any_differs(BATCH_SAID),
    ),
    Rule("payout_batch_stays", BATCH, "DELETE", "1 = 1"),
]
