"""When an exam paper can be taken. Feishu goes on showing one whose window has passed, so staff are told."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bindings.models import ExamPaper
from bindings.offers.plan import Paper
from hireops.database import clock
from hireops.desk.display import badge

Timed = ExamPaper | Paper
OFFERED = "offered"  # what the list of papers is narrowed to: those that have passed and are offered


def has_passed(paper: Timed) -> bool:
    return paper.end_time is not None and paper.end_time <= clock.now()


def passed(papers: QuerySet[Any]) -> QuerySet[Any]:
    return papers.filter(end_time__lte=clock.now())


def passed_and_offered(papers: QuerySet[Any]) -> QuerySet[Any]:
    """Customers still see these, and nobody can take them."""
    return passed(papers.filter(archived=False, offers__isnull=False)).distinct()


def still_open(papers: QuerySet[Any]) -> QuerySet[Any]:
    return papers.filter(Q(end_time__isnull=True) | Q(end_time__gt=clock.now()))


def in_words(paper: Timed) -> str:
    """From when until when, on the reader's clock."""
    if paper.start_time and paper.end_time:
        return _("%(start)s to %(end)s") % {"start": moment(paper.start_time), "end": moment(paper.end_time)}
    if paper.start_time:
        return _("from %(start)s") % {"start": moment(paper.start_time)}
    return _("until %(end)s") % {"end": moment(paper.end_time)} if paper.end_time else _("at any time")


def moment(at: datetime) -> str:
    """To the minute, on the reader's clock."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def shown(paper: Timed) -> SafeString | str:
    """The window, with a mark if it has passed."""
    if not has_passed(paper):
        return in_words(paper)
    return format_html("{} {}", in_words(paper), badge(_("window has passed"), "warn"))


def warning(paper: Timed) -> str:
    """What it means that the window has passed; empty if it has not."""
    if not has_passed(paper):
        return ""
    return _(
        "The window of this paper has passed (%(window)s): customers who choose it arrange an exam that "
        "nobody can take. Give it another window, or withdraw it."
    ) % {"window": in_words(paper)}
