"""What the database itself keeps from changing: what Feishu sent, as it came."""

from hireops.guards.rules import Rule, any_differs, there_is, update_of

EVENT = "inbox_event"

CAME_WITH_IT = (
    "id",
    "app_id",
    "event_id",
    "event_type",
    "tenant_key",
    "digest",
)
CONTENT = ("raw", "payload")

_IS_TRIMMED = "NEW.trimmed_at IS NOT NULL AND NEW.payload IS NULL AND LENGTH(NEW.raw) = 0"
# The ticket of a store app is kept encrypted elsewhere, and taken out of the event (app_lifecycle.py).
_IS_A_TICKET = "OLD.event_type = 'app_ticket' AND NEW.payload IS NOT NULL AND NOT OLD.raw {differs} NEW.raw"
# As ``hireops.encryption`` encrypts: the first four bytes name the key, the length is that of the content.
# Whether it still is that content, the database cannot say; but only who has a key can write what opens.
_IS_ANOTHER_KEY = (
    "LENGTH(OLD.raw) > 4 AND LENGTH(NEW.raw) = LENGTH(OLD.raw) "
    "AND SUBSTR(NEW.raw, 1, 4) {differs} SUBSTR(OLD.raw, 1, 4) AND NOT OLD.payload {differs} NEW.payload"
)

RULES = [
    Rule("event_stays_as_it_came", EVENT, update_of(CAME_WITH_IT), any_differs(CAME_WITH_IT)),
    Rule(
        "event_content_is_only_trimmed",
        EVENT,
        update_of(CONTENT),
        f"{any_differs(CONTENT)} AND NOT ({_IS_TRIMMED} OR {_IS_A_TICKET} OR {_IS_ANOTHER_KEY})",
    ),
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
]
