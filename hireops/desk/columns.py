"""The columns of a list: how the cells of each are shown, and what they are called where a row is a card."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext

from hireops.desk.lists import name_of

CHECKBOX = "action_checkbox"
# An ID that is all of the text between two tags.
CONTROL = re.compile(r"<(?:input(?! type=\"hidden\")|select|textarea)(?= )")
NUMBER = re.compile(r"(?<![^>])\d{4,}(?=<)", re.ASCII)  # all of the text between two tags
LONG_ID = re.compile(r"(?<![^>])[\w.:~-]{15,}(?=<)", re.ASCII)
BEGINNING, END = 4, 6  # characters of a long ID that are shown


@dataclass(frozen=True, slots=True)
class Column:
    """``header`` is Django's; ``kind`` is the CSS class of its cells: amount, edited, id, related, time or
    none. Whole numbers in columns that are declared as amounts have their thousands apart; others (codes,
    years) stay as they are."""

    header: Mapping[str, Any]
    label: str
    kind: str = ""
    is_counted: bool = False

    @property
    def class_attribute(self) -> SafeString:
        return _with_class(str(self.header["class_attrib"]), self.kind)


NAMELESS = Column({}, "")  # Django adds a cell without a header to some lists that are edited


def columns_of(changelist: ChangeList, headers: Iterable[Mapping[str, Any]]) -> list[Column]:
    return [
        Column(header, "") if name == CHECKBOX else _column(changelist, name, header)
        for name, header in zip(changelist.list_display, headers, strict=True)
    ]


def row_of(columns: Sequence[Column], cells: Iterable[str]) -> list[SafeString]:
    """Django's cells of one row, each with its role, its header as its label, and the class of its kind."""
    named = chain(columns, repeat(NAMELESS))
    return [_cell(column, cell) for column, cell in zip(named, cells, strict=False)]


def _column(changelist: ChangeList, shown: str | Callable[..., Any], header: Mapping[str, Any]) -> Column:
    name = name_of(shown)
    admin: Any = changelist.model_admin
    is_counted = name in admin.amounts
    return Column(header, capfirst(str(header["text"])), _kind(changelist, name), is_counted)


def _kind(changelist: ChangeList, name: str) -> str:
    admin: Any = changelist.model_admin
    said = {"edited": changelist.list_editable, "id": admin.ids, "amount": admin.amounts}
    kind = next((kind for kind, names in said.items() if name in names), "")
    return kind or _kind_of_field(changelist, name)


def _kind_of_field(changelist: ChangeList, name: str) -> str:
    try:
        field: Any = changelist.lookup_opts.get_field(name)
    except FieldDoesNotExist:
        return ""
    if isinstance(field, models.ForeignKey):
        return "related"
    if isinstance(field, models.DateField | models.TimeField):
        return "time"
    is_number = isinstance(field, models.IntegerField | models.DecimalField)
    return "amount" if is_number and not field.choices and not field.primary_key else ""


def _cell(column: Column, cell: str) -> SafeString:
    start, _bracket, rest = cell.partition(">")
    if column.kind == "id":
        rest = _with_short_ids(rest)
    if column.is_counted:
        rest = NUMBER.sub(lambda match: f"{int(match[0]):,}", rest)
    if column.kind == "edited":
        rest = CONTROL.sub(
            lambda match: format_html('{} aria-label="{}"', SafeString(match[0]), column.label), rest
        )
    role = "rowheader" if start.startswith("<th") else "cell"
    attributes = _with_class(start, column.kind)
    return format_html('{} role="{}" data-label="{}">{}', attributes, role, column.label, SafeString(rest))


def _with_class(attributes: str, name: str) -> SafeString:
    """What Django has written, as it escaped it, with one more class."""
    return SafeString(attributes.replace('class="', f'class="{name} ', 1) if name else attributes)


def _with_short_ids(cell: str) -> str:
    """Each ID by its beginning and its end; after them a button, which a script shows, that copies the ID."""
    content, closing = cell[: cell.rindex("</")], cell[cell.rindex("</") :]
    found = LONG_ID.findall(f"{content}<")
    shown = LONG_ID.sub(lambda match: short_id(match[0]), f"{content}<").removesuffix("<")
    return f"{shown}{_copying(found[0]) if found else ''}{closing}"


def short_id(full: str) -> SafeString:
    return format_html('<span class="short-id" title="{}">{}…{}</span>', full, full[:BEGINNING], full[-END:])


def _copying(full: str) -> SafeString:
    label = gettext("Copy %(id)s") % {"id": full}
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="{}" hidden></button>', full, label
    )
