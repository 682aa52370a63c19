"""The life of a store app: tickets, and tenants that open, stop and uninstall it (contract 1.4, 1.7)."""

import secrets
from enum import StrEnum
from typing import Any

from hireops.simulator.events import emit_old_form
from hireops.simulator.state import PushedEvent, TenantState
from hireops.simulator.world import TICKET_EVERY_S, World


class TenantChange(StrEnum):
    """What a tenant does with the app."""

    OPEN = "open"
    STOP = "stop"
    STOP_BY_PLATFORM = "stop_by_platform"
    START = "start"
    UNINSTALL = "uninstall"


_STATUSES = {
    TenantChange.STOP: "stop_by_tenant",
    TenantChange.STOP_BY_PLATFORM: "stop_by_platform",
    TenantChange.START: "start_by_tenant",
}


def change_tenant(world: World, tenant_key: str, change: TenantChange) -> PushedEvent:
    """The tenant's new state, and its event on the way. A tenant that opens the app need not be known."""
    if world.environment.app_type != "store":
        raise ValueError("Only a store app is opened, stopped and uninstalled by tenants.")
    with world.lock:
        if change is not TenantChange.OPEN and tenant_key not in world.state.tenants:
            raise ValueError(f"There is no tenant {tenant_key}.")
        world.state.tenants[tenant_key] = _state_after(change)
        world.changed()
        return emit_old_form(world, _content(tenant_key, change), tenant_key=tenant_key)


def push_ticket_hourly(world: World) -> None:
    """Emits the ticket that is due by the simulator's clock; the caller holds the lock."""
    if world.environment.app_type == "store" and world.clock.now() >= world.ticket_due_at:
        world.ticket_due_at = world.clock.now() + TICKET_EVERY_S
        emit_app_ticket(world)


def emit_app_ticket(world: World) -> PushedEvent:
    """A fresh ticket, which is the only one that counts from now on."""
    with world.lock:
        world.state.app_ticket = f"ticket-{secrets.token_hex(12)}"
        return emit_old_form(world, {"app_ticket": world.state.app_ticket, "type": "app_ticket"})


def _state_after(change: TenantChange) -> TenantState:
    if change is TenantChange.UNINSTALL:
        return TenantState.GONE
    return (
        TenantState.STOPPED
        if change in {TenantChange.STOP, TenantChange.STOP_BY_PLATFORM}
        else TenantState.ACTIVE
    )


def _content(tenant_key: str, change: TenantChange) -> dict[str, Any]:
    person = {"open_id": f"ou_{secrets.token_hex(16)}"}
    if change is TenantChange.OPEN:
        more: dict[str, Any] = {"applicants": [person], "installer": person, "type": "app_open"}
    elif change is TenantChange.UNINSTALL:
        more = {"type": "app_uninstalled"}
    else:
        more = {"status": _STATUSES[change], "type": "app_status_change"}
        if change is TenantChange.START:
            more["operator"] = {**person, "union_id": f"on_{secrets.token_hex(16)}"}
    return {"tenant_key": tenant_key, **more}
