"""What the database itself keeps true of accounts: who they are, and that their news is never older."""

from hireops.guards.rules import Rule, any_differs, there_is

ACCOUNT = "referrals_referralaccount"

WHO = ("id", "tenant_id", "account_id")

_SAME_ACCOUNT = "it.tenant_id = NEW.tenant_id AND it.account_id = NEW.account_id"
# Text of SQLite is compared as text, so it must be a time written as all are.
_NO_TIME = "SUBSTR(CAST(NEW.modify_time AS text), 11, 1) <> ' '"
_GOES_BACK = f"NEW.modify_time IS NULL OR NEW.modify_time < OLD.modify_time OR {_NO_TIME}"

RULES = [
    Rule("account_stays_who_it_is", ACCOUNT, f"UPDATE OF {', '.join(WHO)}", any_differs(WHO)),
    Rule(
        "account_change_never_goes_back",
        ACCOUNT,
        "UPDATE OF modify_time",
        f"OLD.modify_time IS NOT NULL AND ({_GOES_BACK})",
    ),
    Rule(
        "account_replaces_none", ACCOUNT, "REPLACE", there_is(ACCOUNT, f"it.id = NEW.id OR ({_SAME_ACCOUNT})")
    ),
    Rule("account_stays", ACCOUNT, "DELETE", "1 = 1"),
]
