"""What staff can do with exams, one or a selection of them, without a form of its own."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bindings.exams import services
from bindings.exams.queue import QUEUE
from bindings.models import Exam, Turn
from bindings.orders import notes
from hireops.desk.admin import staff_action
from hireops.doorbell import ring
from hireops.outbox.tasks import drain

State = Exam.State
CHANGE = "bindings.change_exam"


@staff_action(
    permission=CHANGE,
    label=_("The candidate has finished"),
    confirm=_("From now on it is our turn: a score is owed for these exams. Nothing is told to Feishu."),
    offered=lambda exam: exam.state == State.ARRANGED and exam.turn == Turn.CANDIDATE,
    counted=ngettext_lazy("%(count)s candidate has finished", "%(count)s candidates have finished", "count"),
)
def candidate_has_finished(exam: Exam, *, by: User, reason: str) -> None:
    services.candidate_has_finished(exam, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("Set aside"),
    confirm=_(
        "Nothing more is done about these exams, and what has not left yet is never sent. Feishu tells us of "
        "no exam that a customer has given up: ask the customer before. They can be taken up again."
    ),
    reason_required=True,
    dangerous=True,
    offered=lambda exam: exam.state not in {State.MARKED, State.SET_ASIDE},
    counted=ngettext_lazy("Set %(count)s exam aside", "Set %(count)s exams aside", "count"),
)
def set_aside(exam: Exam, *, by: User, reason: str) -> None:
    services.set_aside(exam, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("Take up again"),
    confirm=_(
        "These exams go on from where they stand. What was given up when they were set aside stays so."
    ),
    offered=lambda exam: exam.state == State.SET_ASIDE,
    counted=ngettext_lazy("Take %(count)s exam up again", "Take %(count)s exams up again", "count"),
)
def take_up(exam: Exam, *, by: User, reason: str) -> None:
    services.take_up(exam, by=by, reason=reason)
    ring(drain)


@staff_action(
    permission=CHANGE,
    label=_("I look after it"),
    confirm=_("You are named as responsible for these exams. Nothing is told to Feishu."),
    counted=ngettext_lazy("I look after %(count)s exam", "I look after %(count)s exams", "count"),
)
def take_care(exam: Exam, *, by: User, reason: str) -> None:
    notes.take_care(QUEUE, exam, by=by)
