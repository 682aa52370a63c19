"""Referral accounts (contract 2.1 to 2.6). Balances themselves are the business of ``rewards``.

Where the documents leave two readings open: mobile and email that lead to two employees are ambiguous; an
account that is missing from ``trade_details`` is not reported; one unknown account refuses the whole
reconciliation; a repeated ``external_order_id`` answers with its first withdrawal, whatever account or types
it is sent with, and even when the account is disabled by then.
"""

from collections import Counter

from hireops.simulator import rewards
from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.api.shapes import also, choice, each, integer, millis, record, text, whole
from hireops.simulator.records import Employee, ReferralStatus
from hireops.simulator.world import World

_MOST_POINTS = 10**15
_POINTS = record({}, {"point_bonus": whole(0, _MOST_POINTS)})
_TRADE = record({"account_id": text()}, {"total_recharge_reward_info": _POINTS})


def _has_contact(body: Json) -> tuple[str, str] | None:
    return None if body else ("mobile", "or email is required")


def _window_is_open(body: Json) -> tuple[str, str] | None:
    in_order = int(body["start_trans_time"]) < int(body["end_trans_time"])
    return None if in_order else ("end_trans_time", "must be after start_trans_time")


def _accounts_are_distinct(body: Json) -> tuple[str, str] | None:
    accounts = [trade["account_id"] for trade in body.get("trade_details", [])]
    return None if len(set(accounts)) == len(accounts) else ("trade_details", "name an account twice")


def _types_are_distinct(body: Json) -> tuple[str, str] | None:
    types = body["withdraw_bonus_type"]
    return None if len(set(types)) == len(types) else ("withdraw_bonus_type", "names a type twice")


CONTACT_BODY = also(
    record({}, {"mobile": record({"number": text()}, {"code": text()}), "email": text()}), _has_contact
)
ACCOUNT_QUERY = record(
    {"referral_account_id": text()}, {"user_id_type": choice("open_id", "union_id", "user_id")}
)
ACCOUNT_BODY = record({"referral_account_id": text()})
WITHDRAW_BODY = also(
    record(
        {
            "withdraw_bonus_type": each(integer(rewards.POINTS, rewards.CASH), at_least=1),
            "external_order_id": text(),
        }
    ),
    _types_are_distinct,
)
RECONCILE_BODY = also(
    record({"start_trans_time": millis(), "end_trans_time": millis()}, {"trade_details": each(_TRADE)}),
    _window_is_open,
    _accounts_are_distinct,
)


def create(world: World, body: Json, tenant_key: str) -> Json:
    """Get or create: registering somebody twice leads to the same account."""
    mobile = body.get("mobile", {})
    found = world.state.staff.matching(
        tenant_key, code=mobile.get("code", ""), number=mobile.get("number", ""), email=body.get("email", "")
    )
    if not found:
        raise Refusal(400, 1002551, "user not found")
    if len(found) > 1:
        raise Refusal(400, 1002552, "more than one user matches")
    rewards.register(world, found[0])
    return _changed(world, found[0])


def get_account_assets(world: World, query: Json, tenant_key: str) -> Json:
    employee = _account(world, query, tenant_key)
    prefix = {"open_id": "ou", "union_id": "on", "user_id": "us"}[query.get("user_id_type", "open_id")]
    referrer = {
        "id": f"{prefix}_{employee.employee_id.removeprefix('ou_')}",
        "name": {"zh_cn": employee.name, "en_us": employee.name},
        "email": employee.email,
        "mobile": employee.mobile_number,
    }
    account = rewards.account_on_the_wire(world, employee)
    return {"account": {**account, "referrer": referrer}}


def enable(world: World, body: Json, tenant_key: str) -> Json:
    """What changed while the account was disabled is not announced now."""
    employee = _account(world, body, tenant_key)
    employee.status = ReferralStatus.ENABLED
    return _changed(world, employee)


def deactivate(world: World, parameters: Json, tenant_key: str) -> Json:
    employee = _account(world, parameters, tenant_key)
    employee.status = ReferralStatus.DISABLED
    return _changed(world, employee)


def withdraw(world: World, body: Json, tenant_key: str) -> Json:
    employee = _account(world, body, tenant_key)
    withdrawal = world.state.withdrawals.get(body["external_order_id"])
    if withdrawal:
        withdrawal.repeats += 1
    elif employee.status is ReferralStatus.DISABLED:
        raise Refusal(400, 1002555, "referral account deactivated")
    else:
        withdrawal = rewards.withdraw(
            world, employee, external_order_id=body["external_order_id"], types=body["withdraw_bonus_type"]
        )
    world.log_changed()
    world.save()
    return {
        "external_order_id": withdrawal.external_order_id,
        "trans_time": str(withdrawal.trans_ms),
        "withdrawal_details": rewards.bonus_on_the_wire(world, withdrawal.points, withdrawal.cash_cents),
    }


def reconcile(world: World, body: Json, tenant_key: str) -> Json:
    """The accounts whose points withdrawn in the half-open window differ from what the caller credited."""
    trades = body.get("trade_details", [])
    for trade in trades:
        _account(world, {"referral_account_id": trade["account_id"]}, tenant_key)
    withdrawn = _points_withdrawn(world, int(body["start_trans_time"]), int(body["end_trans_time"]))
    failed = []
    for trade in trades:
        account_id, recharged = trade["account_id"], trade.get("total_recharge_reward_info", {})
        if recharged.get("point_bonus", 0) == withdrawn.get(account_id, 0):
            continue
        entry: Json = {"account_id": account_id, "total_recharge_reward_info": recharged}
        if account_id in withdrawn:
            entry["total_withdraw_reward_info"] = {"point_bonus": withdrawn[account_id]}
        failed.append(entry)
    return {"check_failed_list": failed}


def _points_withdrawn(world: World, start_ms: int, end_ms: int) -> Counter[str]:
    withdrawn: Counter[str] = Counter()
    for withdrawal in world.state.withdrawals.values():
        if rewards.POINTS in withdrawal.types and start_ms <= withdrawal.trans_ms < end_ms:
            withdrawn[withdrawal.account_id] += withdrawal.points
    return withdrawn


def _account(world: World, named: Json, tenant_key: str) -> Employee:
    employee = world.state.staff.with_account(tenant_key, named["referral_account_id"])
    if employee is None:
        raise Refusal(400, 1002553, "referral account not exist")
    return employee


def _changed(world: World, employee: Employee) -> Json:
    world.log_changed()
    world.save()
    return {"account": rewards.account_on_the_wire(world, employee)}
