"""A list as one person sees it now, for this person and for whoever writes its file later.

The admin class of the list is asked as for its page, by a request that nobody has sent: so the file has the
same filters, the same search, order and rights, whatever they may be.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from time import monotonic
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop

from hireops.contacts import without_contacts
from hireops.database.query_deadline import query_deadline
from hireops.desk import searching
from hireops.desk.chosen import choices_of
from hireops.desk.exporting import Exported, ExportedAdmin, Value
from hireops.desk.paging import bounded_count

CHOSEN = "chosen"  # in the address: the keys of the rows that had a tick
NOT_OF_THE_LIST = ("p", "all", CHOSEN)
COUNTED_TO = 10_000
KEYS_WITHIN_S = 40  # within the lease of whoever gathers them

NO_SUCH_LIST = gettext_noop("This list does not exist any more.")
NO_SUCH_FILTER = gettext_noop("The list has no such filter any more. Ask for it anew from the list.")
NOT_ALLOWED = gettext_noop("Whoever asked for it may not export this list any more.")
NOT_IN_THE_CLEAR = gettext_noop(
    "Whoever asked for it may not see personal data in the clear any more. Ask for it anew, masked."
)
TOO_SLOW = gettext_noop(
    "It took too long to find the rows of this list. Narrow it by a filter that leaves fewer of them."
)


class CannotBeExportedError(Exception):
    """``reason`` is an English sentence, marked with ``gettext_noop``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a list asks for. ``term`` is what was searched for; ``chosen`` are keys as text."""

    filters: str = ""
    term: str = ""
    was_typed: bool = False
    chosen: Sequence[str] = ()

    @classmethod
    def by(cls, request: HttpRequest) -> "Asked":
        """Raises ``UnreadableSearchError`` for a search of somebody else's, or of long ago."""
        filters = request.GET.copy()
        for name in (*NOT_OF_THE_LIST, SEARCH_VAR):
            filters.pop(name, None)
        chosen = [key for key in request.GET.get(CHOSEN, "").split(",") if key]
        return cls(filters.urlencode(), searching.term_of(request), searching.was_typed(request), chosen)

    @classmethod
    def read(cls, text: str) -> "Asked":
        return cls(**json.loads(text))

    def written(self) -> str:
        return json.dumps(asdict(self))

    def query(self, person: User) -> QueryDict:
        """As in the address of the list, for the keys of today."""
        query = QueryDict(self.filters, mutable=True)
        if self.term:
            query[SEARCH_VAR] = searching.in_address(self.term, person) if self.was_typed else self.term
        return query


class ListSeen:
    """The list of ``label``, such as ``referrals.referralaccount``, as ``person`` sees it for ``asked``.

    Raises ``CannotBeExportedError``.
    """

    def __init__(self, label: str, person: User, asked: Asked) -> None:
        self.asked = asked
        self.admin = admin_of(label)
        self._request = _request_of(person, self.address, asked.query(person))
        if not (person.is_active and self.admin.has_export_permission(self._request)):
            raise CannotBeExportedError(NOT_ALLOWED)
        try:
            self._page = self.admin.get_changelist_instance(self._request)
        except (IncorrectLookupParameters, DisallowedModelAdminLookup):
            raise CannotBeExportedError(NO_SUCH_FILTER) from None

    @property
    def label(self) -> str:
        return self.admin.opts.label_lower

    @property
    def name(self) -> str:
        return str(capfirst(self.admin.opts.verbose_name_plural))

    @property
    def address(self) -> str:
        options = self.admin.opts
        return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")

    @cached_property
    def columns(self) -> list[Exported]:
        return self.admin.columns_to_export(self._request)

    @property
    def names_people(self) -> bool:
        return any(column.personal for column in self.columns)

    @property
    def may_be_in_the_clear(self) -> bool:
        return self.names_people and self.admin.may_export_in_the_clear(self._request.user)

    # --- Its rows

    def found(self) -> QuerySet[Any]:
        rows = self.admin.rows_to_export(self._request, self._page)
        return rows.filter(pk__in=self.asked.chosen) if self.asked.chosen else rows

    def count(self) -> int:
        """``AtLeast`` where there are very many. Raises ``CannotBeExportedError`` for keys of no row."""
        try:
            return bounded_count(self.found(), COUNTED_TO)
        except (ValueError, OverflowError, ValidationError):
            raise CannotBeExportedError(NO_SUCH_FILTER) from None

    def keys(self, piece: int) -> Iterator[list[Any]]:
        """Of all rows at this moment in the order of the list, as many at a time.

        Raises ``CannotBeExportedError`` where it takes too long.
        """
        until = monotonic() + KEYS_WITHIN_S
        keys = self.found().prefetch_related(None).values_list("pk", flat=True)
        try:
            with query_deadline(KEYS_WITHIN_S):
                found = keys.iterator(chunk_size=piece)
                while some := list(islice(found, piece)):
                    if monotonic() > until:
                        raise CannotBeExportedError(TOO_SLOW)
                    yield some
        except OperationalError:
            raise CannotBeExportedError(TOO_SLOW) from None

    def rows(self, keys: Sequence[Any], *, in_the_clear: bool) -> list[list[Value]]:
        """Those that are still there, and that the person may still see."""
        rows = self.admin.get_queryset(self._request)
        if not rows.query.select_related:
            rows = self._page.apply_select_related(rows)
        by_key = {row.pk: row for row in rows.filter(pk__in=keys).order_by()}
        still_there = [by_key[key] for key in keys if key in by_key]
        self.admin.fetch_for_export(still_there)
        return [[column.of(row, in_the_clear=in_the_clear) for column in self.columns] for row in still_there]

    # --- What it is narrowed by

    def narrowed(self) -> list[tuple[str, str]]:
        """Each filter that is on, and what it is set to; that there was a search, but not for what."""
        chosen = {choice.label: choice.text for choice in choices_of(self._page, "")}
        narrowed = dict(self._preset()) | chosen
        if self.asked.term:
            narrowed[gettext("Search")] = gettext("(not written down)")
        if self.asked.chosen:
            narrowed[gettext("Chosen rows")] = str(len(self.asked.chosen))
        return [(label, without_contacts(text)) for label, text in narrowed.items()]

    def _preset(self) -> Iterator[tuple[str, str]]:
        """Filters that a list begins with."""
        for spec in self._page.filter_specs:
            if isinstance(spec, SimpleListFilter) and spec.value():
                shown = [str(each["display"]) for each in spec.choices(self._page) if each["selected"]]
                yield str(capfirst(str(spec.title))), ", ".join(shown)


def admin_of(label: str) -> ExportedAdmin:
    """Raises ``CannotBeExportedError`` where there is none, or none with an export."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise CannotBeExportedError(NO_SUCH_LIST) from None
    found = admin.site.get_model_admin(model) if admin.site.is_registered(model) else None
    if not isinstance(found, ExportedAdmin) or not found.is_exported:
        raise CannotBeExportedError(NO_SUCH_LIST)
    return found


def seen(app: str, model: str, person: User, asked: Asked) -> ListSeen:
    """For a page: ``Http404`` for what is no list, ``PermissionDenied`` for who may not have it."""
    try:
        return ListSeen(f"{app}.{model}", person, asked)
    except CannotBeExportedError as error:
        if error.reason == NOT_ALLOWED:
            raise PermissionDenied from None
        raise Http404(error.reason) from None


def _request_of(person: User, path: str, query: QueryDict) -> HttpRequest:
    request: Any = HttpRequest()
    request.method, request.path = "GET", path
    request.GET, request.user, request.session = query, person, {}
    request._messages = CookieStorage(request)  # noqa: SLF001  what the list would say is said to nobody
    return request  # type: ignore[no-any-return]
