"""The updates of an exam in ``bindings.orders.updates``, and the only place where an exam's state changes."""

from datetime import datetime

from bindings.exams import windows
from bindings.models import Exam, ExamUpdate, Turn
from bindings.orders import promises
from bindings.orders.updates import Queue
from hireops.database import clock

LOGIN_INFO, UPDATE_RESULT = "eco_exam.login_info", "eco_exam.update_result"

State, Kind = Exam.State, ExamUpdate.Kind
# From where a person or Feishu may lead where. The database keeps the same (guards.py).
STEPS: dict[str, list[Exam.State]] = {
    State.RECEIVED: [
        State.ARRANGED,
        State.ARRANGEMENT_FAILED,
        State.RESULT_SENT,
        State.MARKED,
        State.SET_ASIDE,
    ],
    State.ARRANGED: [State.ARRANGEMENT_FAILED, State.RESULT_SENT, State.MARKED, State.SET_ASIDE],
    State.ARRANGEMENT_FAILED: [State.ARRANGED, State.RESULT_SENT, State.MARKED, State.SET_ASIDE],
    State.RESULT_SENT: [State.MARKED, State.SET_ASIDE],
    State.MARKED: [],
    State.SET_ASIDE: [State.RECEIVED, State.ARRANGED, State.ARRANGEMENT_FAILED, State.RESULT_SENT],
}


def take_step(exam: Exam, state: Exam.State) -> None:
    """Lead the locked exam to ``state``; as it is where there is no such step, or it is there."""
    if state not in STEPS[exam.state]:
        return
    at = clock.now()
    exam.state = state
    promises.note_end(exam, (exam.ended_at or at) if state in Exam.ENDED else None)
    exam.save(update_fields=["state", *promises.END])
    set_turn(exam, whose_turn(exam, at), at)


def whose_turn(exam: Exam, at: datetime) -> Turn:
    """The candidate's while the exam can be taken; ours while access or a score is owed."""
    if exam.state in Exam.ENDED:
        return Turn.NOBODY
    if exam.state == State.ARRANGED and not windows.is_over(exam, at):
        return Turn.CANDIDATE
    return Turn.VENDOR


def set_turn(exam: Exam, turn: Turn, since: datetime) -> None:
    """Of the locked exam. While it is the candidate's, what was promised waits for them."""
    if exam.turn == turn:
        return
    if exam.turn == Turn.CANDIDATE:
        promises.resume_clock(exam)
    exam.turn, exam.turn_since = turn, since
    exam.save(update_fields=["turn", "turn_since"])
    if turn == Turn.CANDIDATE:
        promises.stop_clock(exam)


def closed(exam: Exam) -> str:
    """Why nothing may be told of it any more: a key of ``texts.WHY``. Empty while it may."""
    return exam.state if exam.state in {State.MARKED, State.SET_ASIDE} else ""


def arrived(exam: Exam, update: ExamUpdate) -> None:
    """Feishu has it. A score outlasts what is said of the arrangement afterwards."""
    if closed(exam):
        return
    if update.kind == Kind.SCORE:
        take_step(exam, State.RESULT_SENT)
    elif exam.state != State.RESULT_SENT:
        take_step(exam, State.ARRANGEMENT_FAILED if update.result_code else State.ARRANGED)


def where_it_stands(exam: Exam) -> Exam.State:
    """The state that follows from what Feishu has taken."""
    delivered = ExamUpdate.objects.filter(exam=exam, state=ExamUpdate.State.DELIVERED).order_by("-number")
    if delivered.filter(kind=Kind.SCORE).exists():
        return State.RESULT_SENT
    arrangement = delivered.filter(kind=Kind.ARRANGEMENT).first()
    if arrangement is None:
        return State.RECEIVED
    return State.ARRANGEMENT_FAILED if arrangement.result_code else State.ARRANGED


def _operation(update: ExamUpdate) -> str:
    return UPDATE_RESULT if update.kind == Kind.SCORE else LOGIN_INFO


# Each call sets the whole of what it says, so what follows never depends on whether it has arrived.
QUEUE: Queue[Exam, ExamUpdate] = Queue(
    orders=Exam,
    updates=ExamUpdate,
    of="exam",
    operation=_operation,
    target=lambda exam: f"eco_exam:{exam.exam_id}",
    closed=closed,
    arrived=arrived,
    may_be_left=lambda _update: True,
)
