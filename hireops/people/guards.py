"""What the database itself keeps from changing: since when somebody could approve or pay, and whose
credentials were changed by whom.
"""

from hireops.guards.rules import Rule, any_differs, append_only, there_is, update_of

RIGHT = "people_payoutright"
BEGUN = ("id", "user_id", "permission", "as_superuser", "since", "in_effect_at", "given_by_id")

RULES = [
    *append_only("people_credentialchange"),
    Rule("payout_right_stays_as_it_began", RIGHT, update_of(BEGUN), any_differs(BEGUN)),
    Rule(
        "payout_right_ends_once",
        RIGHT,
        "UPDATE OF ended_at",
        f"OLD.ended_at IS NOT NULL AND {any_differs(['ended_at'])}",
    ),
    Rule("payout_right_stays", RIGHT, "DELETE"),
    Rule(
        "payout_right_replaces_none",
        RIGHT,
        "REPLACE",
        there_is(
            RIGHT,
            "it.id = NEW.id OR (it.ended_at IS NULL AND NEW.ended_at IS NULL"
            " AND it.user_id = NEW.user_id AND it.permission = NEW.permission)",
        ),
    ),
]
