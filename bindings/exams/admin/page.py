"""The page of an exam: what its state means, whom it is about, and all that was told of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from bindings.exams import scores, services, texts, windows
from bindings.exams.access import Access, opened
from bindings.exams.queue import QUEUE
from bindings.models import Exam, ExamUpdate, ReportLink, Turn
from bindings.orders.updates import Found, waits_for_a_person
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.display import linked, state_badge
from hireops.desk.revealing import is_revealed, noted_for, shown_for
from hireops.desk.waiting import Waiting
from hireops.outbox import registry
from hireops.outbox.watching import facts_of

ENTRIES_SHOWN = 100
SEE_ACCESS = "bindings.view_examaccess"
State, Kind = Exam.State, ExamUpdate.Kind
CARE = {ExamUpdate.State.IN_DOUBT, ExamUpdate.State.REFUSED, ExamUpdate.State.STOPPED, ExamUpdate.State.LEFT}


@dataclass(frozen=True, slots=True)
class UpdateShown:
    """One message about the exam. ``current``: it is the score that the customer has."""

    update: ExamUpdate
    what: str
    badge: str
    why: texts.Text
    readings: Sequence[texts.Text]
    parts: Sequence[scores.Part]
    reports: Sequence[str]
    access: Access | None
    has_access: bool
    current: bool
    corrects: int | None
    call_link: str
    can_be_settled: bool
    needs_care: bool


def waiting(exam: Exam) -> Waiting:
    """For Feishu's answer to what was told."""
    updates = list(QUEUE.updates_of(exam))
    facts = [(update.pk, update.state, facts_of(update.call)) for update in updates]
    is_over = not any(update.state == ExamUpdate.State.SENDING for update in updates)
    return Waiting(str(State(exam.state).label), (*facts, exam.turn, exam.to_look_at), is_over)


def page_of(request: HttpRequest, exam: Exam, *, may_change: bool) -> dict[str, Any]:
    """What the page shows to this person."""
    shown, at = shown_for(request, exam), clock.now()
    paper = windows.paper_of(exam)
    updates = list(_updates(request, exam, shown))
    window = windows.in_words(paper, at) if exam.state not in {State.MARKED, State.SET_ASIDE} else ""
    return {
        "exam": exam,
        "badge": state_badge(State(exam.state)),
        "tone": State(exam.state).tone,
        "meaning": texts.meaning(exam),
        "turn": "" if exam.turn == Turn.NOBODY else Turn(exam.turn).label,
        "window": window,
        "facts": [
            *_facts(exam, shown, paper_name=exam.paper_name or exam.paper_id),
            (_("Our notes"), noted_for(request, exam)(exam.notes)),
        ],
        "updates": updates,
        "may_change": may_change,
        "may_tell": may_change and exam.state not in {State.MARKED, State.SET_ASIDE} and not exam.emptied_at,
        "has_score": services.newest_version(exam) is not None,
        "may_see_access": request.user.has_perm(SEE_ACCESS),
        "entries": audit.entries_about(exam)[:ENTRIES_SHOWN],
    }


def _facts(exam: Exam, shown: Callable[[str], str], *, paper_name: str) -> Iterator[tuple[str, Any]]:
    yield _("Candidate"), shown(exam.candidate_name)
    yield _("Mobile number"), shown(exam.candidate_mobile)
    yield _("Email"), shown(exam.candidate_email)
    yield _("Exam ID"), exam.exam_id
    yield _("Paper"), f"{paper_name} ({exam.paper_id})" if exam.paper_name else exam.paper_id
    yield _("Customer"), linked(exam.customer) if exam.customer else _("not known yet")
    yield _("Account"), linked(exam.account) if exam.account else exam.account_named
    if exam.department:
        yield _("Department"), exam.department
    if exam.application_id:
        yield _("Application ID"), exam.application_id
    if exam.talent_id:
        yield _("Talent ID"), exam.talent_id
    yield _("Event"), linked(exam.event)
    yield _("Responsible"), str(exam.responsible or "")


def _updates(request: HttpRequest, exam: Exam, shown: Callable[[str], str]) -> Iterator[UpdateShown]:
    current = services.shown_by_feishu(exam)
    rows = ExamUpdate.objects.filter(exam=exam).select_related("call", "created_by", "corrects")
    for update in rows.order_by("-number"):
        revealed = bool(update.access) and is_revealed(request, update, SEE_ACCESS)
        call = update.call
        yield UpdateShown(
            update=update,
            what=what(update),
            badge=state_badge(ExamUpdate.State(update.state)),
            why=texts.why(update),
            readings=texts.readings(update),
            parts=update.details,
            reports=[_report(report, shown) for report in update.reports],
            access=opened(update.access) if revealed else None,
            has_access=bool(update.access),
            current=current is not None and current.pk == update.pk,
            corrects=update.corrects.number if update.corrects else None,
            call_link=linked(call, f"{registry.label_of(call.operation)} #{call.pk}") if call else "",
            can_be_settled=waits_for_a_person(update),
            needs_care=update.state in CARE,
        )


def _report(report: dict[str, Any], shown: Callable[[str], str]) -> str:
    """Its name, which leads to who has read which bytes where it is a file of ours."""
    name = shown(report["name"])
    link = ReportLink.objects.select_related("file").filter(pk=report.get("link", 0)).first()
    return linked(link.file, name) if link else name


def what(update: ExamUpdate) -> str:
    """What it tells, in a few words; neither link nor login."""
    if update.kind == Kind.SCORE:
        return _("Score %(score)s") % {"score": update.score}
    if update.result_code:
        return _("Could not be arranged (%(code)s): %(why)s") % {
            "code": update.result_code,
            "why": update.message or "–",
        }
    return _("The candidate's access")


def choices_of(exam: Exam, update: ExamUpdate) -> list[tuple[str, Any]]:
    """What a person may say of this update now."""
    return [(found.value, found.label) for found in Found if not QUEUE.why_not_settled(exam, update, found)]
