"""Background checks read back (contract 4.12). ``order_id`` is the ``background_check_id``.

The contract names the items' members, not what is inside reports and stages: those names are chosen here.
"""

from hireops.simulator.api.answers import Json, Refusal
from hireops.simulator.api.shapes import digits, each, integer, millis, record, text
from hireops.simulator.records import CustomerOrder, CustomerOrderStatus
from hireops.simulator.world import World

INTERIM, FINAL = 1, 2  # report_type
PAGE, PAGE_MAX, IDS_MAX = 10, 100, 20

_PAGING = {"page_size": digits(1, PAGE_MAX), "page_token": text(may_be_empty=True)}
_TIMES = {"update_start_time": millis(), "update_end_time": millis()}
LIST_QUERY = record({}, {**_PAGING, **_TIMES, "application_id": text()})
BATCH_QUERY = record({}, _PAGING)
BATCH_BODY = record(
    {},
    {
        **_TIMES,
        "background_check_order_id_list": each(text(), at_most=IDS_MAX),
        "order_status": integer(2, 3, 4, 5, 6, 8, 9),
    },
)


def list_orders(world: World, query: Json, tenant_key: str) -> Json:
    found = [order for order in world.state.orders.values() if _fits(order, query, tenant_key)]
    return _page(found, query)


def batch_query(world: World, body: Json, tenant_key: str) -> Json:
    """``background_check_order_id_list`` overrides all other filters."""
    ids = body.get("background_check_order_id_list")
    wanted = (world.state.orders.get(each) for each in ids) if ids else world.state.orders.values()
    filters = {} if ids else body
    found = [order for order in wanted if order and _fits(order, filters, tenant_key)]
    return _page(found, body)


def _fits(order: CustomerOrder, filters: Json, tenant_key: str) -> bool:
    return (
        order.tenant_key == tenant_key
        and order.application_id == filters.get("application_id", order.application_id)
        and order.status == filters.get("order_status", order.status)
        and int(filters.get("update_start_time", 0)) <= order.updated_ms
        and order.updated_ms <= int(filters.get("update_end_time", order.updated_ms))
    )


def _page(orders: list[CustomerOrder], paging: Json) -> Json:
    token, size = paging.get("page_token") or "0", int(paging.get("page_size", PAGE))
    if not token.isdecimal():
        raise Refusal(400, 99992402, "page_token is not valid")
    start, end = int(token), int(token) + size
    has_more = end < len(orders)
    return {
        "has_more": has_more,
        "page_token": str(end) if has_more else "",
        "items": [_item(order) for order in orders[start:end]],
    }


def _item(order: CustomerOrder) -> Json:
    reports = [report for stage in order.stages for report in _reports(stage, INTERIM, stage["stage_time"])]
    if order.result:
        reports += _reports(order.result, FINAL, order.result["result_time"])
    stages = [
        {
            "process": stage["stage_name"],
            "en_process": stage.get("stage_en_name", ""),
            "update_time": stage["stage_time"],
        }
        for stage in order.stages
    ]
    return {
        "order_id": order.background_check_id,
        "application_id": order.application_id,
        "order_status": int(order.status),
        "feedback_info_list": reports,
        "process_info_list": stages,
        "conclusion": order.result.get("result", "") if order.status is CustomerOrderStatus.COMPLETED else "",
        "update_time": str(order.updated_ms),
    }


def _reports(reported: Json, report_type: int, time: str) -> list[Json]:
    """One entry for each file; one without a file when a result came alone."""
    shared = {"report_type": report_type, "result": reported.get("result", ""), "create_time": time}
    files = reported.get("report_file_list", [])
    if not files:
        return [shared] if "result" in reported else []
    return [{**shared, "report_name": file["report_name"], **_address(file)} for file in files]


def _address(file: Json) -> Json:
    downloadable = file.get("report_url_type", 1) == 1
    return {"attachment_url" if downloadable else "report_preview_url": file["report_url"]}
