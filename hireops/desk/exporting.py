"""Which rows and columns of a list its export has. Who writes the file is ``hireops.exports``.

A list's export has the columns of the list, as text without its links. A class that knows better names, by
the column of the list, what stands in its place (``exported``): amounts as numbers beside their currency,
whole IDs, times, and who a row is about, which is masked unless the person may see it and has said why.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import strip_tags
from django.utils.safestring import SafeData
from django.utils.text import capfirst
from django.utils.translation import gettext

from hireops.contacts import mask, without_contacts
from hireops.desk.revealing import VIEW
from hireops.desk.staff import Reader

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

Value = str | int | Decimal | date | datetime | None

EXPORT = "exports.export"
ASK_PAGE = "exports_export_ask"
MENU_ENTRY = "export_chosen"  # of the menu that a list has for the rows with a tick
AT_THE_END = ""  # the key of columns that stand in the place of none
NOTHING = {"-", "–"}
LINE_BREAK = re.compile(r"<br\s*/?>|</p>|</li>|</div>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exported:
    """A column of the file: what stands in it of a row.

    Where it is ``personal``, ``value`` gives the text as it is, and who writes the file masks it.
    """

    header: str | Promise
    value: Callable[[Any], Any]
    personal: bool = False

    def of(self, row: Any, *, in_the_clear: bool) -> Value:
        value = _cell(self.value(row))
        if not isinstance(value, str) or not value or (self.personal and in_the_clear):
            return value
        # Whatever staff or a customer have written may name a number all the same.
        return mask(value) if self.personal else without_contacts(value)


class ExportedAdmin(_ModelAdmin):
    """A list whose rows can be had as a file, by who may see it and holds ``exports.export``."""

    is_exported = True
    reveal_permission = ""

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        """By the name of a column of the list what the file has in its place; ``AT_THE_END`` for more."""
        return {}

    def rows_to_export(self, request: HttpRequest, page: ChangeList) -> QuerySet[Any]:
        """All rows of the list of which ``page`` is one page, in its order."""
        rows: QuerySet[Any] = page.queryset
        return rows

    def fetch_for_export(self, rows: Sequence[Any]) -> None:
        """What the list fetches at once for all rows of a page."""

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.is_exported and request.user.has_perm(EXPORT) and self.has_view_permission(request)

    def may_export_in_the_clear(self, reader: Reader) -> bool:
        return reader.has_perm(VIEW) and reader.has_perm(self.reveal_permission or VIEW)

    def export_address(self, request: HttpRequest) -> str:
        """Where the export of what the list shows now is asked for; "" for who may not."""
        if not self.has_export_permission(request):
            return ""
        try:
            page = reverse(
                f"{self.admin_site.name}:{ASK_PAGE}", args=[self.opts.app_label, self.opts.model_name]
            )
        except NoReverseMatch:  # a site without that room
            return ""
        asked = request.GET.copy()
        asked.pop("p", None)
        return f"{page}?{asked.urlencode()}" if asked else page

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No list gets a column of ticks only to be exported."""
        actions = super().get_actions(request)
        others = {name: action for name, action in actions.items() if name != MENU_ENTRY}
        return actions if others and self.has_export_permission(request) else others

    def columns_to_export(self, request: HttpRequest) -> list[Exported]:
        instead = dict(self.exported(request))
        at_the_end = instead.pop(AT_THE_END, ())
        columns: list[Exported] = []
        for shown in self.get_list_display(request):
            name = shown if isinstance(shown, str) else shown.__name__
            columns += instead.get(name, [self._as_shown(shown)])
        return [*columns, *at_the_end]

    def _as_shown(self, shown: str | Callable[..., Any]) -> Exported:
        label = label_for_field(shown, self.model, self)
        return Exported(capfirst(str(label)), lambda row: self._shown(shown, row))

    def _shown(self, shown: str | Callable[..., Any], row: Any) -> Any:
        try:
            field, attribute, value = lookup_field(shown, row, self)
        except ObjectDoesNotExist:
            return None
        if field is None:
            is_boolean = getattr(attribute, "boolean", False)
            return bool(value) if is_boolean else value
        return getattr(row, f"get_{field.name}_display")() if field.choices else value


def money(header: str | Promise, asset: str, amount: Callable[[Any], Decimal | None]) -> Exported:
    """A column for the amounts of one currency, where a row may have several."""
    return Exported(f"{header} ({asset})", amount)


def texts_of(columns: Sequence[Exported]) -> Iterator[str]:
    """The header of the file."""
    return (capfirst(str(column.header)) for column in columns)


def _cell(value: Any) -> Value:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, datetime):
        return timezone.localtime(value) if timezone.is_aware(value) else value
    if value is None or isinstance(value, int | Decimal | date):
        return value
    text = str(value)
    return "" if text in NOTHING else _without_tags(value, text)


def _without_tags(value: Any, text: str) -> str:
    """Lists show HTML; each of its lines is set off from the next one."""
    if not isinstance(value, SafeData):
        return text
    lines = (unescape(strip_tags(line)).strip() for line in LINE_BREAK.split(text))
    return " · ".join(line for line in lines if line not in {"", *NOTHING})
