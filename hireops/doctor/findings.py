"""What the doctor asks and what can be found. The apps add questions; the doctor names none of them.

A finding is kept as *which question, which verdict, which facts*, so that everybody reads it in their own
language. Ids of questions and keys of verdicts are a contract with whoever reads ``manage.py doctor --json``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import Any

from django.db import ProgrammingError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.display import duration
from hireops.error_location import error_location
from hireops.feishu.errors import FeishuError

Text = str | Promise
INSUFFICIENT_PRIVILEGE = "42501"


class Level(IntEnum):
    """How much a finding matters; the worst of an examination is the exit status of the command."""

    OK = 0
    NOTICE = 1  # nothing to do, or nothing that can be told from here
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """``answer`` and ``todo`` name facts as ``%(fact)s``; ``todo`` is empty where there is nothing to do."""

    level: Level
    answer: Text
    todo: Text = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found: a key of the question's verdicts, and facts that hold nothing personal.

    A fact that is a text of ours is kept in English and shown in the reader's language; ``age`` is seconds.
    """

    verdict: str
    facts: Mapping[str, Text | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``ask()`` gives one or more findings; what it raises is a finding too, ``unanswered`` or ``denied``."""

    id: str
    title: Text
    verdicts: Mapping[str, Verdict]
    ask: Callable[[], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding in words, in the language of who reads it."""

    id: str
    level: Level
    title: str
    answer: str
    todo: str


UNANSWERED = Verdict(
    Level.WARNING,
    _("This could not be found out: %(error)s."),
    _("Mend what the other lines say first, then ask again."),
)
DENIED = "denied"
ANY_QUESTION = {
    DENIED: Verdict(
        Level.ERROR,
        _("The database refuses it to the user in DATABASE_URL: %(error)s."),
        _(
            "As the owner of the tables: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public "
            "TO that user, and GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO that user."
        ),
    )
}
UNKNOWN_QUESTION = Verdict(Level.NOTICE, _("A question of another version of hireops."))

_questions: dict[str, Question] = {}


def register(*questions: Question) -> None:
    """Have the doctor ask these too; called while Django starts."""
    for question in questions:
        _questions[question.id] = question


def examine() -> Iterator[dict[str, Any]]:
    """Ask everything, one finding after the other, as they are kept: ``{question, verdict, facts}``."""
    for question in _questions.values():
        with translation.override("en"):
            answers = [(found.verdict, _kept(found.facts)) for found in _answers(question)]
        for verdict, facts in answers:
            yield {"question": question.id, "verdict": verdict, "facts": facts}


def _kept(facts: Mapping[str, Text | int]) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in facts.items()}


def _answers(question: Question) -> list[Found]:
    try:
        return list(question.ask())
    except FeishuError as error:
        return [Found("unanswered", {"error": str(error)})]
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
            return [Found("unanswered", {"error": error_location(error)})]
        return [Found(DENIED, {"error": str(error).strip().splitlines()[0]})]  # it names a table, no value
    except Exception as error:  # noqa: BLE001 - whatever is broken: saying so is what the doctor is for
        return [Found("unanswered", {"error": error_location(error)})]


def in_words(kept: Mapping[str, Any]) -> Finding:
    """What was kept, in today's language."""
    question = _questions.get(kept["question"])
    if question is None:
        return Finding(
            kept["question"], UNKNOWN_QUESTION.level, kept["question"], str(UNKNOWN_QUESTION.answer), ""
        )
    verdict = (ANY_QUESTION | dict(question.verdicts)).get(kept["verdict"], UNANSWERED)
    facts = {"error": "?", **{name: _shown(name, value) for name, value in kept["facts"].items()}}
    return Finding(
        question.id, verdict.level, str(question.title), verdict.answer % facts, verdict.todo % facts
    )


def _shown(name: str, fact: str | int) -> str | int:
    if name == "age":
        return duration(timedelta(seconds=int(fact)))
    return gettext(fact) if isinstance(fact, str) and fact else fact


def worst(findings: Iterable[Finding]) -> Level:
    return max((finding.level for finding in findings), default=Level.OK)
