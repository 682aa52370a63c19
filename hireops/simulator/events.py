"""Events: what is put into their envelope (contract 6.3), and the queue that the deliverer works through."""

import random
import secrets
from typing import Any

from hireops.simulator.ids import new_id
from hireops.simulator.state import (
    LOG_LENGTH,
    UNDELIVERED_MAX,
    BoundAccount,
    EventState,
    PushedEvent,
    schedule,
)
from hireops.simulator.wire import to_json
from hireops.simulator.world import World

ACCOUNT_CREATED = "hire.eco_account.created_v1"


class QueueFullError(Exception):
    """More events wait than any drill needs; nothing was queued."""


def emit(
    world: World,
    event_type: str,
    content: dict[str, Any],
    *,
    tenant_key: str = "",
    event_id: str = "",
    copies: int = 1,
    delay_s: float = 0.0,
) -> PushedEvent:
    """The queued event. ``content`` is the ``event`` member; ``copies`` how often it shall succeed."""
    tenant_key = tenant_key or world.tenant_key
    event_id = event_id or secrets.token_hex(16)
    with world.lock:
        now = world.clock.now()
        header = {
            "event_id": event_id,
            "event_type": event_type,
            "create_time": str(int(now * 1000)),
            "token": world.environment.verification_token,
            "app_id": world.environment.app_id,
            "tenant_key": tenant_key,
        }
        envelope = {"schema": "2.0", "header": header, "event": content}
        event = PushedEvent(event_id, event_type, tenant_key, _json(envelope), now, copies=copies)
        return _queue(world, event, due_at=now + delay_s)


def emit_old_form(world: World, content: dict[str, Any], *, tenant_key: str = "") -> PushedEvent:
    """A queued schema 1.0 event (contract 1.4, 1.7); ``content`` has its ``type`` and no ``app_id``."""
    uuid = secrets.token_hex(16)
    with world.lock:
        now = world.clock.now()
        envelope = {
            "ts": f"{now:.7f}",
            "uuid": uuid,
            "token": world.environment.verification_token,
            "type": "event_callback",
            "event": {"app_id": world.environment.app_id, **content},
        }
        event = PushedEvent(uuid, content["type"], tenant_key, _json(envelope), now)
        return _queue(world, event, due_at=now)


def add_account(
    world: World,
    *,
    scope: int,
    name: str,
    usages: list[int],
    values: list[dict[str, str]],
    tenant_key: str = "",
    account_id: str = "",
) -> PushedEvent:
    """What happens when a customer adds an account: it exists, and the binding event is on its way."""
    with world.lock:
        account = BoundAccount(
            account_id=account_id or new_id(),
            tenant_key=tenant_key or world.tenant_key,
            scope=scope,
            name=name,
            usages=usages,
            values=values,
            added_at=world.clock.now(),
        )
        content = {
            "scope": scope,
            "account_id": account.account_id,
            "account_name": name,
            "usage_list": usages,
            "custom_field_list": values,
        }
        if account.account_id in world.state.accounts:
            raise ValueError("There is an account with this id.")
        event = emit(world, ACCOUNT_CREATED, content, tenant_key=account.tenant_key)
        world.state.accounts[account.account_id] = account
        world.save()
        return event


def deliver_now(world: World, event: PushedEvent) -> None:
    """Once more, at once, whatever its state; the wait times of the schedule go on from where they were."""
    with world.lock:
        event.copies = max(1, event.copies)
        schedule(world.state, event, world.clock.now())
        _changed(world)


def _queue(world: World, event: PushedEvent, *, due_at: float) -> PushedEvent:
    state, switches = world.state, world.state.switches
    _make_room(world)
    state.events_emitted += 1
    if switches.duplicate_every and state.events_emitted % switches.duplicate_every == 0:
        event.copies += 1
    state.events[event.event_id] = event
    late = random.uniform(0, switches.shuffle_seconds)  # noqa: S311 - an order, not a secret
    schedule(state, event, due_at + late)
    _changed(world)
    return event


def _make_room(world: World) -> None:
    events = world.state.events
    if len(events) < LOG_LENGTH:
        return
    finished = [each for each in events.values() if each.state is not EventState.WAITING]
    for event in finished[: max(0, len(finished) - LOG_LENGTH + 1)]:
        del events[event.event_id]
    if len(events) >= UNDELIVERED_MAX:
        raise QueueFullError(f"{UNDELIVERED_MAX} events are waiting to be delivered.")


def _changed(world: World) -> None:
    world.unsaved = True
    world.log_changed()
    world.wake.notify_all()


def _json(value: Any) -> str:
    return to_json(value, separators=(",", ":"))
