"""What a partner reports of a background check (contract 4.7 to 4.9).

Open points, read strictly: a repeated ``stage_id``, a ``stage_time`` that does not grow and a cancel of an
order that is over are refused as 1002001; whether a rejected order takes a second result is a switch.
"""

from hireops.simulator import downloads
from hireops.simulator.api.answers import Json, Refusal, refused_operation
from hireops.simulator.api.partner_accounts import done
from hireops.simulator.api.shapes import also, each, integer, link, millis, record, text
from hireops.simulator.ordering import touch
from hireops.simulator.records import CustomerOrder, CustomerOrderStatus
from hireops.simulator.world import World


def _result_has_a_report(body: Json) -> tuple[str, str] | None:
    missing = "result" in body and not body.get("report_file_list")
    return ("report_file_list", "is required with result") if missing else None


_REPORT = record({"report_name": text(), "report_url": link()}, {"report_url_type": integer(1, 2)})
PROGRESS_BODY = also(
    record(
        {"background_check_id": text(), "stage_id": text(), "stage_name": text(), "stage_time": millis()},
        {
            "stage_en_name": text(may_be_empty=True),
            "result": text(),
            "operator_role": integer(1, 2),
            "report_file_list": each(_REPORT),
        },
    ),
    _result_has_a_report,
)
RESULT_BODY = record(
    {"background_check_id": text(), "result": text(), "result_time": millis()},
    {"operator_role": integer(1, 2), "report_file_list": each(_REPORT)},
)
ORDER_BODY = record({"background_check_id": text()})


def update_progress(world: World, body: Json, tenant_key: str) -> Json:
    order = _order(world, body, tenant_key)
    _refuse_unless_arranged(order)
    if any(stage["stage_id"] == body["stage_id"] for stage in order.stages):
        raise refused_operation("stage_id was reported before")
    if order.stages and int(body["stage_time"]) <= int(order.stages[-1]["stage_time"]):
        raise refused_operation("stage_time must be later than that of the last stage")
    order.stages.append(body)
    downloads.reported(world, body)
    return _changed(world, order)


def update_result(world: World, body: Json, tenant_key: str) -> Json:
    """Completes the order, or puts it before the customer when approval is required."""
    order = _order(world, body, tenant_key)
    if order.status is CustomerOrderStatus.IN_APPROVAL:
        raise Refusal(500, 1002863, "background order is being approved")
    again = order.status is CustomerOrderStatus.REJECTED and world.state.switches.rejected_takes_results
    if not again:
        _refuse_unless_arranged(order)
    if order.result:
        order.results_before.append(order.result)
    order.result = body
    downloads.reported(world, body)
    waits = world.state.switches.approval_required
    order.status = CustomerOrderStatus.IN_APPROVAL if waits else CustomerOrderStatus.COMPLETED
    return _changed(world, order)


def cancel(world: World, body: Json, tenant_key: str) -> Json:
    """Terminated by the partner; no event comes back."""
    order = _order(world, body, tenant_key)
    if order.status is not CustomerOrderStatus.ARRANGED:
        raise refused_operation("the order is over")
    order.status = CustomerOrderStatus.TERMINATED
    return _changed(world, order)


def _order(world: World, body: Json, tenant_key: str) -> CustomerOrder:
    order = world.state.orders.get(body["background_check_id"])
    if order is None or order.tenant_key != tenant_key:
        raise Refusal(400, 1002862, "background check order not exist")
    return order


def _refuse_unless_arranged(order: CustomerOrder) -> None:
    if order.status is not CustomerOrderStatus.ARRANGED:
        raise Refusal(400, 1002858, "illegal order status")


def _changed(world: World, order: CustomerOrder) -> Json:
    touch(world, order)
    return done(world)
