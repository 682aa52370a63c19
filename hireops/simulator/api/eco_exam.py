"""What a partner reports of an exam (contract 5.4, 5.5).

Open points, read strictly: login info is taken once, and an empty ``exam_url`` only with a failure; a result
of an exam whose arrangement failed is refused. An unknown exam is 1002001.
"""

from hireops.simulator import downloads
from hireops.simulator.api.answers import Json, Refusal, refused_operation
from hireops.simulator.api.partner_accounts import done
from hireops.simulator.api.shapes import also, each, integer, link, millis, record, text
from hireops.simulator.records import Exam, ExamState
from hireops.simulator.world import World


def _url_unless_failed(body: Json) -> tuple[str, str] | None:
    missing = not body["exam_login_info"]["exam_url"] and not body.get("result")
    return ("exam_login_info.exam_url", "must not be empty") if missing else None


def _name_and_password(body: Json) -> tuple[str, str] | None:
    info = body["exam_login_info"]
    both = ("username" in info) == ("password" in info)
    return None if both else ("exam_login_info", "needs username and password, or neither")


_LOGIN = record({"exam_url": link(may_be_empty=True)}, {"username": text(), "password": text()})
LOGIN_BODY = also(
    record({"exam_login_info": _LOGIN}, {"result": integer(), "msg": text(may_be_empty=True)}),
    _url_unless_failed,
    _name_and_password,
)
RESULT_BODY = record(
    {"result": text()},
    {
        "result_time": millis(),
        "report_list": each(record({"name": text(), "url": link()}, {"answer_time": millis()})),
        "detail_list": each(record({"name": text(), "result": text()}, {"id": text()})),
    },
)


def report_login_info(world: World, body: Json, tenant_key: str) -> Json:
    """The candidate can begin; or could not be given access, when ``result`` is not 0."""
    exam = _exam(world, body, tenant_key)
    if exam.state is not ExamState.ARRANGED:
        raise Refusal(400, 1002851, "exam status illegal")
    exam.login_info = _reported(body)
    exam.state = ExamState.FAILED if body.get("result") else ExamState.READY
    return done(world)


def update_result(world: World, body: Json, tenant_key: str) -> Json:
    """The last result counts, until the customer has finished marking."""
    exam = _exam(world, body, tenant_key)
    if exam.state is ExamState.MARKED:
        raise Refusal(400, 1002855, "marking completed")
    if exam.state is ExamState.FAILED:
        raise refused_operation("the exam was not arranged")
    exam.result = _reported(body)
    exam.state = ExamState.ANSWERED
    exam.reports += 1
    downloads.reported(world, body)
    return done(world)


def _exam(world: World, body: Json, tenant_key: str) -> Exam:
    exam = world.state.exams.get(body["exam_id"])
    if exam is None or exam.tenant_key != tenant_key:
        raise refused_operation("exam does not exist")
    return exam


def _reported(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "exam_id"}
