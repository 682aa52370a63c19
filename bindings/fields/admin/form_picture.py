"""The form that a customer sees in Feishu Hire, drawn with marks of what a push changes in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.fields.plan import Change, Field, Plan


@dataclass(frozen=True, slots=True)
class DrawnField:
    """A field of the picture. ``mark`` is one of added, changed, removed, moved, or empty."""

    field: Field
    mark: str = ""
    notes: Sequence[str] = ()

    @property
    def label(self) -> str | Promise:
        return MARKS[self.mark] if self.mark else ""

    @property
    def kind(self) -> str | Promise:
        """What is filled in, where fields have types."""
        return KINDS.get(str(getattr(self.field, "type", "")), "")


@dataclass(frozen=True, slots=True)
class DrawnCount:
    mark: str
    label: str | Promise
    count: int


MARKS = {
    "added": gettext_lazy("Added"),
    "changed": gettext_lazy("Changed"),
    "removed": gettext_lazy("Removed"),
    "moved": gettext_lazy("Moved"),
}


KINDS = {
    "text": gettext_lazy("one line of text"),
    "textarea": gettext_lazy("several lines of text"),
    "number": gettext_lazy("a number"),
    "boolean": gettext_lazy("yes or no"),
    "select": gettext_lazy("one of several options"),
    "multiselect": gettext_lazy("any of several options"),
    "date": gettext_lazy("a date"),
    "file": gettext_lazy("a file"),
    "resume": gettext_lazy("the candidate's CV"),
}

NAMES = {
    "name_zh": gettext_lazy("name in Chinese"),
    "name_en": gettext_lazy("name in English"),
    "description_zh": gettext_lazy("hint in Chinese"),
    "description_en": gettext_lazy("hint in English"),
    "type": gettext_lazy("type"),
    "options": gettext_lazy("options"),
}


def draw(fields: Sequence[Field]) -> list[DrawnField]:
    """The form without marks."""
    return [DrawnField(each) for each in fields]


def draw_today(plan: Plan) -> list[DrawnField]:
    """Today's form; what the push takes away is marked."""
    removed = {each.key for each in plan.removed}
    return [DrawnField(each, "removed" if each.key in removed else "") for each in plan.today]


def draw_after(plan: Plan) -> list[DrawnField]:
    """The form after the push; what is new or different is marked, with what it was."""
    added = {each.key for each in plan.added}
    changes = {change.after.key: change for change in plan.changed}
    return [_drawn_after(each, changes.get(each.key), added, plan.moved) for each in plan.wanted]


def _drawn_after(each: Field, change: Change | None, added: set[str], moved: Sequence[str]) -> DrawnField:
    if each.key in added:
        return DrawnField(each, "added")
    notes = [_note(change, name) for name in change.attributes] if change else []
    if each.key in moved:
        notes.append(_("Moved to another place in the form."))
    mark = "changed" if change else "moved" if notes else ""
    return DrawnField(each, mark, notes)


def _note(change: Change, name: str) -> str:
    if name == "is_required":
        return (
            _("Now required; was optional.") if change.after.is_required else _("Now optional; was required.")
        )
    return _("%(what)s was: %(before)s") % {
        "what": NAMES[name],
        "before": _in_words(name, getattr(change.before, name)) or _("(empty)"),
    }


def _in_words(name: str, value: Any) -> str:
    if name == "type":
        return str(KINDS.get(value, value))
    if name == "options":
        return "、".join(option.name_zh for option in value)
    return str(value)


def summary(plan: Plan) -> list[DrawnCount]:
    """How many fields each mark stands for, without the zeros."""
    counts = [
        ("added", len(plan.added)),
        ("changed", len(plan.changed)),
        ("removed", len(plan.removed)),
        ("moved", len(plan.moved)),
    ]
    return [DrawnCount(mark, MARKS[mark], count) for mark, count in counts if count]
