"""What a list is narrowed by now: each filter that is chosen, and the search, to be taken away one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField
from django.utils.text import capfirst
from django.utils.translation import gettext

NO = {"", "0", "false"}
COMPARISONS = {"exact", "gte", "id", "in", "isnull", "lt"}  # those of Django's list filters


@dataclass(frozen=True, slots=True)
class Choice:
    """``without`` is the address of the list without it."""

    label: str
    text: str
    without: str


def choices_of(changelist: ChangeList, query: str) -> Iterator[Choice]:
    """In the order of the filters; then what only a link asks for, and at last what is searched for."""
    asked: dict[str, list[str]] = dict(changelist.get_filters_params())
    for spec in changelist.filter_specs:
        names = [name for name in spec.expected_parameters() if name in asked]
        values = [value for name in names for value in asked.pop(str(name))]
        default, *others = list(spec.choices(changelist)) or [{"selected": False}]
        if names and not default["selected"]:
            texts = [str(each["display"]) for each in others if each["selected"]] or values
            yield _choice(changelist, str(spec.title), texts, names)
    for name, values in asked.items():
        field = _field(changelist, name)
        title = str(getattr(field, "verbose_name", column_of(name)))
        yield _choice(changelist, title, _texts(field, name, values), [name])
    if query:
        yield _choice(changelist, gettext("Search"), [query], [SEARCH_VAR])


def column_of(lookup: str) -> str:
    """``tenant__id__exact`` is ``tenant``."""
    parts = lookup.split("__")
    while len(parts) > 1 and parts[-1] in COMPARISONS:
        parts.pop()
    return "__".join(parts)


def _choice(changelist: ChangeList, label: str, texts: Sequence[str], names: Sequence[Any]) -> Choice:
    without: Any = dict.fromkeys(names)  # Django leaves out the parameters that are None
    return Choice(str(capfirst(label)), gettext(", ").join(texts), changelist.get_query_string(without))


def _field(changelist: ChangeList, lookup: str) -> Any:
    """Return the column that a link asks for, ``date`` for ``date__year`` too; None if there is none."""
    column = column_of(lookup)
    try:
        return get_fields_from_path(changelist.model, column)[-1]
    except (FieldDoesNotExist, NotRelationField):
        relation = column.rpartition("__")[0]
        return _field(changelist, relation) if relation else None


def _texts(field: Any, lookup: str, values: Sequence[str]) -> list[str]:
    """Put the values of a link into the words that the list's own filters have for them."""
    comparison = lookup.rpartition("__")[2]
    if comparison == "in":
        values = [part for value in values for part in value.split(",")]
    if comparison == "isnull":
        return [gettext("Not empty") if value.lower() in NO else gettext("Empty") for value in values]
    if isinstance(field, BooleanField):
        return [gettext("No") if value.lower() in NO else gettext("Yes") for value in values]
    words = {str(value): str(word) for value, word in getattr(field, "flatchoices", ())}
    return [words.get(value, value) for value in values]
