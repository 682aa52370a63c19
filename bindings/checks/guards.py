"""What the database itself refuses of background checks: another identity, a step that there is none, and an
update that says something else than it said, leaves out of turn, or leaves after the end."""

from bindings.checks.queue import STEPS
from bindings.models import BackgroundCheck
from hireops.guards.rules import Rule, any_differs, append_only, quoted, there_is, update_of

CHECK, UPDATE = "bindings_backgroundcheck", "bindings_checkupdate"
CANCELLATION = "bindings_checkcancellation"

IDENTITY = (
    "id",
    "tenant_id",
    "background_check_id",
    "event_id",
    "account_named",
    "package_id",
    "package_name",
    "items",
    "received_at",
)
# ``answers`` come under new keys (``manage.py reencrypt``); a reason is given once, when a customer ends it;
# staff write notes as they like.
WRITTEN_LATER = {"answers", "termination_reason", "notes"}
PERSONAL = tuple(name for name in BackgroundCheck.PERSONAL if name not in WRITTEN_LATER)
SAID = (
    "id",
    "background_check_id",
    "number",
    "kind",
    "stage_id",
    "stage_name",
    "stage_en_name",
    "time",
    "reason",
    "created_by_id",
    "created_at",
)
CONTENT = ("result", "reports")
CALLED_OFF = ("canceled_by_customer", "terminated_by_vendor")

_STEP = " OR ".join(
    f"(OLD.state = '{before}' AND NEW.state IN ({quoted(after)}))" for before, after in STEPS.items() if after
)
_ENDED = quoted(BackgroundCheck.ENDED)
_EMPTIED = "NEW.emptied_at IS NOT NULL AND " + " AND ".join(f"NEW.{name} = ''" for name in PERSONAL)
_OF_AN_EMPTIED_ORDER = there_is(CHECK, "it.id = NEW.background_check_id AND it.emptied_at IS NOT NULL")
_OF_ONE_CALLED_OFF = there_is(
    CHECK, f"it.id = NEW.background_check_id AND it.state IN ({quoted(CALLED_OFF)})"
)
_BEFORE = "it.background_check_id = NEW.background_check_id AND it.number < NEW.number"
_SOMETHING_WAITS_BEFORE = there_is(UPDATE, f"{_BEFORE} AND it.state = 'queued'")
_SENT = "NEW.state = 'sending' AND OLD.state <> 'sending'"

RULES = [
    Rule("check_is_the_one_ordered", CHECK, update_of(IDENTITY), any_differs(IDENTITY)),
    Rule("check_begins_as_received", CHECK, "INSERT", "NEW.state <> 'received'"),
    Rule("check_takes_known_steps", CHECK, "UPDATE OF state", f"OLD.state <> NEW.state AND NOT ({_STEP})"),
    Rule(
        "check_ends_when_it_has_ended",
        CHECK,
        "UPDATE OF state, ended_at",
        f"(NEW.state IN ({_ENDED})) <> (NEW.ended_at IS NOT NULL)",
    ),
    Rule(
        "check_is_only_emptied",
        CHECK,
        update_of(PERSONAL),
        f"{any_differs(PERSONAL)} AND NOT ({_EMPTIED})",
    ),
    Rule(
        "check_has_its_account_once",
        CHECK,
        "UPDATE OF account_id",
        f"OLD.account_id IS NOT NULL AND {any_differs(['account_id'])}",
    ),
    Rule(
        "check_replaces_none",
        CHECK,
        "REPLACE",
        there_is(
            CHECK,
            "it.id = NEW.id OR it.event_id = NEW.event_id"
            " OR (it.tenant_id = NEW.tenant_id AND it.background_check_id = NEW.background_check_id)",
        ),
        passed_over=True,
    ),
    Rule("check_stays", CHECK, "DELETE"),
    *append_only(CANCELLATION, unique=["id", "event_id"]),
    Rule("check_update_says_what_it_said", UPDATE, update_of(SAID), any_differs(SAID)),
    Rule(
        "check_update_is_only_emptied",
        UPDATE,
        update_of(CONTENT),
        f"{any_differs(CONTENT)} AND NOT ({_OF_AN_EMPTIED_ORDER} AND NEW.result = '')",
    ),
    Rule(
        "check_update_is_later_than_those_before",
        UPDATE,
        "INSERT",
        f"NEW.time IS NOT NULL AND {there_is(UPDATE, f'{_BEFORE} AND it.time >= NEW.time')}",
    ),
    Rule(
        "check_update_leaves_in_its_turn",
        UPDATE,
        "UPDATE OF state",
        f"{_SENT} AND {_SOMETHING_WAITS_BEFORE}",
    ),
    Rule("check_update_of_an_end_stays", UPDATE, "UPDATE OF state", f"{_SENT} AND {_OF_ONE_CALLED_OFF}"),
    Rule(
        "check_update_delivered_stays_so",
        UPDATE,
        "UPDATE OF state",
        "OLD.state = 'delivered' AND NEW.state <> 'delivered'",
    ),
    Rule(
        "check_update_replaces_none",
        UPDATE,
        "REPLACE",
        there_is(
            UPDATE,
            "it.id = NEW.id OR it.call_id = NEW.call_id OR (it.background_check_id = NEW.background_check_id"
            " AND (it.number = NEW.number OR (it.stage_id = NEW.stage_id AND NEW.stage_id <> '')))",
        ),
    ),
    Rule("check_update_stays", UPDATE, "DELETE"),
]
