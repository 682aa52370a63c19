"""What staff can do with exams. Whoever calls one rings for the outbox on commit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.exams import scores, windows
from bindings.exams.access import Access
from bindings.exams.queue import QUEUE, Kind, State, set_turn, take_step, where_it_stands
from bindings.models import Exam, ExamUpdate, Turn
from bindings.orders.updates import Found, Look, newest_known
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused

LONGEST_REASON = 255
# Feishu takes a negative number as a code of ours too, but nobody would look for one.
FIRST_CODE, LAST_CODE = 1, 2**31 - 1
MOST_NOTICED = 5000


# --- How the candidate gets to the exam


def arrange(exam: Exam, access: Access, *, by: User, message: str = "") -> ExamUpdate:
    """Tell Feishu the link, and the login if it needs one. Raises ``Refused`` where nothing can be told."""
    with transaction.atomic():
        exam = _open(exam)
        update = QUEUE.add(
            exam,
            by=by,
            kind=Kind.ARRANGEMENT,
            result_code=0,
            message=message,
            access=access.sealed(),
        )
        details: dict[str, Any] = {"number": update.number, "with_login": bool(access.username)}
        audit.record(by=by, action=gettext_noop("arrangement told"), on=exam, **details)
        return update


def arrangement_failed(exam: Exam, *, by: User, code: int, message: str) -> ExamUpdate:
    """Tell Feishu that it could not be arranged, with our own code of the failure and why."""
    if not FIRST_CODE <= code <= LAST_CODE:
        raise Refused(_("A failure has a code of its own, from 1 on: 0 would say that it was arranged."))
    with transaction.atomic():
        exam = _open(exam)
        if exam.state == State.RESULT_SENT or _scores(exam).filter(state__in=ExamUpdate.OPEN).exists():
            raise Refused(
                _(
                    "There is a score of this exam already, so it can't be said any more that it was not "
                    "arranged."
                )
            )
        update = QUEUE.add(exam, by=by, kind=Kind.ARRANGEMENT, result_code=code, message=message)
        details: dict[str, Any] = {"number": update.number, "code": code}
        audit.record(by=by, action=gettext_noop("arrangement failed"), on=exam, **details)
        return update


# --- Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A version of the score. ``score`` is text; ``time`` None is now; reports as ``ExamUpdate.reports``."""

    score: str
    parts: Sequence[scores.Part] = ()
    reports: Sequence[dict[str, Any]] = field(default=())
    time: datetime | None = None
    reason: str = ""


def report_score(exam: Exam, score: Score, *, by: User) -> ExamUpdate:
    """Tell Feishu the score, or a correction of it, which overwrites the one before.

    A correction has a reason. Raises ``Refused`` without one, for what is no score, and where nothing can be
    told any more.
    """
    text, reason = scores.read_score(score.score), score.reason.strip()[:LONGEST_REASON]
    at = clock.now()
    if score.time is not None and score.time > at + clock.FROM_THE_FUTURE:
        raise Refused(_("The time of the result lies in the future. Correct it, or leave it empty."))
    with transaction.atomic():
        exam = _open(exam)
        corrected = newest_version(exam)
        if corrected is not None and not reason:
            raise Refused(
                _(
                    "There is a score of this exam already. To correct it, say why: the reason is kept with "
                    "it."
                )
            )
        update = QUEUE.add(
            exam,
            by=by,
            kind=Kind.SCORE,
            score=text,
            time=score.time or at,
            details=list(score.parts),
            reports=list(score.reports),
            corrects=corrected,
            reason=reason if corrected else "",
        )
        if exam.turn == Turn.CANDIDATE:
            set_turn(exam, Turn.VENDOR, at)
        action = gettext_noop("score corrected") if corrected else gettext_noop("score told")
        audit.record(by=by, action=action, on=exam, reason=update.reason, number=update.number)
        return update


def newest_version(exam: Exam) -> ExamUpdate | None:
    """The version of the score that a new one corrects: the last one that was not given up unsent."""
    return _scores(exam).exclude(state=ExamUpdate.State.STOPPED).order_by("-number").first()


def shown_by_feishu(exam: Exam) -> ExamUpdate | None:
    """The version of the score that the customer has; None if there is none, or nobody can tell which."""
    return newest_known(list(_scores(exam).select_related("call").order_by("number")))


def _scores(exam: Exam) -> "QuerySet[ExamUpdate]":
    return ExamUpdate.objects.filter(exam=exam, kind=Kind.SCORE)


# --- What is done without Feishu


def candidate_has_finished(exam: Exam, *, by: User, reason: str = "") -> None:
    """A score is owed from now on. Raises ``Refused`` for an exam that the candidate can't take."""
    with transaction.atomic():
        exam = _open(exam)
        if exam.state != State.ARRANGED or exam.turn != Turn.CANDIDATE:
            raise Refused(_("Only an exam that the candidate is taking can be finished by the candidate."))
        set_turn(exam, Turn.VENDOR, clock.now())
        audit.record(by=by, action=gettext_noop("candidate has finished"), on=exam, reason=reason)


def notice_ended_windows() -> int:
    """How many exams have become ours because their paper can't be taken any more."""
    at = clock.now()
    waiting = Exam.objects.filter(turn=Turn.CANDIDATE, paper_id__in=windows.codes_over(at)).order_by("pk")
    noticed = 0
    for pk in list(waiting.values_list("pk", flat=True)[:MOST_NOTICED]):
        with transaction.atomic():
            exam = QUEUE.lock(pk)
            if exam.turn == Turn.CANDIDATE and windows.is_over(exam, at):
                set_turn(exam, Turn.VENDOR, at)
                noticed += 1
    return noticed


def set_aside(exam: Exam, *, by: User, reason: str) -> None:
    """Nothing more is done about it: Feishu tells of no exam that a customer has given up."""
    with transaction.atomic():
        exam = _open(exam)
        take_step(exam, State.SET_ASIDE)
        QUEUE.stop(exam, State.SET_ASIDE)
        audit.record(by=by, action=gettext_noop("exam set aside"), on=exam, reason=reason)


def take_up(exam: Exam, *, by: User, reason: str = "") -> None:
    """Go on with an exam that was set aside, from where it stands. Raises ``Refused`` for any other."""
    with transaction.atomic():
        exam = QUEUE.lock(exam.pk)
        if exam.state != State.SET_ASIDE:
            raise Refused(_("Only an exam that was set aside can be taken up again."))
        take_step(exam, where_it_stands(exam))
        audit.record(by=by, action=gettext_noop("exam taken up again"), on=exam, reason=reason)
        QUEUE.owe_next(exam)


def settle(update: ExamUpdate, found: Found, *, by: User, reason: str) -> None:
    """What a person has found out of an update that was refused or may have arrived."""
    QUEUE.settle(update, found, by=by, reason=reason)
    with transaction.atomic():
        exam = QUEUE.lock(update.exam_id)
        in_doubt = QUEUE.updates_of(exam).filter(state=ExamUpdate.State.IN_DOUBT)
        if exam.to_look_at in Look.values and exam.state in {State.MARKED, State.SET_ASIDE} and not in_doubt:
            exam.to_look_at = ""
            exam.save(update_fields=["to_look_at"])


def _open(exam: Exam) -> Exam:
    """The exam, locked. Raises ``Refused`` for one of which nothing can be told any more."""
    exam = QUEUE.lock(exam.pk)
    if exam.state == State.MARKED:
        raise Refused(
            _(
                "The customer has finished marking this exam, so Feishu takes nothing more about it. What is "
                "to be corrected has to go to the customer by mail."
            )
        )
    if exam.state == State.SET_ASIDE:
        raise Refused(_("This exam was set aside. Take it up again first."))
    if exam.emptied_at is not None:
        raise Refused(_("The personal data of this exam has been removed, so nothing more is told about it."))
    return exam
