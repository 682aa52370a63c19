"""From when to when the exam of an order can be taken: the times of its paper, as the catalogue has them now.

Feishu moves arranged exams with their paper (contract 5.1, 5.2), so the times are not those of receipt.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from bindings.models import Exam, ExamPaper

SOON = timedelta(days=2)


def paper_of(exam: Exam) -> ExamPaper | None:
    """The paper of the catalogue, None for one that is not ours."""
    return ExamPaper.objects.filter(code=exam.paper_id).first() if exam.paper_id else None


def is_over(exam: Exam, at: datetime) -> bool:
    paper = paper_of(exam)
    return paper is not None and paper.end_time is not None and paper.end_time <= at


def in_words(paper: ExamPaper | None, at: datetime) -> str:
    """What is to be known of the window at this moment; "" while there is nothing to be said."""
    if paper is None:
        return ""
    if paper.end_time and paper.end_time <= at:
        return _("The paper could be taken until %(time)s; its time is over.") % {
            "time": _time(paper.end_time)
        }
    if paper.end_time and paper.end_time <= at + SOON:
        return _("The paper can be taken only until %(time)s.") % {"time": _time(paper.end_time)}
    if paper.start_time and paper.start_time > at:
        return _("The paper can be taken from %(time)s on, not before.") % {"time": _time(paper.start_time)}
    return ""


def mark(paper: ExamPaper | None, at: datetime) -> str:
    """The same in a word, for lists."""
    if paper is None or paper.end_time is None or paper.end_time > at + SOON:
        return ""
    return _("time over") if paper.end_time <= at else _("over soon")


def codes_over(at: datetime) -> "QuerySet[ExamPaper, str]":
    """The papers that can't be taken any more."""
    return ExamPaper.objects.filter(end_time__lte=at).values_list("code", flat=True)


def codes_over_soon(at: datetime) -> "QuerySet[ExamPaper, str]":
    """The papers that can be taken for a short time only."""
    soon = ExamPaper.objects.filter(end_time__gt=at, end_time__lte=at + SOON)
    return soon.values_list("code", flat=True)


def _time(moment: datetime) -> str:
    return date_format(localtime(moment), "Y-m-d H:i")
