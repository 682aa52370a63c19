"""The columns of a file about orders, and what a line may be said to tell."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bindings.models import OrderFileRow
from hireops.spreadsheets.header import ColumnNames

Tells = OrderFileRow.Tells

COLUMNS = ColumnNames(
    order="订单号,订单ID,背调订单号,背调单号,背调ID,笔试ID,笔试编号,考试ID,考试编号,单号,订单或笔试ID,订单号或笔试ID,"
    "order or exam id,order id,order,background check id,background_check_id,exam id,exam_id,exam,id",
    what="事项,类型,操作,what,type,kind",
    stage="阶段,阶段名称,进度,stage,stage name,progress",
    stage_en="阶段英文名,阶段英文名称,英文阶段,stage in english,english stage,stage en name,stage_en_name",
    time="时间,阶段时间,结果时间,完成时间,time,stage time,result time",
    result="结果,结论,背调结果,result,conclusion",
    score="成绩,分数,得分,总分,笔试成绩,score,points",
    parts="分项,分项成绩,各项成绩,parts,details",
    link="链接,考试链接,笔试链接,登录链接,link,exam link,exam url,exam_url,url",
    username="用户名,登录名,登录账号,user name,username,login",
    password="密码,登录密码,password",  # noqa: S106 - names of a column
    code="失败码,失败代码,failure code,code",
    message="说明,信息,消息,失败原因,message,failure reason",
    report="报告,报告链接,报告文件,report,report link,report file,report url",
    report_name="报告名称,报告名,report name",
    reason="更正原因,修改原因,reason,reason of the correction",
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
