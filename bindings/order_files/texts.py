"""What is wrong with a line, what was corrected in it, and what it tells, in the reader's language."""

from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.models import OrderFileRow
from hireops.imports import problems

Tells = OrderFileRow.Tells

PROBLEMS: dict[str, str | Promise] = {
    "no_order": gettext_lazy("The line names no order. Write the order ID or the exam ID into it."),
    "unknown_order": gettext_lazy(
        "No order and no exam has this ID. Copy it from the list; Excel may have changed its last digits: "
        "format the column as text."
    ),
    "several_orders": gettext_lazy("Several customers have an order of this ID. Report it on its page."),
    "emptied": gettext_lazy(
        "The personal data of this order has been removed, so nothing more is told of it."
    ),
    "called_off": gettext_lazy("The customer has cancelled this order, so nothing more is told of it."),
    "terminated": gettext_lazy("This order was ended from our side, so nothing more is told of it."),
    "ending": gettext_lazy("This order is being ended from our side, so nothing more is told of it."),
    "completed": gettext_lazy("This order is completed: Feishu takes no more stages."),
    "marked": gettext_lazy("The customer has finished marking this exam, so Feishu takes nothing more."),
    "set_aside": gettext_lazy("This exam was set aside. Take it up again first."),
    "after_result": gettext_lazy(
        "The result has been reported, here or in a line above. Feishu takes no more stages."
    ),
    "has_score": gettext_lazy("There is a score already, so it can't be said that it was not arranged."),
    "unknown_what": gettext_lazy(
        "Nobody knows what is meant by this in the column “What”. Write stage, interim, result, access, "
        "failed or score, or leave it empty."
    ),
    "tells_nothing": gettext_lazy("The line tells nothing: no stage, result, link or score is in it."),
    "not_of_a_check": gettext_lazy(
        "That can only be told of an exam, and this ID is that of a background check."
    ),
    "not_of_an_exam": gettext_lazy(
        "That can only be told of a background check, and this ID is that of an exam."
    ),
    "no_stage": gettext_lazy("The name of the stage is missing."),
    "no_report": gettext_lazy("An interim result needs its text and a report."),
    "no_result": gettext_lazy("The text of the result is missing."),
    "no_score": gettext_lazy("The score is missing."),
    "bad_score": gettext_lazy("This is no score. Write a number such as 60 or 60.5."),
    "bad_parts": gettext_lazy("The parts can't be read. Write them as Logic: 85; Grammar: 90."),
    "bad_time": gettext_lazy("This is no time. Write it like 2026-11-02 14:30."),
    "future_time": gettext_lazy("The time lies in the future."),
    "no_link": gettext_lazy("The link to the exam is missing."),
    "bad_access": gettext_lazy(
        "The link has to begin with https:// or http://, and a login needs user name and password."
    ),
    "bad_code": gettext_lazy("The failure needs a code of its own, a number from 1 on."),
    "no_message": gettext_lazy("Say why it could not be arranged."),
    "no_reason": gettext_lazy("There is one already. Say why this one takes its place."),
    "no_such_report": gettext_lazy(
        "No report file of this name was uploaded lately. Upload it under “Report files” first, or write "
        "a link."
    ),
    "several_reports": gettext_lazy("Several report files have this name. Rename one and upload it again."),
    "after_failed": gettext_lazy(
        "A line above about the same order has a problem, so this one is not told either. Correct that one "
        "first, then upload both."
    ),
    "changed_meanwhile": gettext_lazy(
        "The order is not as it was when the file was checked, so this was not told. Look at its page."
    ),
}
REMARKS: dict[str, str | Promise] = {
    "time_moved": gettext_lazy("The time %(from)s is not later than the stage before; it is sent as %(to)s."),
    "unusual_score": gettext_lazy("Feishu wants a score from 0 to 100."),
    "corrects": gettext_lazy("It takes the place of the one before."),
    "access_again": gettext_lazy("Access was told before; Feishu may refuse another one."),
}


def problem_in_words(row: OrderFileRow) -> str:
    return problems.in_words(row, PROBLEMS)


def remarks_in_words(row: OrderFileRow) -> str:
    """What was corrected in the line, or is unusual about it."""
    return " ".join(str(REMARKS[each["key"]]) % _in_words(each) for each in row.remarks)


def _in_words(remark: dict[str, Any]) -> dict[str, str]:
    return {
        name: f"{localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M:%S}.{value[20:23]}"
        for name, value in remark.items()
        if name in {"from", "to"}
    }


def told(row: OrderFileRow) -> str:
    """What the line tells, in a few words; neither link nor login."""
    words = {
        Tells.STAGE: _("Stage “%(stage)s”"),
        Tells.INTERIM: _("Stage “%(stage)s” with the interim result “%(result)s”"),
        Tells.RESULT: _("Final result “%(result)s”"),
        Tells.ACCESS: _("The candidate's access"),
        Tells.FAILURE: _("Could not be arranged (%(code)s): %(why)s"),
        Tells.SCORE: _("Score %(score)s"),
    }
    given = {
        "stage": row.stage_name,
        "result": row.result,
        "code": row.code,
        "why": row.message,
        "score": row.score,
    }
    return words[Tells(row.tells)] % given if row.tells else ""
