"""What the database itself keeps from changing: what was sent of offers, and which IDs are used up."""

from hireops.guards.rules import Rule, any_differs, append_only, there_is, update_of

ITEM, CALL = "bindings_offereditem", "bindings_offercall"
NAMED = ("id", "offer_id", "kind", "feishu_id")

RULES = [
    *append_only(CALL, unique=["id", "call_id"]),
    Rule("offered_id_stays_what_it_is", ITEM, update_of(NAMED), any_differs(NAMED)),
    Rule("offered_id_is_kept_for_ever", ITEM, "DELETE"),
    # A paper may come back under its ID (contract 5.1); a package may not.
    Rule(
        "offered_id_is_used_up",
        ITEM,
        "UPDATE OF standing",
        "OLD.standing = 'deleted' AND NEW.standing <> 'deleted' AND OLD.kind <> 'paper'",
    ),
    Rule(
        "offered_id_replaces_none",
        ITEM,
        "REPLACE",
        there_is(
            ITEM,
            "it.id = NEW.id OR (it.offer_id = NEW.offer_id AND it.kind = NEW.kind"
            " AND it.feishu_id = NEW.feishu_id)",
        ),
    ),
]
