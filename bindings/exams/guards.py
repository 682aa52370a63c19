"""What the database itself refuses of exams: another identity, a wrong step, a rewritten version."""

from bindings.models import Exam
from hireops.guards.rules import Rule, any_differs, quoted, there_is, update_of

EXAM, UPDATE = "bindings_exam", "bindings_examupdate"

IDENTITY = (
    "id",
    "tenant_id",
    "exam_id",
    "event_id",
    "account_named",
    "paper_id",
    "paper_name",
    "received_at",
)
# What an update says. ``access`` comes under new keys (``manage.py reencrypt``).
SAID = (
    "id",
    "exam_id",
    "number",
    "kind",
    "result_code",
    "score",
    "time",
    "corrects_id",
    "reason",
    "created_by_id",
    "created_at",
)
CONTENT = ("message", "details", "reports")
PERSONAL = ("candidate_name", "candidate_mobile", "candidate_email")

State = Exam.State
STEPS = {
    State.RECEIVED: [State.ARRANGED, State.ARRANGEMENT_FAILED, State.RESULT_SENT, State.MARKED],
    State.ARRANGED: [State.ARRANGEMENT_FAILED, State.RESULT_SENT, State.MARKED],
    State.ARRANGEMENT_FAILED: [State.ARRANGED, State.RESULT_SENT, State.MARKED],
    State.RESULT_SENT: [State.MARKED],
    State.MARKED: [],
    State.SET_ASIDE: [*State],
}
ASIDE = [State.RECEIVED, State.ARRANGED, State.ARRANGEMENT_FAILED, State.RESULT_SENT]


def _is_a_step() -> str:
    steps = (
        f"(OLD.state = '{before}' AND NEW.state IN ({quoted(after)}))"
        for before, after in STEPS.items()
        if after
    )
    return f"({' OR '.join(steps)} OR (NEW.state = 'set_aside' AND OLD.state IN ({quoted(ASIDE)})))"


_CANDIDATE_GOES = (
    "NEW.emptied_at IS NOT NULL AND NEW.candidate_name = '' AND NEW.candidate_mobile = ''"
    " AND NEW.candidate_email = ''"
)
_OF_THIS_EXAM = "it.exam_id = NEW.exam_id AND it.number = NEW.number"
_IS_EMPTIED = (
    "NEW.message = '' AND NEW.access = '' AND "
    f"{there_is(EXAM, 'it.id = NEW.exam_id AND it.emptied_at IS NOT NULL')}"
)
_ENDED = there_is(EXAM, "it.id = NEW.exam_id AND it.state IN ('marked', 'set_aside')")

RULES = [
    Rule("exam_is_the_one_arranged", EXAM, update_of(IDENTITY), any_differs(IDENTITY)),
    Rule(
        "exam_candidate_is_only_emptied",
        EXAM,
        update_of(PERSONAL),
        f"{any_differs(PERSONAL)} AND NOT ({_CANDIDATE_GOES})",
    ),
    Rule("exam_takes_known_steps", EXAM, "UPDATE OF state", f"OLD.state <> NEW.state AND NOT {_is_a_step()}"),
    Rule(
        "exam_replaces_none",
        EXAM,
        "REPLACE",
        there_is(EXAM, "it.id = NEW.id OR (it.tenant_id = NEW.tenant_id AND it.exam_id = NEW.exam_id)"),
        passed_over=True,
    ),
    Rule("exam_stays", EXAM, "DELETE"),
    Rule("exam_update_says_what_it_said", UPDATE, update_of(SAID), any_differs(SAID)),
    Rule(
        "exam_update_content_is_only_emptied",
        UPDATE,
        update_of(CONTENT),
        f"{any_differs(CONTENT)} AND NOT ({_IS_EMPTIED})",
    ),
    Rule(
        "exam_update_delivered_stays_so",
        UPDATE,
        "UPDATE OF state",
        "OLD.state = 'delivered' AND NEW.state <> 'delivered'",
    ),
    Rule(
        "exam_update_of_an_end_is_not_sent",
        UPDATE,
        "UPDATE OF state",
        f"NEW.state = 'sending' AND OLD.state <> 'sending' AND {_ENDED}",
    ),
    Rule(
        "exam_update_replaces_none",
        UPDATE,
        "REPLACE",
        there_is(UPDATE, f"it.id = NEW.id OR ({_OF_THIS_EXAM})"),
    ),
    Rule("exam_update_stays", UPDATE, "DELETE"),
]
