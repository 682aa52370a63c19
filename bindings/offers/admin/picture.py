"""What an account offers now and after, drawn with marks of what will change, and what leaves for that."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bindings.models import EcoAccount, Exam
from bindings.offers import texts, windows
from bindings.offers.plan import Action, Content, Kind, Paper, Plan, PlannedCall, Row, Verb
from hireops.desk.states import Tone

KINDS: dict[Kind, str | Promise] = {
    Kind.PACKAGE: gettext_lazy("Check packages"),
    Kind.ITEM: gettext_lazy("Additional items"),
    Kind.PAPER: gettext_lazy("Exam papers"),
}
# What a mark looks like (drawn-… in bindings.css).
MARKS = {
    Action.CREATE: "added",
    Action.UPDATE: "changed",
    Action.REPLACE: "changed",
    Action.DELETE: "removed",
    Action.FIND_OUT: "doubt",
    Action.FOREIGN: "foreign",
    Action.SAME: "",
}
NAMES: dict[str, str | Promise] = {
    "name": gettext_lazy("name"),
    "description": gettext_lazy("description"),
    "duration": gettext_lazy("minutes"),
    "question_count": gettext_lazy("questions"),
    "start_time": gettext_lazy("can be taken from"),
    "end_time": gettext_lazy("can be taken until"),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One thing in one of the two pictures. ``notes`` say what was otherwise."""

    row: Row
    content: Content | None
    mark: str = ""
    notes: Sequence[str] = ()

    @property
    def reason(self) -> str | Promise:
        return texts.WHYS[self.row.why] if self.mark else ""

    @property
    def warning(self) -> str:
        """Of what is offered although nobody can take it any more."""
        return windows.warning(self.row.after) if isinstance(self.row.after, Paper) else ""

    @property
    def label(self) -> str | Promise:
        return texts.ACTIONS[self.row.action] if self.mark else ""

    @property
    def id(self) -> str:
        return self.content.id if self.content else self.row.id

    @property
    def facts(self) -> str:
        """Below the name: what is in a package, or what a paper is like."""
        if isinstance(self.content, Paper):
            return paper_in_words(self.content)
        return self.content.description if self.content else ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str | Promise
    things: Sequence[Drawn]


def paper_in_words(paper: Paper) -> str:
    said = [
        _("%(n)d minutes") % {"n": paper.duration} if paper.duration else "",
        _("%(n)d questions") % {"n": paper.question_count} if paper.question_count else "",
        windows.in_words(paper),
    ]
    return ", ".join(part for part in said if part)


def today(plan: Plan) -> list[Group]:
    """What the account offers now, as last confirmed, and what is there without our having put it there."""
    perhaps = {Action.FOREIGN, Action.FIND_OUT, Action.DELETE}
    there = [row for row in plan.rows if row.before or row.action in perhaps]
    return _grouped(_today(row) for row in there)


def _today(row: Row) -> Drawn:
    changes = row.action in {Action.CREATE, Action.UPDATE, Action.REPLACE}
    return Drawn(row, row.before, "" if changes else MARKS[row.action])


def after(plan: Plan) -> list[Group]:
    """What it offers when Feishu has taken all calls, with what was different."""
    return _grouped(_after(row) for row in plan.rows if row.after)


def _after(row: Row) -> Drawn:
    return Drawn(row, row.after, MARKS[row.action], list(differences(row.before, row.after)))


def differences(before: Content | None, after: Content | None) -> Iterator[str]:
    """What was otherwise, each in a sentence."""
    if before is None or after is None:
        return
    for name, called in NAMES.items():
        was = getattr(before, name, None)
        if was != getattr(after, name, None):
            yield _("%(what)s was: %(before)s") % {"what": called, "before": _value(was)}


def _value(value: object) -> str:
    if isinstance(value, datetime):
        return windows.moment(value)
    return _("(empty)") if value in {None, ""} else str(value)


def _grouped(things: Iterable[Drawn]) -> list[Group]:
    drawn = list(things)
    groups = [
        Group(title, [each for each in drawn if each.row.kind is kind]) for kind, title in KINDS.items()
    ]
    return [group for group in groups if group.things]


# --- In numbers


@dataclass(frozen=True, slots=True)
class Count:
    mark: str
    label: str | Promise
    count: int


def summary(plan: Plan) -> list[Count]:
    """How many things each mark stands for, without the zeros."""
    counts = [
        Count(mark, texts.ACTIONS[action], plan.count(action)) for action, mark in MARKS.items() if mark
    ]
    return [each for each in counts if each.count]


# --- What leaves


@dataclass(frozen=True, slots=True)
class DrawnCall:
    """A call to come: what it does, to what, and what it means for the customer."""

    title: str
    named: str
    meanings: Sequence[str]
    tone: Tone = "quiet"


def calls(account: EcoAccount, plan: Plan) -> list[DrawnCall]:
    exams = arranged([account], plan)
    return [_drawn(call, plan, exams) for call in plan.calls]


def _drawn(call: PlannedCall, plan: Plan, exams: int) -> DrawnCall:
    names = {row.id: (row.after or row.before) for row in plan.rows}
    named = [_named(each.content or names.get(each.id), each.id) for each in call.sent]
    title = str(TITLES[call.verb]) % {"count": len(call.sent)}
    return DrawnCall(title, ", ".join(named), [*_meanings(call.verb, plan, exams)], TONES[call.verb])


def _named(content: Content | None, feishu_id: str) -> str:
    return f"{content.name} ({feishu_id})" if content else feishu_id


TITLES: dict[Verb, str | Promise] = {
    Verb.CREATE: gettext_lazy("Create (%(count)d)"),
    Verb.UPDATE: gettext_lazy("Update (%(count)d)"),
    Verb.DELETE: gettext_lazy("Delete (%(count)d)"),
    Verb.REPLACE_PAPERS: gettext_lazy("Replace the whole list of papers by these (%(count)d)"),
    Verb.UPDATE_PAPERS: gettext_lazy("Update papers (%(count)d)"),
    Verb.DELETE_PAPERS: gettext_lazy("Delete papers (%(count)d)"),
}
TONES: dict[Verb, Tone] = {
    Verb.CREATE: "ok",
    Verb.UPDATE: "busy",
    Verb.DELETE: "bad",
    Verb.REPLACE_PAPERS: "warn",
    Verb.UPDATE_PAPERS: "busy",
    Verb.DELETE_PAPERS: "bad",
}


def _meanings(verb: Verb, plan: Plan, exams: int) -> Iterator[str]:
    if verb is Verb.CREATE:
        yield _("The customer can order it as soon as Feishu has taken the call.")
    if verb is Verb.UPDATE:
        yield _(
            "Feishu is told all that stays, each complete; what has not changed stays as it is. Orders "
            "already placed show the new texts."
        )
    if verb is Verb.DELETE:
        yield _(
            "It can't be ordered any more. Orders already placed stay. Its ID can never be used again here."
        )
    if verb is Verb.REPLACE_PAPERS:
        yield _(
            "Makes the account orderable: one that is not activated, or that was disabled, is normal again."
        )
    if verb is Verb.DELETE_PAPERS:
        yield _("They can't be chosen any more. Exams already arranged stay.")
    if verb in {Verb.REPLACE_PAPERS, Verb.UPDATE_PAPERS} and plan.moves_exams:
        yield moved_in_words(exams)


def moved_in_words(exams: int) -> str:
    if not exams:
        return _("Times change. No exam that is open here was arranged with them.")
    return ngettext(
        "Moves %(count)d arranged exam: it gets the new times.",
        "Moves %(count)d arranged exams: they get the new times.",
        exams,
    ) % {"count": exams}


def arranged(accounts: Collection[EcoAccount], plan: Plan) -> int:
    """Open exams of papers whose times change (contract 5.1, 5.2). The plan is that of these accounts."""
    moved = {row.id for row in plan.rows if row.moves_exams}
    exams = Exam.objects.filter(account__in=accounts, paper_id__in=moved, ended_at=None)
    return exams.count() if moved else 0
