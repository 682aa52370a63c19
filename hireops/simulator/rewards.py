"""Rewards of referrers: granted by the customer, taken by the partner, announced by event (contract 2)."""

import secrets
from collections.abc import Mapping
from typing import Any

from hireops.simulator.events import emit
from hireops.simulator.ids import new_id
from hireops.simulator.money import CURRENCIES, amount, currency_on_the_wire
from hireops.simulator.records import Employee, ReferralStatus, TakenWithdrawal
from hireops.simulator.world import World

BALANCE_CHANGED = "hire.referral_account.assets_update_v1"
POINTS, CASH = 1, 2  # withdraw_bonus_type


def add_employee(
    world: World,
    *,
    name: str,
    mobile_code: str = "86",
    mobile_number: str = "",
    email: str = "",
    tenant_key: str = "",
    employee_id: str = "",
) -> Employee:
    """The new employee; ``ValueError`` when the id is taken."""
    employee = Employee(
        employee_id or f"ou_{secrets.token_hex(16)}",
        tenant_key or world.tenant_key,
        name,
        mobile_code,
        mobile_number,
        email,
    )
    with world.lock:
        world.state.staff.add(employee)
        world.changed()
    return employee


def register(world: World, employee: Employee, account_id: str = "") -> None:
    """The employee's account; the same one when it is there already."""
    world.state.staff.open_account(employee, account_id or new_id())


def grant(
    world: World, employee: Employee, *, points: int = 0, cash: Mapping[str, int] | None = None
) -> None:
    """Adds points and cents by currency, or takes them away; ``ValueError``, and no change, below zero."""
    with world.lock:
        cash_after = dict(employee.cash_cents)
        for currency, cents in (cash or {}).items():
            if currency not in CURRENCIES:
                raise ValueError(f"{currency!r} is not a currency of contract 2.8.")
            cash_after[currency] = cash_after.get(currency, 0) + cents
        if min(employee.points + points, *cash_after.values(), 0) < 0:
            raise ValueError("A balance cannot be less than zero.")
        if points or any((cash or {}).values()):
            employee.points += points
            employee.cash_cents = cash_after
            _announce(world, employee)
        world.changed()


def withdraw(
    world: World, employee: Employee, *, external_order_id: str, types: list[int]
) -> TakenWithdrawal:
    """Takes the whole balance of each type. Its ``trans_time`` is the ``modify_time`` of the balance."""
    points = employee.points if POINTS in types else 0
    cash = dict(employee.cash_cents) if CASH in types else {}
    employee.points -= points
    employee.cash_cents |= dict.fromkeys(cash, 0)
    moved = bool(points or any(cash.values()))
    at = _announce(world, employee) if moved else world.clock.now_ms()
    withdrawal = TakenWithdrawal(
        external_order_id, employee.account_id, employee.tenant_key, types, at, points, cash
    )
    world.state.withdrawals[external_order_id] = withdrawal
    return withdrawal


def account_on_the_wire(world: World, employee: Employee) -> dict[str, Any]:
    """``account`` of contract 2.0."""
    return {
        "account_id": employee.account_id,
        "assets": assets_on_the_wire(world, employee),
        "status": int(employee.status),
    }


def assets_on_the_wire(world: World, employee: Employee) -> dict[str, Any]:
    return {"confirmed_bonus": bonus_on_the_wire(world, employee.points, employee.cash_cents)}


def bonus_on_the_wire(world: World, points: int, cash_cents: Mapping[str, int]) -> dict[str, Any]:
    """``bonus_amount`` of contract 2.0; a currency that was emptied is there with 0.00."""
    form = world.state.switches.currency_as
    cash = [
        {"currency_type": currency_on_the_wire(currency, form), "amount": amount(cents)}
        for currency, cents in cash_cents.items()
    ]
    return {"point_bonus": points, "cash_bonus": cash}


def _announce(world: World, employee: Employee) -> int:
    """The ``modify_time`` of the change; the event goes out only while the account is enabled."""
    employee.modified_ms = max(world.clock.now_ms(), employee.modified_ms + 1)
    if employee.status is ReferralStatus.ENABLED:
        content = {
            "account_id": employee.account_id,
            "assets": assets_on_the_wire(world, employee),
            "modify_time": str(employee.modified_ms),
        }
        emit(world, BALANCE_CHANGED, content, tenant_key=employee.tenant_key)
    return employee.modified_ms
