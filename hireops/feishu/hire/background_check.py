"""What becomes of a background check that a customer ordered (contract 4.7 to 4.9).

1000 calls a minute and 50 a second. The answers carry no data. None of these is safe to repeat: when it is
unknown whether one arrived, read the order back (``orders.py``). Each may be refused with ``1002862`` (no
such order).
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import Moment, content


class ReportFile(TypedDict):
    """``report_url_type``: 1, or left out, for a PDF that can be downloaded; 2 for a page to look at."""

    report_name: str
    report_url: str
    report_url_type: NotRequired[int]


def update_eco_background_check_progress(
    tenant_key: str,
    *,
    background_check_id: str,
    stage_id: str,
    stage_name: str,
    stage_time: Moment,
    stage_en_name: str | None = None,
    result: str | None = None,
    report_file_list: Sequence[ReportFile] | None = None,
    operator_role: int | None = None,
) -> Answer:
    """Add a stage to an order, shown to the customer; with ``result`` it is an interim report with files.

    ``stage_id`` is ours and new in the order, ``stage_time`` later than that of every stage before (by a
    millisecond at least); both stay the same when a stage is sent again. ``operator_role``: 1 vendor (if
    None), 2 administrator. Refused with ``1002858`` (the order is completed or terminated). Contract 4.7, doc
    ``eco_background_check/update_progress``.
    """
    if result is not None and not report_file_list:
        raise ValueError("an interim result needs a report file")
    body = content(
        background_check_id=background_check_id,
        stage_id=stage_id,
        stage_name=stage_name,
        stage_time=stage_time,
        stage_en_name=stage_en_name,
        result=result,
        report_file_list=report_file_list,
        operator_role=operator_role,
    )
    return call(ENDPOINTS["eco_background_check.update_progress"], tenant_key=tenant_key, body=body)


def update_eco_background_check_result(
    tenant_key: str,
    *,
    background_check_id: str,
    result: str,
    result_time: Moment,
    report_file_list: Sequence[ReportFile] | None = None,
    operator_role: int | None = None,
) -> Answer:
    """Report the final result; the order is completed, at once or when the customer has approved it.

    Refused with ``1002858`` (the order takes no result) and ``1002863`` (one is being approved; never
    transient, although it comes with HTTP 500). After an unknown outcome both mean that the result has
    probably arrived. Contract 4.8, doc ``eco_background_check/update_result``.
    """
    body = content(
        background_check_id=background_check_id,
        result=result,
        result_time=result_time,
        report_file_list=report_file_list,
        operator_role=operator_role,
    )
    return call(ENDPOINTS["eco_background_check.update_result"], tenant_key=tenant_key, body=body)


def cancel_eco_background_check(tenant_key: str, *, background_check_id: str) -> Answer:
    """Terminate an order from our side, for good; report a last stage that says so first.

    Contract 4.9, doc ``eco_background_check/cancel``.
    """
    body = content(background_check_id=background_check_id)
    return call(ENDPOINTS["eco_background_check.cancel"], tenant_key=tenant_key, body=body)
