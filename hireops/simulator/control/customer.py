"""Controls that play the customer: accounts, employees and rewards, orders, exams, a tenant that leaves."""

from dataclasses import asdict
from typing import Any

from hireops.simulator import downloads, events, ordering, rewards
from hireops.simulator.api.shapes import boolean, choice, each, integer, record, text, whole
from hireops.simulator.control.machine import Controls
from hireops.simulator.money import CURRENCIES, cents_of
from hireops.simulator.records import Employee
from hireops.simulator.state import SCOPES
from hireops.simulator.tenancy import TenantChange, change_tenant
from hireops.simulator.world import World

Json = dict[str, Any]

_MOST_POINTS = 10**12
_TENANT = {"tenant_key": text()}
_VALUE = record({"key": text(), "value": text(may_be_empty=True)})
_ACCOUNT = record(
    {"scope": integer(*SCOPES), "name": text(), "usages": each(integer(1, 2)), "values": each(_VALUE)},
    {**_TENANT, "account_id": text()},
)
_EMPLOYEE = record(
    {"name": text()},
    {
        **_TENANT,
        "employee_id": text(),
        "mobile_code": text(),
        "mobile_number": text(),
        "email": text(),
        "account_id": text(),
    },
)
_RANGE = record({"employee": text(), "in_range": boolean()})
_GRANT = record(
    {"employee": text()},
    {
        "points": whole(-_MOST_POINTS, _MOST_POINTS),
        "cash": record({}, dict.fromkeys(CURRENCIES, text())),
    },
)
_MOBILE = record({"number": text()}, {"code": text()})
_PERSON = record(
    {"name": text()}, {"mobile": _MOBILE, "email": text(), "first_name": text(), "last_name": text()}
)
_CHECK = record(
    {"account_id": text(), "package_id": text(), "candidate_info": _PERSON},
    {
        **_TENANT,
        "background_check_id": text(),
        "additional_item_id_list": each(text()),
        "comment": text(may_be_empty=True),
        "client_contact_info": _PERSON,
        "custom_field_list": each(_VALUE),
    },
)
_EXAM = record(
    {"account_id": text(), "paper_id": text(), "candidate_info": _PERSON}, {**_TENANT, "exam_id": text()}
)
_CANCEL = record({"background_check_id": text(), "termination_reason": text(may_be_empty=True)})
_DECISION = record({"background_check_id": text(), "approved": boolean()})


def _add_account(world: World, body: Json) -> Json:
    with world.lock:
        event = events.add_account(world, **body)
        return {"event_id": event.event_id, "account_id": list(world.state.accounts)[-1]}


def _add_employees(world: World, body: Json) -> Json:
    """With an ``account_id``, the employee's referral account is there already."""
    with world.lock:
        return {"employee_ids": [_added(world, each).employee_id for each in body["employees"]]}


def _added(world: World, body: Json) -> Employee:
    account_id = body.pop("account_id", "")
    employee = rewards.add_employee(world, **body)
    if account_id:
        rewards.register(world, employee, account_id)
    return employee


def _set_range(world: World, body: Json) -> Json:
    with world.lock:
        employee = world.state.staff.get(body["employee"])
        if employee is None:
            raise ValueError("There is no such employee.")
        employee.in_range = body["in_range"]
        world.changed()
    return {}


def _grant(world: World, body: Json) -> Json:
    """To the one employee with this id, account_id, mobile, email or name; the balance after."""
    with world.lock:
        found = world.state.staff.named(body["employee"])
        if len(found) != 1:
            raise ValueError(f"{len(found)} employees are called {body['employee']!r}.")
        cash = {currency: cents_of(each) for currency, each in body.get("cash", {}).items()}
        rewards.grant(world, found[0], points=body.get("points", 0), cash=cash)
        return {
            "points": found[0].points,
            "cash_cents": found[0].cash_cents,
            "modified_ms": found[0].modified_ms,
        }


def _order_check(world: World, body: Json) -> Json:
    tenant_key = body.pop("tenant_key", "")
    return {
        "background_check_id": ordering.order_check(world, body, tenant_key=tenant_key).background_check_id
    }


def _cancel_check(world: World, body: Json) -> Json:
    ordering.cancel_check(world, **body)
    return {}


def _decide_check(world: World, body: Json) -> Json:
    ordering.decide_check(world, **body)
    return {}


def _fetch_report(world: World, body: Json) -> Json:
    return asdict(downloads.fetch(world, body["url"]))


def _arrange_exam(world: World, body: Json) -> Json:
    tenant_key = body.pop("tenant_key", "")
    return {"exam_id": ordering.arrange_exam(world, body, tenant_key=tenant_key).exam_id}


def _finish_marking(world: World, body: Json) -> Json:
    ordering.finish_marking(world, body["exam_id"])
    return {}


def _change_tenant(world: World, body: Json) -> Json:
    event = change_tenant(world, body["tenant_key"], TenantChange(body["change"]))
    return {"event_id": event.event_id}


CUSTOMER_CONTROLS: Controls = {
    "accounts": (_ACCOUNT, _add_account),
    "employees": (record({"employees": each(_EMPLOYEE)}), _add_employees),
    "employees/range": (_RANGE, _set_range),
    "rewards": (_GRANT, _grant),
    "checks": (_CHECK, _order_check),
    "checks/cancel": (_CANCEL, _cancel_check),
    "checks/decide": (_DECISION, _decide_check),
    "reports/fetch": (record({"url": text()}), _fetch_report),
    "exams": (_EXAM, _arrange_exam),
    "exams/finish_marking": (record({"exam_id": text()}), _finish_marking),
    "tenants": (record({"tenant_key": text(), "change": choice(*TenantChange)}), _change_tenant),
}
