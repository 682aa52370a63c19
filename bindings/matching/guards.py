"""What the database itself refuses: another past of an account, and a binding code that is used twice."""

from hireops.guards.rules import Rule, any_differs, append_only, there_is, update_of

CHANGE = "bindings_bindingchange"
CODE = "bindings_bindingcode"

ISSUED = ("id", "customer_id", "digest", "hint", "issued_by_id", "issued_at", "expires_at")
USED = ("used_at", "used_by_id")
REVOKED = ("revoked_at", "revoked_by_id")

RULES = [
    *append_only(CHANGE, unique=["id", "binding_code_id"]),
    Rule("binding_code_begins_open", CODE, "INSERT", "NEW.used_at IS NOT NULL OR NEW.revoked_at IS NOT NULL"),
    Rule("binding_code_stays_as_issued", CODE, update_of(ISSUED), any_differs(ISSUED)),
    Rule(
        "binding_code_is_used_once",
        CODE,
        update_of(USED),
        f"(OLD.used_at IS NOT NULL OR OLD.revoked_at IS NOT NULL) AND {any_differs(USED)}",
    ),
    Rule(
        "binding_code_is_revoked_once",
        CODE,
        update_of(REVOKED),
        f"(OLD.used_at IS NOT NULL OR OLD.revoked_at IS NOT NULL) AND {any_differs(REVOKED)}",
    ),
    Rule("binding_code_stays", CODE, "DELETE"),
    Rule(
        "binding_code_replaces_none",
        CODE,
        "REPLACE",
        there_is(CODE, "it.id = NEW.id OR it.digest = NEW.digest"),
    ),
]
