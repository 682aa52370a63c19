"""What the database itself keeps true of accounts: who they are, and balances that their history bears out.

Steps of a balance follow each other without a gap, and the balance is where the newest one ends. So the steps
are written first, then the balance.
"""

from collections.abc import Iterable

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from referrals.guards import after_a_statement, any_differs, guard, there_is

ACCOUNT, BALANCE, CHANGE = "referrals_referralaccount", "referrals_balance", "referrals_balancechange"
WITHDRAWAL = "referrals_withdrawal"
# Which PostgreSQL's TRUNCATE would empty without asking the triggers for rows.
KEPT = (
    ACCOUNT,
    BALANCE,
    CHANGE,
    WITHDRAWAL,
    "referrals_withdrawalamount",
    "referrals_payoutbatch",
    "referrals_payment",
)

WHO = ("id", "tenant_id", "account_id")
WHOSE = ("id", "account_id", "asset")


def _next_step(column: str, *, where: str, order: str) -> str:
    same = "it.account_id = NEW.account_id AND it.asset = NEW.asset"
    nearest = f"WHERE {same} AND {where} ORDER BY it.id {order} LIMIT 1"
    return f"(SELECT it.{column} FROM {CHANGE} it {nearest})"  # noqa: S608 - our own names


_NEWEST = f"COALESCE({_next_step('after', where='1 = 1', order='DESC')}, 0)"
_END_OF_THE_LAST = f"COALESCE({_next_step('after', where='it.id < NEW.id', order='DESC')}, 0)"
_BEGINNING_OF_THE_NEXT = f"COALESCE({_next_step('before', where='it.id > NEW.id', order='ASC')}, NEW.after)"
_UNPROVEN = f"NEW.amount {{differs}} {_NEWEST}"
_SAME_ACCOUNT = "it.tenant_id = NEW.tenant_id AND it.account_id = NEW.account_id"
_OF_ANOTHER = "(it.account_id <> NEW.account_id OR it.asset <> NEW.asset)"
_ITS_WITHDRAWAL = there_is(WITHDRAWAL, "it.id = NEW.withdrawal_id AND it.account_id = NEW.account_id")
# Text of SQLite is compared as text, so it must be a time written as all are.
_NO_TIME = "SUBSTR(CAST(NEW.modify_time AS text), 11, 1) <> ' '"
_GOES_BACK = f"NEW.modify_time IS NULL OR NEW.modify_time < OLD.modify_time OR {_NO_TIME}"

RULES = {
    "account_stays_who_it_is": (ACCOUNT, f"UPDATE OF {', '.join(WHO)}", any_differs(WHO)),
    "account_change_never_goes_back": (
        ACCOUNT,
        "UPDATE OF modify_time",
        f"OLD.modify_time IS NOT NULL AND ({_GOES_BACK})",
    ),
    "account_replaces_none": (ACCOUNT, "REPLACE", there_is(ACCOUNT, f"it.id = NEW.id OR ({_SAME_ACCOUNT})")),
    "account_stays": (ACCOUNT, "DELETE", "1 = 1"),
    "balance_begins_with_its_history": (BALANCE, "AFTER INSERT", _UNPROVEN),
    "balance_follows_its_history": (BALANCE, "AFTER UPDATE", _UNPROVEN),
    "balance_stays_whose_it_is": (BALANCE, f"UPDATE OF {', '.join(WHOSE)}", any_differs(WHOSE)),
    # One of the same account and asset may be written again: that is how the ledger writes.
    "balance_replaces_none": (BALANCE, "REPLACE", there_is(BALANCE, f"it.id = NEW.id AND {_OF_ANOTHER}")),
    "balance_stays": (BALANCE, "DELETE", "1 = 1"),
    # After it, because only then does SQLite know which ID it has. A step that changes nothing is refused by
    # a constraint, so none fits between two that follow each other.
    "change_follows_the_last": (
        CHANGE,
        "AFTER INSERT",
        f"NEW.before {{differs}} {_END_OF_THE_LAST} OR NEW.after {{differs}} {_BEGINNING_OF_THE_NEXT}",
    ),
    "change_is_of_its_own_withdrawal": (
        CHANGE,
        "AFTER INSERT",
        f"NEW.withdrawal_id IS NOT NULL AND NOT {_ITS_WITHDRAWAL}",
    ),
}


def guard_ledger() -> migrations.RunPython:
    """A migration operation, as ``guards.guard``."""
    return guard(RULES)


def write_one_after_the_other() -> migrations.RunPython:
    """A migration operation: two transactions never write steps of one account at once.

    Neither would see the other's. The ledger has locked the account anyway; SQLite has one writer only.
    """
    return migrations.RunPython(
        lambda apps, editor: _on_postgresql(editor, [*_NO_LOCKING, *_LOCKING]),
        lambda apps, editor: _on_postgresql(editor, _NO_LOCKING),
    )


# PostgreSQL asks the triggers of a statement in the order of their names: this one before all rules.
_LOCK = "account_is_locked_for_its_changes"
_FORMER_LOCK = "change_locks_account"  # for each row, until 0010
_NO_LOCKING = [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in (_LOCK, _FORMER_LOCK)]
_THEIRS = f"SELECT 1 FROM {ACCOUNT} WHERE id IN (SELECT account_id FROM written)"  # noqa: S608 - our own names
_BODY = f"BEGIN EXECUTE '{_THEIRS} ORDER BY id FOR NO KEY UPDATE'; RETURN NULL; END"
_LOCKING = [
    f"CREATE FUNCTION {_LOCK}() RETURNS trigger LANGUAGE plpgsql AS $$ {_BODY} $$",
    after_a_statement(_LOCK, "AFTER INSERT", CHANGE),
]


def _on_postgresql(editor: BaseDatabaseSchemaEditor, statements: Iterable[str]) -> None:
    if editor.connection.vendor == "postgresql":
        for statement in statements:
            editor.execute(statement)
