"""Background checks read back, to settle what became of a call (contract 4.12).

Two things are not documented: whether ``order_id`` is the ``background_check_id``, and whether a partner's
app may read the orders of its customers.
"""

from collections.abc import Sequence

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import Moment, content, query

PAGE_MAX = 100
IDS_MAX = 20


def list_background_check_orders(
    tenant_key: str,
    *,
    page_token: str | None = None,
    page_size: int | None = None,
    application_id: str | None = None,
    update_start_time: Moment | None = None,
    update_end_time: Moment | None = None,
) -> Answer:
    """Read one page of the orders that changed in a period: ``OrderPage.of(answer.data)``.

    ``page_size`` is 10 if None, at most 100. 1000 calls a minute and 50 a second. Doc
    ``background_check_order/list``.
    """
    if page_size is not None and not 1 <= page_size <= PAGE_MAX:
        raise ValueError(f"a page has 1 to {PAGE_MAX} orders, not {page_size}")
    return call(
        ENDPOINTS["background_check_order.list"],
        tenant_key=tenant_key,
        query=query(
            page_token=page_token,
            page_size=page_size,
            application_id=application_id,
            update_start_time=update_start_time,
            update_end_time=update_end_time,
        ),
    )


def batch_query_background_check_orders(
    tenant_key: str,
    *,
    background_check_order_id_list: Sequence[str] | None = None,
    order_status: int | None = None,
    update_start_time: Moment | None = None,
    update_end_time: Moment | None = None,
) -> Answer:
    """Read orders by id (at most 20, then nothing else counts) or by state: ``OrderPage.of(answer.data)``.

    10 calls a second. Doc ``background_check_order/batch_query``.
    """
    if background_check_order_id_list is not None and not 1 <= len(background_check_order_id_list) <= IDS_MAX:
        raise ValueError(f"1 to {IDS_MAX} orders can be asked for, not {len(background_check_order_id_list)}")
    body = content(
        background_check_order_id_list=background_check_order_id_list,
        order_status=order_status,
        update_start_time=update_start_time,
        update_end_time=update_end_time,
    )
    return call(ENDPOINTS["background_check_order.batch_query"], tenant_key=tenant_key, body=body)
