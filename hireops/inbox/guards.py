"""What the database itself keeps from changing: what Feishu sent, as it came."""

from hireops.guards.rules import Rule, any_differs, there_is, update_of

EVENT = "inbox_event"
CONTENT = "inbox_eventcontent"

CAME_WITH_IT = (
    "id",
    "app_id",
    "event_id",
    "event_type",
    "tenant_key",
    "digest",
)
SAID = ("event_id", "raw", "payload")

# The ticket of a store app is kept encrypted elsewhere, and taken out of the event (app_lifecycle.py).
_IS_A_TICKET = (
    "NOT OLD.event_id {differs} NEW.event_id AND NEW.payload IS NOT NULL AND NOT OLD.raw {differs} NEW.raw"
    " AND " + there_is(EVENT, "it.id = NEW.event_id AND it.event_type = 'app_ticket'")
)
# As ``hireops.encryption`` encrypts: the first four bytes name the key, the length is that of the content.
# Whether it still is that content, the database cannot say; but only who has a key can write what opens.
_IS_ANOTHER_KEY = (
    "NOT OLD.event_id {differs} NEW.event_id AND LENGTH(OLD.raw) > 4 AND LENGTH(NEW.raw) = LENGTH(OLD.raw) "
    "AND SUBSTR(NEW.raw, 1, 4) {differs} SUBSTR(OLD.raw, 1, 4) AND NOT OLD.payload {differs} NEW.payload"
)
_NO_CONTENT = f"NOT {there_is(CONTENT, 'it.event_id = NEW.id')}"
_IS_DUE = there_is(EVENT, "it.id = OLD.event_id AND it.not_before IS NOT NULL")

RULES = [
    Rule("event_stays_as_it_came", EVENT, update_of(CAME_WITH_IT), any_differs(CAME_WITH_IT)),
    Rule("event_replaces_none", EVENT, "REPLACE", there_is(EVENT, "it.id = NEW.id")),
    # The inbox inserts ON CONFLICT DO NOTHING: an event that comes again is no fault.
    Rule(
        "event_comes_once",
        EVENT,
        "REPLACE",
        there_is(EVENT, "it.event_id = NEW.event_id AND it.app_id = NEW.app_id"),
        passed_over=True,
    ),
    Rule("event_stays", EVENT, "DELETE"),
    Rule(
        "event_to_be_handled_has_its_content",
        EVENT,
        "UPDATE OF not_before",
        f"NEW.not_before IS NOT NULL AND {_NO_CONTENT}",
    ),
    Rule(
        "content_stays_as_it_came",
        CONTENT,
        update_of(SAID),
        f"{any_differs(SAID)} AND NOT (({_IS_A_TICKET}) OR ({_IS_ANOTHER_KEY}))",
    ),
    Rule("content_is_only_kept_longer", CONTENT, "UPDATE OF month", "NEW.month <> 0"),
    Rule("content_of_what_is_due_stays", CONTENT, "DELETE", _IS_DUE),
    Rule("content_replaces_none", CONTENT, "REPLACE", there_is(CONTENT, "it.event_id = NEW.event_id")),
]
