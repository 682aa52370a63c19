"""One search box for all that staff have at hand, in the header of every page.

Each admin class says by what its rows are found (``found_by``). A kind of rows is searched for who may open
its pages, among the rows that these pages show; so what a person may not see is not found either. What is
typed is in no address (``hireops.desk.searching``), and by personal data only who may see it finds anybody.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst

from hireops.contacts import UnreadableContactError
from hireops.desk import searching
from hireops.desk.lists import ExactSearchAdmin
from hireops.desk.masking import may_see_personal_data
from hireops.invisible import without_invisible

MOST_OF_A_KIND = 20

LAST_DIGITS = re.compile(r"[0-9]{4,12}", re.ASCII)
NUMBER = re.compile(r"#([0-9]{1,18})", re.ASCII)

Read = Callable[[str], str]


def number(typed: str) -> str:
    """Return ``41`` for ``#41``, as pages call rows without an ID of Feishu's; "" for anything else."""
    match = NUMBER.fullmatch(typed)
    return match[1] if match else ""


def id_in_full(typed: str) -> str:
    return typed.removeprefix("#")


def last_digits(typed: str) -> str:
    """Return four digits or more with which an ID may end; "" for anything else. It reads the whole table."""
    return typed if LAST_DIGITS.fullmatch(typed) else ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One row: its page, what it is called, and what else a list shows of it; all masked."""

    url: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one kind. ``list_url`` leads to all of them where there are more than are named here."""

    label: str
    hits: Sequence[Hit]
    list_url: str


class FindableAdmin(ExactSearchAdmin):
    """Rows that the search box of every page finds, if ``found_by`` says by what.

    That is a lookup of an indexed column, a whole value or a beginning, with how what was typed is read; or,
    in tables of some hundred thousand rows, the last digits of an ID.
    Those that are in ``contact_search_fields``, too, are personal data.
    """

    found_by: Mapping[str, Read] = {}
    # For people: "account ID, mobile number, email"
    found_by_words: str | Promise = ""

    def rows_to_find(self, request: HttpRequest) -> QuerySet[Any]:
        """Those that this person may see."""
        return self.get_queryset(request)

    def found_as(self, obj: Any) -> Sequence[str]:
        """How ``obj`` is called, and what else its list shows; all masked. Nothing is said by ""."""
        return [str(obj)]

    def values_found(self, request: HttpRequest, term: str) -> Iterator[tuple[str, Any]]:
        """(lookup, value) of each column in which ``term`` may stand and this person may look."""
        sees_personal_data = may_see_personal_data(request.user)
        for lookup, read in self.found_by.items():
            if lookup in self.contact_search_fields and not sees_personal_data:
                continue
            with suppress(UnreadableContactError):
                if value := read(term):
                    yield lookup, value

    def shown_first(self, term: str) -> Q:
        """Of what was found, which is shown before the rest."""
        return Q()

    def find(self, request: HttpRequest, term: str) -> list[Any]:
        """At most one row more than are shown."""
        rows = self.rows_to_find(request).order_by()
        keys: set[Any] = set()
        # One query for each column, so that each uses its index.
        for lookup, value in self.values_found(request, term):
            keys |= set(rows.filter(**{lookup: value}).values_list("pk", flat=True)[: MOST_OF_A_KIND + 1])
        if not keys:
            return []
        found = rows.filter(pk__in=keys).order_by("-pk")
        if first := self.shown_first(term):
            found = found.order_by(Case(When(first, then=0), default=1), "-pk")
        if not isinstance(related := self.get_list_select_related(request), bool):
            found = found.select_related(*related)
        return list(found[: MOST_OF_A_KIND + 1])


def kinds_for(request: HttpRequest, admins: Iterable[object]) -> list[FindableAdmin]:
    """Those of the admin classes of which this person can find rows."""
    return [
        each
        for each in admins
        if isinstance(each, FindableAdmin) and each.found_by and each.has_view_permission(request)
    ]


def plain(typed: str) -> str:
    """What was typed or pasted, without what nobody sees."""
    return without_invisible(typed.replace("\0", "")).strip()[: searching.LONGEST_TERM]


def find(request: HttpRequest, kinds: Iterable[FindableAdmin], term: str) -> list[Found]:
    """By kind the rows that ``term`` finds for this person."""
    found = ((kind, kind.find(request, term)) for kind in kinds) if term else ()
    return [_told(kind, rows, _list_url(kind, request, term)) for kind, rows in found if rows]


def only_hit(found: Sequence[Found]) -> Hit | None:
    hits = [hit for kind in found for hit in kind.hits]
    return hits[0] if len(hits) == 1 else None


def _told(kind: FindableAdmin, rows: Sequence[Any], list_url: str) -> Found:
    hits = [_hit(kind, row) for row in rows[:MOST_OF_A_KIND]]
    label = capfirst(kind.opts.verbose_name_plural)
    return Found(str(label), hits, list_url if len(rows) > MOST_OF_A_KIND else "")


def _hit(kind: FindableAdmin, row: Any) -> Hit:
    title, *about = filter(None, map(str, kind.found_as(row)))
    return Hit(_page(kind, "change", quote(row.pk)), title, " · ".join(about))


def _list_url(kind: FindableAdmin, request: HttpRequest, term: str) -> str:
    asked = urlencode({SEARCH_VAR: searching.in_address(term, request.user)})
    return f"{_page(kind, 'changelist')}?{asked}"


def _page(kind: FindableAdmin, page: str, *args: Any) -> str:
    options = kind.opts
    return reverse(f"{kind.admin_site.name}:{options.app_label}_{options.model_name}_{page}", args=args)
