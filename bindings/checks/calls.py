"""What we ask of Feishu about a background check (contract 4.7 to 4.9), and what its answer changes.

What leaves is read from the update when it leaves: results and links stand in no call.
"""

from django.utils.translation import gettext_lazy as _

from bindings.checks import read_back
from bindings.checks.queue import CANCEL, QUEUE, UPDATE_PROGRESS, UPDATE_RESULT
from bindings.models import CheckTenant, CheckUpdate
from bindings.reports.sending import addresses
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register

IN_APPROVAL = 1002863


class NoTimeError(ValueError):
    """A stage or result without a time, which the database refuses."""


def send_stage(tenant_key: str, *, update: int) -> Answer:
    stage = QUEUE.to_send(update)
    if stage.time is None:
        raise NoTimeError
    return hire.update_eco_background_check_progress(
        tenant_key,
        background_check_id=stage.background_check.background_check_id,
        stage_id=stage.stage_id,
        stage_name=stage.stage_name,
        stage_en_name=stage.stage_en_name or None,
        stage_time=stage.time,
        result=stage.result or None,
        report_file_list=_reports(stage) or None,
    )


def send_result(tenant_key: str, *, update: int) -> Answer:
    result = QUEUE.to_send(update)
    if result.time is None:
        raise NoTimeError
    return hire.update_eco_background_check_result(
        tenant_key,
        background_check_id=result.background_check.background_check_id,
        result=result.result,
        result_time=result.time,
        report_file_list=_reports(result) or None,
    )


def send_termination(tenant_key: str, *, update: int) -> Answer:
    termination = QUEUE.to_send(update)
    order = termination.background_check.background_check_id
    return hire.cancel_eco_background_check(tenant_key, background_check_id=order)


def _reports(update: CheckUpdate) -> list[hire.ReportFile]:
    """With the addresses at which Feishu can fetch them now."""
    return [
        {"report_name": report.name, "report_url": report.url, "report_url_type": report.type}
        for report in addresses(update.reports)
    ]


def refuse_result(call: Call, error: FeishuError) -> None:
    """A result that is being approved shows that this tenant approves them."""
    if error.code == IN_APPROVAL:
        tenant = CheckUpdate.objects.values_list("background_check__tenant", flat=True).get(call=call)
        CheckTenant.objects.update_or_create(tenant_id=tenant, defaults={"approves": True})
    QUEUE.refused(call, error)


WHERE_INSTEAD = _(
    "This call belongs to a background check, whose messages leave one after the other. Whatever there is to "
    "decide is on the page of the background check."
)
VIEW = "bindings.view_backgroundcheck"

register(
    Operation(
        name=UPDATE_PROGRESS,
        label=_("Report a stage of a background check"),
        send=send_stage,
        endpoint=ENDPOINTS[UPDATE_PROGRESS],
        resolve=read_back.find_stage,
        permission=VIEW,
        on_answer=QUEUE.answered,
        on_refusal=QUEUE.refused,
        on_doubt=QUEUE.doubted,
        on_waiting=QUEUE.waiting,
        kept_by_app=WHERE_INSTEAD,
    )
)
register(
    Operation(
        name=UPDATE_RESULT,
        label=_("Report the result of a background check"),
        send=send_result,
        endpoint=ENDPOINTS[UPDATE_RESULT],
        resolve=read_back.find_result,
        permission=VIEW,
        on_answer=QUEUE.answered,
        on_refusal=refuse_result,
        on_doubt=QUEUE.doubted,
        on_waiting=QUEUE.waiting,
        kept_by_app=WHERE_INSTEAD,
    )
)
register(
    Operation(
        name=CANCEL,
        label=_("End a background check from our side"),
        send=send_termination,
        endpoint=ENDPOINTS[CANCEL],
        resolve=read_back.find_termination,
        permission=VIEW,
        on_answer=QUEUE.answered,
        on_refusal=QUEUE.refused,
        on_doubt=QUEUE.doubted,
        on_waiting=QUEUE.waiting,
        kept_by_app=WHERE_INSTEAD,
    )
)
