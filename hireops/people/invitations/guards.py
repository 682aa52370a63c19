"""What the database itself keeps from changing: whom an invitation is for, and how it ended."""

from hireops.guards.rules import Rule, any_differs, there_is, update_of

INVITATION = "people_invitation"
MADE = (
    "id",
    "mobile",
    "email",
    "person_id",
    "invited_by_id",
    "invited_at",
    "expires_at",
    "needs_second_person",
)
CONFIRMED = ("confirmed_by_id", "confirmed_at")
ENDED = ("used_by_id", "used_at", "withdrawn_by_id", "withdrawn_at")

RULES = [
    Rule(
        "invitation_begins_open",
        INVITATION,
        "INSERT",
        "NEW.used_at IS NOT NULL OR NEW.withdrawn_at IS NOT NULL OR NEW.confirmed_at IS NOT NULL",
    ),
    Rule(
        "invitation_replaces_none",
        INVITATION,
        "REPLACE",
        there_is(
            INVITATION,
            "it.id = NEW.id OR (it.used_at IS NULL AND it.withdrawn_at IS NULL AND"
            " ((it.mobile <> '' AND it.mobile = NEW.mobile) OR (it.email <> '' AND it.email = NEW.email)))",
        ),
    ),
    Rule("invitation_stays_as_made", INVITATION, update_of(MADE), any_differs(MADE)),
    Rule(
        "invitation_ends_once",
        INVITATION,
        update_of(ENDED),
        f"(OLD.used_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL) AND {any_differs(ENDED)}",
    ),
    Rule(
        "invitation_is_confirmed_once",
        INVITATION,
        update_of(CONFIRMED),
        f"OLD.confirmed_at IS NOT NULL AND {any_differs(CONFIRMED)}",
    ),
    Rule("invitation_stays", INVITATION, "DELETE"),
]
