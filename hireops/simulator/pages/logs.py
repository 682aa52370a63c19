"""What happened: deliveries, calls, and the faults still to strike."""

from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _

from hireops.simulator.api.bodies import masked
from hireops.simulator.delivery import TOO_LATE
from hireops.simulator.faults import FAULT_LABELS, FaultKind
from hireops.simulator.pages.place import Place
from hireops.simulator.state import DeliveryAttempt, PushedEvent, ReceivedCall
from hireops.simulator.wire import from_json, to_json
from hireops.simulator.world import World

SHOWN = 40
SHOWN_CHARACTERS = 4000
FAILURES = {
    "ConnectionError": _("no connection"),
    "ConnectTimeout": _("no connection within 2 s"),
    "ReadTimeout": _("no answer within 3 s"),
    TOO_LATE: _("answered after more than 3 s"),
}

Context = dict[str, Any]


def deliveries_part(world: World, place: Place) -> Context:
    with world.lock:
        newest = list(islice(reversed(world.state.events.values()), SHOWN))
        rows = [_event_row(event) for event in newest]
    return {"events": rows, "paused": world.state.switches.delivery_paused}


def calls_part(world: World, place: Place) -> Context:
    with world.lock:
        newest = list(islice(reversed(world.state.calls), SHOWN))
        rows = [_call_row(call) for call in newest]
    return {"calls": rows}


def faults_part(world: World, place: Place) -> Context:
    with world.lock:
        return {"faults": list(world.state.faults)}


def _event_row(event: PushedEvent) -> Context:
    attempts = [{"attempt": attempt, "result": _result(attempt)} for attempt in reversed(event.attempts)]
    return {"event": event, "attempts": attempts, "body": _pretty(masked(from_json(event.body)))}


def _result(attempt: DeliveryAttempt) -> str:
    if attempt.http_status is not None:
        return f"HTTP {attempt.http_status}"
    return str(FAILURES.get(attempt.note, attempt.note))


def _call_row(call: ReceivedCall) -> Context:
    request_body, answer_body = _pretty(call.request_body), _pretty(call.answer_body)
    fault = FAULT_LABELS[FaultKind(call.fault)] if call.fault else ""
    return {"call": call, "fault": fault, "request_body": request_body, "answer_body": answer_body}


def _pretty(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else to_json(value, indent=2)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"
