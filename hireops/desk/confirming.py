"""What is laid before a person who is to confirm an action: a table of the rows, the totals, and the button.

The rooms only declare (``StaffActionsAdmin``): columns, how much money a row is about, since when it waits.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.cards import Text
from hireops.desk.display import duration, exact_moment, linked

OBJECTS_LISTED = 50
LONGEST_ID = 12
ID_SHOWN = 6
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

# A currency, or another kind of amount that is never added to one; and how much of it.
Amount = tuple[str, Decimal]


@dataclass(frozen=True, slots=True)
class Column:
    """``shown(row)`` is text or safe HTML; what is_number stands at the right and is never broken."""

    title: Text | None
    shown: Callable[[Any], Any]
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    column: Column
    value: Any


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the chosen rows as a table. All are counted, the first of them are listed."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    count: int

    @property
    def not_listed(self) -> int:
        return self.count - len(self.rows)


def linked_shortly(obj: Model, name: str) -> str:
    """A link that shows the end of a long ID, and all of it where the mouse rests."""
    if len(name) <= LONGEST_ID:
        return linked(obj, name)
    return linked(obj, format_html('<span class="confirm-id" title="{}">…{}</span>', name, name[-ID_SHOWN:]))


def part_of(columns: Sequence[Column], objects: Sequence[Any]) -> Part:
    rows = [[Cell(column, column.shown(obj)) for column in columns] for obj in objects[:OBJECTS_LISTED]]
    return Part(columns, rows, len(objects))


def age_column(since: Callable[[Any], datetime | None], as_of: datetime) -> Column:
    return Column(gettext_lazy("waits for"), lambda obj: age(since(obj), as_of), is_number=True)


def age(since: datetime | None, as_of: datetime) -> SafeString | str:
    """“3 h”, and the exact time where the mouse rests."""
    if since is None:
        return "–"
    text = duration(as_of - since)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', since.isoformat(), exact_moment(since), text
    )


def reason_column(reasons: Sequence[tuple[Any, str]]) -> Column:
    """Why these rows stand apart; each reason is that of its row."""
    by_row = {obj.pk: why for obj, why in reasons}
    return Column(gettext_lazy("why not"), lambda obj: by_row[obj.pk])


def totals(amounts: Iterable[Amount]) -> dict[str, Decimal]:
    """By kind. Different currencies are never added."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for kind, amount in amounts:
        sums[kind] += amount
    return dict(sums)


def button_text(label: Text, counted: Text, count: int, sums: Iterable[str]) -> str:
    """“Approve 27 withdrawals · CNY 38,634.00”.

    ``counted`` is a plural with ``%(count)s``, or empty: then the label stands for one, and with a number
    for many.
    """
    if counted:
        text = str(counted % {"count": count})
    elif count == 1:
        text = str(label)
    else:
        text = _("%(action)s · %(count)s") % {"action": label, "count": count}
    return " · ".join([text, *(each.replace(" ", NO_BREAK_SPACE) for each in sums)])
