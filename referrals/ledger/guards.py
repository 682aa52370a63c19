"""What the database itself keeps true of balances: that their history bears them out.

Steps of a balance follow each other without a gap, and the balance is where the newest one ends. So the steps
are written first, then the balance.
"""

from hireops.guards.rules import Lock, Rule, any_differs, append_only, there_is

ACCOUNT, BALANCE, CHANGE = "referrals_referralaccount", "referrals_balance", "referrals_balancechange"
WITHDRAWAL = "referrals_withdrawal"

WHOSE = ("id", "account_id", "asset")


# Later than every step.
_END = 2**63 - 1


def _neighbour(column: str, *, of: str, is_before: bool) -> str:
    """``column`` of the step next to ``of`` in NEW's account and asset; NULL where there is none.

    All three columns are compared and sorted by at once, so that only the index of just these can answer:
    PostgreSQL would else believe statistics of a nearly empty table and read the history of all accounts.
    """
    beyond, order = ("<", "DESC") if is_before else (">", "ASC")
    step, here = "(it.account_id, it.asset, it.id)", f"(NEW.account_id, NEW.asset, {of})"
    sorted_by = f"it.account_id {order}, it.asset {order}, it.id {order}"
    same = "it.account_id = NEW.account_id AND it.asset = NEW.asset"
    nearest = f"WHERE {step} {beyond} {here} ORDER BY {sorted_by} LIMIT 1"
    return f"(SELECT CASE WHEN {same} THEN it.{column} END FROM {CHANGE} it {nearest})"  # noqa: S608 - our own names


_NEWEST = f"COALESCE({_neighbour('after', of=str(_END), is_before=True)}, 0)"
_END_OF_THE_LAST = f"COALESCE({_neighbour('after', of='NEW.id', is_before=True)}, 0)"
_BEGINNING_OF_THE_NEXT = f"COALESCE({_neighbour('before', of='NEW.id', is_before=False)}, NEW.after)"
_UNPROVEN = f"NEW.amount {{differs}} {_NEWEST}"
_OF_ANOTHER = "(it.account_id <> NEW.account_id OR it.asset <> NEW.asset)"
_ITS_WITHDRAWAL = there_is(WITHDRAWAL, "it.id = NEW.withdrawal_id AND it.account_id = NEW.account_id")

RULES = [
    # Two transactions never write steps of one account at once: neither would see the other's. The ledger has
    # locked the account anyway.
    Lock("account_is_locked_for_its_changes", CHANGE, locks=ACCOUNT, by="account_id"),
    *append_only(CHANGE),
    Rule("balance_begins_with_its_history", BALANCE, "AFTER INSERT", _UNPROVEN),
    Rule("balance_follows_its_history", BALANCE, "AFTER UPDATE", _UNPROVEN),
    Rule("balance_stays_whose_it_is", BALANCE, f"UPDATE OF {', '.join(WHOSE)}", any_differs(WHOSE)),
    # One of the same account and asset may be written again: that is how the ledger writes.
    Rule("balance_replaces_none", BALANCE, "REPLACE", there_is(BALANCE, f"it.id = NEW.id AND {_OF_ANOTHER}")),
    Rule("balance_stays", BALANCE, "DELETE", "1 = 1"),
    # After it, because only then does SQLite know which ID it has. A step that changes nothing is refused by
    # a constraint, so none fits between two that follow each other.
    Rule(
        "change_follows_the_last",
        CHANGE,
        "AFTER INSERT",
        f"NEW.before {{differs}} {_END_OF_THE_LAST} OR NEW.after {{differs}} {_BEGINNING_OF_THE_NEXT}",
    ),
    Rule(
        "change_is_of_its_own_withdrawal",
        CHANGE,
        "AFTER INSERT",
        f"NEW.withdrawal_id IS NOT NULL AND NOT {_ITS_WITHDRAWAL}",
    ),
]
