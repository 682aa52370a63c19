"""Exams that wait for staff, on the home page."""

from django.utils.translation import gettext as _

from bindings.exams import windows
from bindings.models import Exam, Turn
from hireops.database import clock
from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader

State = Exam.State


def exams_to_look_at(reader: Reader) -> Card | None:
    """Those of which Feishu took something not, or perhaps."""
    if not reader.has_perm("bindings.change_exam"):
        return None
    count = counted(Exam.objects.exclude(to_look_at=""))
    if not count:
        return None
    return Card(
        title=_("Exams to be looked at"),
        value=count,
        note=_("Something was refused, or may not have arrived."),
        url=list_url("bindings_exam", "look=yes"),
        tone="bad",
    )


def exams_waiting_for_us(reader: Reader) -> Card | None:
    """Access or a score is owed."""
    if not reader.has_perm("bindings.change_exam"):
        return None
    count = counted(Exam.objects.filter(turn=Turn.VENDOR))
    return Card(
        title=_("Exams that wait for us"),
        value=count,
        note=_("Access or a score is owed.") if count else _("Nothing is owed."),
        url=list_url("bindings_exam", f"turn__exact={Turn.VENDOR}"),
        tone="warn" if count else "ok",
    )


def exams_whose_paper_is_over(reader: Reader) -> Card | None:
    """Nobody can take them any more, and they are open."""
    if not reader.has_perm("bindings.change_exam"):
        return None
    over = counted(Exam.objects.filter(ended_at=None, paper_id__in=windows.codes_over(clock.now())))
    if not over:
        return None
    return Card(
        title=_("Open exams whose paper's time is over"),
        value=over,
        note=_("Report their score, have the paper's time changed, or set them aside."),
        url=list_url("bindings_exam", "window=over"),
        tone="warn",
    )
