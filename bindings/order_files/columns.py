"""The columns of a file about orders, and what a line may be said to tell."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bindings.checks.services import LONGEST_STAGE
from bindings.exams.access import LONGEST_URL
from bindings.models import OrderFileRow
from hireops.spreadsheets.header import ColumnNames

Tells = OrderFileRow.Tells
LONGEST_TEXT, LONGEST_REPORT_NAME = 5000, 150

COLUMNS = ColumnNames(
    ids=frozenset({"order", "code"}),
    longest={
        "stage": LONGEST_STAGE,
        "stage_en": LONGEST_STAGE,
        "result": LONGEST_TEXT,
        "parts": LONGEST_TEXT,
        "link": LONGEST_URL,
        "report": LONGEST_URL,
        "report_name": LONGEST_REPORT_NAME,
    },
    order="订单号或笔试ID,order or exam id|订单或笔试ID,订单号,订单ID,背调订单号,背调单号,背调ID,笔试ID,"
    "笔试编号,考试ID,考试编号,单号,order id,order,background check id,background_check_id,exam id,exam_id,"
    "exam,id",
    what="类型,事项,what|操作,type,kind",
    stage="阶段,stage|阶段名称,进度,stage name,progress",
    stage_en="阶段英文名,stage in english|阶段英文名称,英文阶段,english stage,stage en name,stage_en_name",
    time="时间,time|阶段时间,结果时间,完成时间,stage time,result time",
    result="结果,result|结论,背调结果,conclusion",
    score="成绩,score|分数,得分,总分,笔试成绩,points",
    parts="分项,parts|分项成绩,各项成绩,details",
    link="链接,link|考试链接,笔试链接,登录链接,exam link,exam url,exam_url,url",
    username="用户名,user name|登录名,登录账号,username,login",
    password="密码,password|登录密码",  # noqa: S106 - names of a column
    code="失败代码,failure code|失败码,code",
    message="消息,message|信息,说明,失败原因,failure reason",
    report="报告,report|报告链接,报告文件,report link,report file,report url",
    report_name="报告名称,report name|报告名",
    reason="更正原因,reason of the correction|修改原因,reason",
)
NEEDED = frozenset({"order"})

WORDS = {
    "阶段": Tells.STAGE,
    "进度": Tells.STAGE,
    "stage": Tells.STAGE,
    "阶段结果": Tells.INTERIM,
    "阶段及阶段结果": Tells.INTERIM,
    "阶段报告": Tells.INTERIM,
    "interim": Tells.INTERIM,
    "interim result": Tells.INTERIM,
    "stage with an interim result": Tells.INTERIM,
    "结果": Tells.RESULT,
    "最终结果": Tells.RESULT,
    "终报": Tells.RESULT,
    "result": Tells.RESULT,
    "final result": Tells.RESULT,
    "链接": Tells.ACCESS,
    "考试链接": Tells.ACCESS,
    "安排": Tells.ACCESS,
    "access": Tells.ACCESS,
    "access to an exam": Tells.ACCESS,
    "link": Tells.ACCESS,
    "安排失败": Tells.FAILURE,
    "无法安排": Tells.FAILURE,
    "失败": Tells.FAILURE,
    "failed": Tells.FAILURE,
    "could not be arranged": Tells.FAILURE,
    "成绩": Tells.SCORE,
    "分数": Tells.SCORE,
    "score": Tells.SCORE,
}
OF_CHECKS = frozenset({Tells.STAGE, Tells.INTERIM, Tells.RESULT})


def header() -> list[str]:
    """Of a file to be filled in, in the reader's language; in the order of ``given``."""
    return [
        _("Order or exam ID"),
        _("What"),
        _("Stage"),
        _("Stage in English"),
        _("Time"),
        _("Result"),
        _("Score"),
        _("Parts"),
        _("Link"),
        _("User name"),
        _("Password"),
        _("Failure code"),
        pgettext("what a candidate or customer reads", "Message"),
        _("Report"),
        _("Report name"),
        _("Reason of the correction"),
    ]


def given(row: OrderFileRow) -> list[str]:
    """A line as it was given. Link and login of a candidate leave in no file."""
    return [
        row.order_given,
        row.what_given,
        row.stage_name,
        row.stage_en_name,
        row.time_given,
        row.result,
        row.score,
        row.parts_given,
        "",
        "",
        "",
        row.code,
        row.message,
        row.report_given,
        row.report_name,
        row.reason,
    ]
