"""What was noticed in a file and does no harm, for who wonders what became of it. No problems: nobody has to
do anything."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

LONGEST_NAME = 40
NAMES_TOLD = 10
CONTACT = re.compile(r"(?<!\S)[^\s@]*+@\S*|[+\d][\d \-]{6,}")


@dataclass(frozen=True, slots=True)
class Remark:
    """A key of ``TEXTS``, and what its text needs. Never a sentence."""

    key: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, **self.details}


def remark(key: str, **details: Any) -> Remark:
    return Remark(key, details)


def names(found: Iterable[str]) -> list[str]:
    """As they may be kept: short, and without a number or an address of somebody."""
    return [CONTACT.sub("…", name.strip())[:LONGEST_NAME] for name in found][:NAMES_TOLD]


def numbers(rows: Sequence[int]) -> list[int]:
    return list(rows[:NAMES_TOLD])


def in_words(kept: Iterable[Mapping[str, Any]]) -> list[str]:
    """The remarks as ``as_json`` gave them, as sentences in the reader's language."""
    return [TEXTS[each["key"]]() % _told(each) for each in kept if each["key"] in TEXTS]


def _told(details: Mapping[str, Any]) -> dict[str, Any]:
    """Of several names or numbers a list, as it is written."""
    return {
        name: _("“%(names)s”") % {"names": _("”, “").join(value)}
        if name in {"names", "others"}
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else value
        for name, value in details.items()
    }


TEXTS: dict[str, Callable[[], str]] = {
    "sheet": lambda: _("The sheet “%(sheet)s” was read. Not read: %(others)s."),
    "header_row": lambda: _("The header was found in row %(row)s. What stands above it was not read."),
    "header_of_two": lambda: _("The header was found in rows %(begins)s and %(row)s."),
    "no_header": lambda: _("There is no header: the columns were read in the order of the empty file."),
    "unknown_columns": lambda: _("Columns that were not read: %(names)s."),
    "double_columns": lambda: _(
        "Columns that mean the same as one with the name of the empty file: %(names)s. They were not read."
    ),
    "far_columns": lambda: _("Cells to the right of the first %(most)s columns were not read."),
    "csv": lambda: _("The file was read as %(encoding)s, with %(separator)s between the cells."),
    "pictures": lambda: _("The sheet has pictures (%(count)s). They were not read."),
    "charts": lambda: _("The sheet has charts (%(count)s). They were not read."),
    "drawings": lambda: _("The sheet has drawings or text boxes. They were not read."),
    "comments": lambda: _("Cells have comments. They were not read."),
    "hidden_rows": lambda: _("Rows that are hidden in the file: %(count)s. They were read like the others."),
    "filtered_rows": lambda: _("A filter hides rows of the file: %(count)s. They were read like the others."),
    "hidden_columns": lambda: _("The file has hidden columns. They were read like the others."),
    "formulas": lambda: _("Cells with formulas: %(count)s. Their values were read as Excel calculated them."),
    "formulas_without_value": lambda: _(
        "Formulas without a value: %(count)s, because the file was saved before they were calculated. These "
        "cells were read as empty. Open the file in Excel, save it, and upload it again."
    ),
    "merged": lambda: _(
        "Merged cells below the header: %(count)s. Their text counts for the first of their cells; the "
        "others were read as empty."
    ),
    "empty_rows": lambda: _("Empty rows between the others: %(count)s. They were left out."),
    "totals": lambda: _("Totals, left out: row %(rows)s."),
    "notes": lambda: _("Notes or signatures, left out: row %(rows)s."),
}
