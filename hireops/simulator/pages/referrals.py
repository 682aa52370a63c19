"""The customer confirms rewards, and sees what the partner has taken."""

from collections import defaultdict
from collections.abc import Mapping

from hireops.simulator.money import amount
from hireops.simulator.pages.logs import SHOWN, Context
from hireops.simulator.pages.place import Place
from hireops.simulator.records import Employee, TakenWithdrawal
from hireops.simulator.world import World


def employees_part(world: World, place: Place) -> Context:
    """The newest employees; all that are called so when the place names one."""
    with world.lock:
        staff = world.state.staff
        named = staff.named(place.employee)[:SHOWN] if place.employee else []
        shown = [*named, *(each for each in staff.newest(SHOWN) if each not in named)][:SHOWN]
        taken = _withdrawals_by_account(world)
        rows = [_employee_row(each, taken[each.account_id]) for each in shown]
        return {"employees": rows, "number_of_employees": len(staff)}


def _withdrawals_by_account(world: World) -> dict[str, list[TakenWithdrawal]]:
    taken: dict[str, list[TakenWithdrawal]] = defaultdict(list)
    for withdrawal in reversed(world.state.withdrawals.values()):
        taken[withdrawal.account_id].append(withdrawal)
    return taken


def _employee_row(employee: Employee, withdrawals: list[TakenWithdrawal]) -> Context:
    taken = [{"withdrawal": each, "cash": _cash(each.cash_cents)} for each in withdrawals[:SHOWN]]
    return {"employee": employee, "cash": _cash(employee.cash_cents), "withdrawals": taken}


def _cash(cash_cents: Mapping[str, int]) -> list[str]:
    return [f"{amount(cents):,f} {currency}" for currency, cents in cash_cents.items()]
