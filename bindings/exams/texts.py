"""What the states of exams and of what is told of them mean, in words for staff: what happened, what it
means, what to do."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bindings.models import Exam, ExamUpdate, Turn
from bindings.orders.texts import in_words
from bindings.orders.updates import may_have_landed, waits_for_a_person

Text = str | Promise
State, UpdateState, Kind = Exam.State, ExamUpdate.State, ExamUpdate.Kind

NOT_IN_THIS_STATE = 1002851

MEANINGS: dict[str, Text] = {
    State.RECEIVED: _(
        "The customer has arranged this exam and waits for us: make the candidate's access in your exam "
        "system and tell it here, or say that it could not be arranged."
    ),
    State.ARRANGED: _(
        "The customer and the candidate have the link. When the candidate has finished, report the score."
    ),
    State.ARRANGEMENT_FAILED: _(
        "The customer knows that it could not be arranged. If it can be after all, tell the access."
    ),
    State.RESULT_SENT: _(
        "The customer has the score. It can be corrected until the customer has finished marking."
    ),
    State.MARKED: _("The customer has finished marking. Feishu takes nothing more about this exam."),
    State.SET_ASIDE: _("Somebody has decided that nothing more is done about this exam."),
}
SCORE_OWED: Text = _("The candidate has finished, or the paper's time is over: a score is owed.")

# Why nothing more is told of an exam.
ENDED: dict[str, Text] = {
    State.MARKED: _("The customer has finished marking."),
    State.SET_ASIDE: _("The exam was set aside."),
}
NOT_DELIVERABLE: Text = _(
    "Not deliverable: the customer has finished marking, so Feishu takes no other score. If the customer "
    "should know of it, send it by mail."
)
IN_DOUBT_AT_THE_END: Text = _(
    "It may have arrived before the customer finished marking; an answer was lost. Ask the customer which "
    "score they see, then say here whether it has arrived."
)
IN_DOUBT: Text = _(
    "Nobody knows whether it has arrived: the answer was lost. Sending it again does no harm: the same is "
    "set once more."
)
ASKS_ITSELF: Text = _("The answer was lost. hireops sends the same again by itself; there is nothing to do.")
# Three things that Feishu may mean, each with how to find out.
READINGS: Sequence[Text] = (
    _(
        "The candidate has a link already: an earlier message has arrived. In Feishu the exam shows it. Then "
        "choose “It has arrived”."
    ),
    _("The customer has given the exam up. Ask the customer; then set the exam aside."),
    _("The exam has a score already. Then choose “Leave it and go on”."),
)
LANDED_BEFORE: Text = _(
    "An earlier try of the same message got no clear answer, so most likely that one has arrived."
)


def meaning(exam: Exam) -> Text:
    """What its state means, and what to do."""
    if exam.state == State.ARRANGED and exam.turn == Turn.VENDOR:
        return SCORE_OWED
    return MEANINGS[exam.state]


def why(update: ExamUpdate) -> Text:
    """Where an update stands: what happened, what it means, what to do."""
    if update.state == UpdateState.STOPPED and update.why == State.MARKED:
        return NOT_DELIVERABLE
    if update.state == UpdateState.IN_DOUBT and waits_for_a_person(update):
        return IN_DOUBT_AT_THE_END if update.why == State.MARKED else IN_DOUBT
    if update.state == UpdateState.IN_DOUBT and not update.why:
        return ASKS_ITSELF
    return in_words(update, str(ENDED.get(update.why, "")))


def readings(update: ExamUpdate) -> Sequence[Text]:
    """What the refusal of an arrangement may mean, likeliest first."""
    call = update.call
    refused = update.state == UpdateState.REFUSED and update.kind == Kind.ARRANGEMENT
    if call is None or not refused or call.error_code != NOT_IN_THIS_STATE:
        return ()
    return (LANDED_BEFORE, *READINGS) if may_have_landed(call) else READINGS
