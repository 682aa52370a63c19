"""What the database itself keeps true of customers: none is lost, and no account goes to an archived one."""

from hireops.guards.rules import Rule, there_is

CUSTOMER, ACCOUNT = "bindings_customer", "bindings_ecoaccount"

_SAME = "it.id = NEW.id OR it.normalised_code = NEW.normalised_code"
_TO_ARCHIVED = there_is(CUSTOMER, "it.id = NEW.customer_id AND it.archived")

RULES = [
    Rule("customer_replaces_none", CUSTOMER, "REPLACE", there_is(CUSTOMER, _SAME)),
    Rule("customer_stays", CUSTOMER, "DELETE"),
    Rule("account_begins_with_no_archived_customer", ACCOUNT, "INSERT", _TO_ARCHIVED),
    Rule(
        "account_goes_to_no_archived_customer",
        ACCOUNT,
        "UPDATE OF customer_id",
        f"OLD.customer_id {{differs}} NEW.customer_id AND {_TO_ARCHIVED}",
    ),
]
