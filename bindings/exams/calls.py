"""What we ask of Feishu about an exam (contract 5.4, 5.5), and what its answer changes.

What leaves is read from the update when it leaves: links and logins stand in no call.
"""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bindings.exams import access
from bindings.exams.queue import LOGIN_INFO, QUEUE, UPDATE_RESULT, State, take_step
from bindings.models import ExamUpdate
from bindings.orders.updates import Look
from bindings.reports import sending
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.codes import CATCH_ALL_CODES
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register

NOT_IN_THIS_STATE, MARKING_FINISHED, WRONG_PARAMETER = 1002851, 1002855, 99992402
# How an empty link may be refused: as a wrong parameter, or by the interface's only other code.
NOT_WITHOUT_A_LINK = {WRONG_PARAMETER, *CATCH_ALL_CODES}


class AccessGoneError(FeishuError):
    """What the candidate was to get can't be read any more: the key that it was encrypted with is gone."""

    def __init__(self) -> None:
        super().__init__(
            Outcome.NOT_SENT, gettext_noop("link and login can't be read"), advice=Advice.ASK_PERSON
        )


def send_arrangement(tenant_key: str, *, update: int) -> Answer:
    """How the candidate gets to the exam, or that it could not be arranged."""
    arrangement = QUEUE.to_send(update)
    if arrangement.result_code:
        return _send_failure(tenant_key, arrangement)
    opened = access.opened(arrangement.access)
    if opened is None:
        raise AccessGoneError
    return hire.send_eco_exam_login_info(
        tenant_key,
        exam_id=arrangement.exam.exam_id,
        exam_url=opened.exam_url,
        username=opened.username or None,
        password=opened.password or None,
        result=0,
        msg=arrangement.message or None,
    )


def _send_failure(tenant_key: str, failure: ExamUpdate) -> Answer:
    """Without a link, which there is none. Where Feishu wants one all the same, with one that leads nowhere.

    Which of both it takes is not documented (contract 5.4). A refusal of the second because of the exam's
    state may come from the first having been carried out, so then the first error counts.
    """
    try:
        return _failure_with(tenant_key, failure, exam_url="")
    except FeishuError as refusal:
        if refusal.code not in NOT_WITHOUT_A_LINK:
            raise
        try:
            return _failure_with(tenant_key, failure, exam_url=settings.EXAMS_NO_LINK_URL)
        except FeishuError as again:
            if again.code == NOT_IN_THIS_STATE and refusal.code in CATCH_ALL_CODES:
                raise refusal from again
            raise


def _failure_with(tenant_key: str, failure: ExamUpdate, *, exam_url: str) -> Answer:
    return hire.send_eco_exam_login_info(
        tenant_key,
        exam_id=failure.exam.exam_id,
        exam_url=exam_url,
        result=failure.result_code,
        msg=failure.message or None,
    )


def send_score(tenant_key: str, *, update: int) -> Answer:
    """A version of the score. It overwrites the one before it, so it may be sent again."""
    score = QUEUE.to_send(update)
    return hire.update_eco_exam_result(
        tenant_key,
        exam_id=score.exam.exam_id,
        result=score.score,
        result_time=score.time,
        report_list=_reports(score) or None,
        detail_list=score.details or None,
    )


def _reports(score: ExamUpdate) -> list[hire.ExamReport]:
    return [
        {"name": each.name, "url": each.url, "answer_time": score.time}
        for each in sending.addresses(score.reports)
    ]


def refuse_score(call: Call, error: FeishuError) -> None:
    """The customer's marking may have ended: then no version of this exam leaves any more."""
    if error.code == MARKING_FINISHED:
        exam = QUEUE.lock(ExamUpdate.objects.get(call=call).exam_id)
        take_step(exam, State.MARKED)
        QUEUE.stop(exam, State.MARKED)
    QUEUE.refused(call, error)
    if error.code == MARKING_FINISHED:
        _ask_what_arrived(ExamUpdate.objects.get(call=call))


def _ask_what_arrived(score: ExamUpdate) -> None:
    """Of an earlier try nobody may know whether it came before the end of marking."""
    if score.state == ExamUpdate.State.IN_DOUBT:
        exam = QUEUE.lock(score.exam_id)
        exam.to_look_at = Look.IN_DOUBT
        exam.save(update_fields=["to_look_at"])


WHERE_INSTEAD = _(
    "This call belongs to an exam, whose messages leave one after the other. Whatever there is to decide is "
    "on the page of the exam."
)

register(
    Operation(
        name=LOGIN_INFO,
        label=_("Tell how the candidate gets to the exam"),
        send=send_arrangement,
        endpoint=ENDPOINTS[LOGIN_INFO],
        permission="bindings.view_exam",
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
        label=_("Report the score of an exam"),
        send=send_score,
        endpoint=ENDPOINTS[UPDATE_RESULT],
        permission="bindings.view_exam",
        on_answer=QUEUE.answered,
        on_refusal=refuse_score,
        on_doubt=QUEUE.doubted,
        on_waiting=QUEUE.waiting,
        kept_by_app=WHERE_INSTEAD,
    )
)
