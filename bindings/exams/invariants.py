"""What must be true of exams at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from bindings.exams.queue import LOGIN_INFO, UPDATE_RESULT, where_it_stands
from bindings.models import Exam, ExamUpdate
from hireops.outbox.models import Attempt, Call

MARKING_FINISHED = 1002855
ANSWERED = [Attempt.Outcome.SUCCESS, Attempt.Outcome.REFUSED, Attempt.Outcome.UNKNOWN]
State, UpdateState, Kind = Exam.State, ExamUpdate.State, ExamUpdate.Kind


def exams_come_from_their_event() -> Iterator[str]:
    """An exam's event is one of its own tenant, and its account is the one that the event names."""
    named = Q(event__tenant_key=F("tenant__tenant_key")) | Q(event__tenant_key="")
    theirs = Q(event__app_id=F("tenant__app_id")) & named
    for exam in Exam.objects.exclude(theirs).only("exam_id", "event_id").iterator():
        yield f"exam {exam.exam_id} has event #{exam.event_id} of another tenant"
    others = Exam.objects.filter(account__isnull=False).exclude(
        account__account_id=F("account_named"), account__tenant=F("tenant")
    )
    for exam in others.only("exam_id").iterator():
        yield f"exam {exam.exam_id} has another account than its event names"


def exam_updates_leave_in_their_order() -> Iterator[str]:
    """Nothing was owed while something before it was open, and nothing that waits has a call."""
    before = ExamUpdate.objects.filter(
        exam=OuterRef("exam"), number__lt=OuterRef("number"), state__in=ExamUpdate.OPEN
    )
    early = ExamUpdate.objects.filter(
        Exists(before), state__in=["sending", "in_doubt", "refused", "delivered"]
    )
    for update in early.only("pk", "exam_id").iterator():
        yield f"exam update #{update.pk} was told before an earlier one of exam #{update.exam_id} had ended"
    owed = ExamUpdate.objects.filter(state=UpdateState.QUEUED, call__isnull=False)
    for update in owed.only("pk").iterator():
        yield f"exam update #{update.pk} waits for its turn and is owed already"


def exam_updates_are_what_their_calls_say() -> Iterator[str]:
    """A call that Feishu has taken is of an update that has arrived, and of the kind that it sends."""
    done = Call.objects.filter(state=Call.State.SUCCEEDED, operation__in=[LOGIN_INFO, UPDATE_RESULT])
    for update in (
        ExamUpdate.objects.filter(call__in=done).exclude(state=UpdateState.DELIVERED).only("pk").iterator()
    ):
        yield f"exam update #{update.pk} was taken by Feishu and is not delivered"
    wrong = Q(kind=Kind.SCORE) & ~Q(call__operation=UPDATE_RESULT) | Q(kind=Kind.ARRANGEMENT) & ~Q(
        call__operation=LOGIN_INFO
    )
    for update in ExamUpdate.objects.filter(wrong, call__isnull=False).only("pk").iterator():
        yield f"exam update #{update.pk} has a call of another kind"


def exams_stand_where_their_updates_say() -> Iterator[str]:
    """The state of an exam that has not ended for good follows from what Feishu has taken."""
    for exam in Exam.objects.exclude(state__in=[State.MARKED, State.SET_ASIDE]).iterator():
        expected = where_it_stands(exam)
        if exam.state != expected:
            yield f"exam {exam.exam_id} is {exam.state}, and what was taken says {expected}"


def nothing_is_sent_after_marking() -> Iterator[str]:
    """No request about an exam began after the one that was told that its marking had ended."""
    refused = Attempt.objects.filter(code=MARKING_FINISHED, call__operation=UPDATE_RESULT)
    for told in refused.select_related("call__examupdate").iterator():
        exam = told.call.examupdate.exam_id
        later = Attempt.objects.filter(
            call__examupdate__exam=exam, started_at__gt=told.started_at, outcome__in=ANSWERED
        )
        if later.exists():
            yield f"exam #{exam} was told of after its marking had ended"
