"""Exam papers that customers can choose, and what becomes of an exam (contract 5).

1000 calls a minute and 50 a second. The answers carry no data. All are safe to repeat. Error ``1002001`` is a
system error or a refusal.
"""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from hireops.feishu.client import Answer, call
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.hire.wire import Moment, content, require_length

PAPER_TEXT_MAX_CHARS = 255


class Paper(TypedDict):
    """``id`` is ours. ``duration`` is in minutes; without a time there is no limit on that side."""

    id: str
    name: str
    duration: NotRequired[int | None]
    question_count: NotRequired[int | None]
    start_time: NotRequired[Moment | None]
    end_time: NotRequired[Moment | None]


class ExamReport(TypedDict):
    """``answer_time`` is when the candidate finished."""

    name: str
    url: str
    answer_time: NotRequired[Moment | None]


class ExamDetail(TypedDict):
    """The result of one part; several may have the same name."""

    id: NotRequired[str | None]
    name: str
    result: str


def create_eco_exam_paper(tenant_key: str, *, account_id: str, paper_list: Sequence[Paper]) -> Answer:
    """Replace all papers of an account by this list; that also activates the account.

    ``id`` and ``name`` have 1 to 255 characters (Feishu would silently cut longer ones off). Contract 5.1,
    doc ``eco_exam_paper/create``.
    """
    body = _papers(account_id, paper_list)
    return call(ENDPOINTS["eco_exam_paper.create"], tenant_key=tenant_key, body=body)


def batch_update_eco_exam_paper(tenant_key: str, *, account_id: str, paper_list: Sequence[Paper]) -> Answer:
    """Overwrite papers that exist, wholly: what is left out is cleared. New times move arranged exams too.

    Contract 5.2, doc ``eco_exam_paper/batch_update``.
    """
    body = _papers(account_id, paper_list)
    return call(ENDPOINTS["eco_exam_paper.batch_update"], tenant_key=tenant_key, body=body)


def batch_delete_eco_exam_paper(tenant_key: str, *, account_id: str, paper_id_list: Sequence[str]) -> Answer:
    """Take papers off the account; arranged exams stay, unknown ids do no harm.

    Contract 5.3, doc ``eco_exam_paper/batch_delete``.
    """
    body = content(account_id=account_id, paper_id_list=paper_id_list)
    return call(ENDPOINTS["eco_exam_paper.batch_delete"], tenant_key=tenant_key, body=body)


def send_eco_exam_login_info(
    tenant_key: str,
    *,
    exam_id: str,
    exam_url: str,
    username: str | None = None,
    password: str | None = None,
    result: int | None = None,
    msg: str | None = None,
) -> Answer:
    """Say how the candidate gets to the exam, or with ``result`` other than 0 that it could not be arranged.

    ``username`` and ``password`` only if the link asks for them. Refused with ``1002851`` (the state of the
    exam). Contract 5.4, doc ``eco_exam/login_info``.
    """
    login = content(exam_url=exam_url, username=username, password=password)
    return call(
        ENDPOINTS["eco_exam.login_info"],
        tenant_key=tenant_key,
        path_params={"exam_id": exam_id},
        body=content(result=result, msg=msg, exam_login_info=login),
    )


def update_eco_exam_result(
    tenant_key: str,
    *,
    exam_id: str,
    result: str,
    result_time: Moment | None = None,
    report_list: Sequence[ExamReport] | None = None,
    detail_list: Sequence[ExamDetail] | None = None,
) -> Answer:
    """Report the score, "0" to "100" as text (decimals allowed), in place of the one reported before.

    Refused with ``1002855`` (the customer has finished marking). Contract 5.5, doc
    ``eco_exam/update_result``.
    """
    if not isinstance(result, str):
        raise TypeError(f"a score is sent as text, not {type(result).__name__}")
    return call(
        ENDPOINTS["eco_exam.update_result"],
        tenant_key=tenant_key,
        path_params={"exam_id": exam_id},
        body=content(
            result=result, result_time=result_time, report_list=report_list, detail_list=detail_list
        ),
    )


def _papers(account_id: str, paper_list: Sequence[Paper]) -> dict[str, Any]:
    body = content(account_id=account_id, paper_list=paper_list)
    for paper in body["paper_list"]:
        require_length(paper["id"], "id", at_most=PAPER_TEXT_MAX_CHARS)
        require_length(paper["name"], "name", at_most=PAPER_TEXT_MAX_CHARS)
        start, end = paper.get("start_time"), paper.get("end_time")
        if start and end and int(start) >= int(end):
            raise ValueError(f"the paper {paper['id']} ends before it starts")
    return body
