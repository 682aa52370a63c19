"""Controls of the machinery: faults, switches, quotas, clock, tokens, raw events, long connections."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from hireops.simulator import events
from hireops.simulator.api.shapes import (
    Check,
    anything,
    boolean,
    choice,
    each,
    integer,
    number,
    record,
    text,
    whole,
)
from hireops.simulator.delivery import verify_url
from hireops.simulator.faults import Fault, FaultKind, ResetHeader, When
from hireops.simulator.gateway import SYSTEM_BUSY, the_gateway
from hireops.simulator.money import CURRENCY_FORMS
from hireops.simulator.quotas import CallLimit
from hireops.simulator.state import FETCHES
from hireops.simulator.tenancy import emit_app_ticket
from hireops.simulator.world import World

Json = dict[str, Any]
Controls = dict[str, tuple[Check, Callable[[World, Json], Json]]]

LONGEST_DELAY_S = 60
LONGEST_MOVE_S = 30 * 24 * 3600
MANY = 1_000_000

_NOTHING = record({})
_FAULT = record(
    {"kind": choice(*FaultKind)},
    {
        "path": text(may_be_empty=True),
        "tenant_key": text(may_be_empty=True),
        "when": choice(*When),
        "seconds": number(0, LONGEST_DELAY_S),
        "reset_seconds": whole(0, 3600),
        "reset_header": choice(*ResetHeader),
        "megabytes": whole(1, 10_000),
        "code": whole(1, 10**9),
        "http_status": whole(400, 599),
        "calls": whole(1, MANY),
        "lasts_s": number(0, LONGEST_MOVE_S),
    },
)
_SWITCHES = record(
    {},
    {
        "quota_enforced": boolean(),
        "rate_limit_status": integer(400, 429),
        "delivery_paused": boolean(),
        "duplicate_every": whole(0, MANY),
        "shuffle_seconds": number(0, LONGEST_DELAY_S),
        "currency_as": choice(*CURRENCY_FORMS),
        "approval_required": boolean(),
        "order_form_is_final": boolean(),
        "items_need_a_package": boolean(),
        "refused_creates_are_partial": boolean(),
        "deleted_ids_are_free": boolean(),
        "left_out_descriptions_stay": boolean(),
        "account_form_keeps": boolean(),
        "rejected_takes_results": boolean(),
        "fetch_reports": choice(*FETCHES),
        "bot_off": boolean(),
        "version_waits": boolean(),
        "scopes_withheld": each(text()),
    },
)
_QUOTA = record({"path": text()}, {"per_second": whole(1, MANY), "per_minute": whole(1, MANY)})
_EVENT = record(
    {"event_type": text(), "event": anything()},
    {"tenant_key": text(), "event_id": text(), "copies": whole(1, 100), "delay_s": number(0, LONGEST_MOVE_S)},
)


def _reset(world: World, _: Json) -> Json:
    world.reset()
    the_gateway().restore()
    return {}


def _add_fault(world: World, body: Json) -> Json:
    """With ``lasts_s`` it ends by the simulator's clock, and strikes any number of ``calls`` until then."""
    lasts_s = body.pop("lasts_s", None)
    kinds = {"kind": FaultKind(body["kind"]), "when": When(body.get("when", When.BEFORE))}
    header = ResetHeader(body.get("reset_header", ResetHeader.NUMBER))
    with world.lock:
        if lasts_s is not None:
            body = {"calls": None, **body, "until": world.clock.now() + lasts_s}
        fault = Fault(**{**body, **kinds, "reset_header": header})
        world.state.faults.append(fault)
        world.log_changed()
        return {"id": fault.id}


def _clear_faults(world: World, _: Json) -> Json:
    with world.lock:
        world.state.faults.clear()
        world.log_changed()
        return {}


def _set_switches(world: World, body: Json) -> Json:
    with world.lock:
        for name, value in body.items():
            setattr(world.state.switches, name, value)
        world.log_changed()
        world.wake.notify_all()
        return asdict(world.state.switches)


def _lower_quota(world: World, body: Json) -> Json:
    """Feishu changes what one path allows, without a word; no number at all puts back what is documented."""
    path = body.pop("path")
    with world.lock:
        if body:
            world.state.lowered_quotas[path] = CallLimit(**body)
        else:
            world.state.lowered_quotas.pop(path, None)
        return {}


def _emit(world: World, body: Json) -> Json:
    event = events.emit(world, body.pop("event_type"), body.pop("event"), **body)
    return {"event_id": event.event_id}


def _emit_app_ticket(world: World, _: Json) -> Json:
    return {"event_id": emit_app_ticket(world).event_id}


def _deliver_now(world: World, body: Json) -> Json:
    with world.lock:
        event = world.state.events.get(body["event_id"])
        if event is None:
            raise ValueError("There is no such event.")
        events.deliver_now(world, event)
    return {}


def _move_clock(world: World, body: Json) -> Json:
    world.move_clock(body["seconds"])
    return {"now": world.clock.now()}


def _revoke_tokens(world: World, _: Json) -> Json:
    with world.lock:
        world.tokens.revoke_all()
    return {}


def _verify_url(world: World, _: Json) -> Json:
    verified, explanation = verify_url(world.environment)
    return {"verified": verified, "explanation": explanation}


def _cut_connections(_: World, body: Json) -> Json:
    """All long connections, without a word; with ``orderly`` they are closed as WebSockets are."""
    return {"cut": the_gateway().cut(orderly=body.get("orderly", False))}


def _silence_connections(_: World, __: Json) -> Json:
    return {"silenced": the_gateway().silence()}


def _refuse_connections(_: World, body: Json) -> Json:
    """Until ``connections/restore`` nobody gets an address to connect to, but ``code`` (contract 7.2)."""
    the_gateway().refusal = body.get("code", SYSTEM_BUSY)
    return {}


def _restore_connections(_: World, __: Json) -> Json:
    the_gateway().restore()
    return {}


MACHINE_CONTROLS: Controls = {
    "reset": (_NOTHING, _reset),
    "faults": (_FAULT, _add_fault),
    "faults/clear": (_NOTHING, _clear_faults),
    "switches": (_SWITCHES, _set_switches),
    "quotas": (_QUOTA, _lower_quota),
    "events": (_EVENT, _emit),
    "events/app_ticket": (_NOTHING, _emit_app_ticket),
    "events/deliver_now": (record({"event_id": text()}), _deliver_now),
    "clock": (record({"seconds": number(-LONGEST_MOVE_S, LONGEST_MOVE_S)}), _move_clock),
    "tokens/revoke": (_NOTHING, _revoke_tokens),
    "verify_url": (_NOTHING, _verify_url),
    "connections/cut": (record({}, {"orderly": boolean()}), _cut_connections),
    "connections/silence": (_NOTHING, _silence_connections),
    "connections/refuse": (record({}, {"code": whole(1, 10**12)}), _refuse_connections),
    "connections/restore": (_NOTHING, _restore_connections),
}
