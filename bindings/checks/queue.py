"""The updates of a background check (``bindings.orders.updates``); the only place where its state changes."""

from django.utils.translation import gettext_noop

from bindings.models import BackgroundCheck, CheckTenant, CheckUpdate, Turn
from bindings.orders import promises
from bindings.orders.updates import Queue
from hireops.database import clock
from hireops.desk import audit

UPDATE_PROGRESS = "eco_background_check.update_progress"
UPDATE_RESULT = "eco_background_check.update_result"
CANCEL = "eco_background_check.cancel"

State, Kind = BackgroundCheck.State, CheckUpdate.Kind

# state -> the states that may follow it. The database keeps the same (guards.py).
STEPS: dict[str, tuple[str, ...]] = {
    "received": (
        "in_progress",
        "result_sent",
        "completed",
        "canceled_by_customer",
        "terminated_by_vendor",
    ),
    "in_progress": ("result_sent", "completed", "canceled_by_customer", "terminated_by_vendor"),
    "result_sent": ("completed", "canceled_by_customer", "terminated_by_vendor"),
    "completed": (),
    "canceled_by_customer": (),
    "terminated_by_vendor": (),
}
CALLED_OFF = {State.CANCELED_BY_CUSTOMER, State.TERMINATED_BY_VENDOR}
OPERATIONS = {Kind.STAGE: UPDATE_PROGRESS, Kind.RESULT: UPDATE_RESULT, Kind.TERMINATION: CANCEL}


def take_step(check: BackgroundCheck, state: BackgroundCheck.State) -> bool:
    """Lead the locked order to ``state``; False, and as it is, where there is no such step."""
    if state not in STEPS[check.state]:
        return False
    check.state = state
    if state in BackgroundCheck.ENDED:
        promises.note_end(check, clock.now())
    check.save(update_fields=["state", *promises.END])
    set_turn(check, whose_turn(state))
    return True


def set_turn(check: BackgroundCheck, turn: Turn, *, stops_clock: bool = False) -> None:
    """Of a locked order; with ``stops_clock`` its promised date waits until it is somebody else's turn."""
    if check.turn != turn:
        check.turn, check.turn_since = turn, clock.now()
        check.save(update_fields=["turn", "turn_since"])
    if stops_clock:
        promises.stop_clock(check)
    else:
        promises.resume_clock(check)


def whose_turn(state: BackgroundCheck.State) -> Turn:
    if state in BackgroundCheck.ENDED:
        return Turn.NOBODY
    return Turn.CUSTOMER if state == State.RESULT_SENT else Turn.VENDOR


def closed(check: BackgroundCheck) -> str:
    """Why nothing may be told of it any more. A completed one may get a corrected result: Feishu decides."""
    return check.state if check.state in CALLED_OFF else ""


def arrived(check: BackgroundCheck, update: CheckUpdate) -> None:
    """Feishu has it. Only where the tenant is known not to approve results an order is then completed."""
    if closed(check):
        return
    if update.kind == Kind.TERMINATION:
        take_step(check, State.TERMINATED_BY_VENDOR)
        audit.record(by=None, action=gettext_noop("ended at Feishu from our side"), on=check)
    elif update.kind == Kind.RESULT:
        unapproved = CheckTenant.objects.filter(tenant=check.tenant, approves=False).exists()
        if not take_step(check, State.COMPLETED if unapproved else State.RESULT_SENT):
            set_turn(check, whose_turn(State(check.state)))  # a corrected one


# A stage that is missing makes none of the later ones wrong. Whether a result has arrived decides what may
# follow it, and after an end nothing may.
QUEUE = Queue[BackgroundCheck, CheckUpdate](
    orders=BackgroundCheck,
    updates=CheckUpdate,
    of="background_check",
    operation=lambda update: OPERATIONS[Kind(update.kind)],
    target=lambda check: f"eco_background_check:{check.background_check_id}",
    closed=closed,
    arrived=arrived,
    may_be_left=lambda update: update.kind == Kind.STAGE,
)
