"""How lists are searched and sorted without ever reading a whole table, and without asking after people."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import F, Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.contacts import UnreadableContactError
from hireops.database.ascii_case import AsciiIContains
from hireops.desk import saved_filters, searching
from hireops.desk.chosen import Choice, choices_of
from hireops.desk.masking import may_see_personal_data
from hireops.desk.models import SavedFilter
from hireops.desk.ranges import PLACES, RangeFilter
from hireops.desk.staff import Reader

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

# Of a search field: it names its lookup, and is not just looked for in part.
SAYS_HOW = re.compile(r"__i?(?:startswith|exact|contains)$")
ONLY_BY_IDS = _(
    "You may not see personal data, so names, mobile numbers and email addresses of people find nothing here."
)
IN_PART = ""  # in the place of a lookup: by search_fields
QUOTES = "\"'"
FEW = 300  # rows that a search has found, whose keys are sent back to the database


@dataclass(frozen=True, slots=True)
class SavedLink:
    """``change_url`` is empty for who may not change it."""

    saved: SavedFilter
    url: str
    change_url: str
    is_own: bool
    is_open: bool


class QuickChangeList(ChangeList):
    """Sorts by no other columns than ``sortable_by``, also when the address asks for another one. A column
    that is a function is named there like any other.

    ``query`` is what was typed into the search field.
    """

    model_admin: Any
    reader: Reader

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.reader = args[0].user
        super().__init__(*args, **kwargs)
        # The search box is shown if there is anything here.
        self.search_fields = [*self.search_fields, *self.model_admin.exact_search_fields]
        names = self.sortable_by or ()
        sortable: Any = [each for each in self.list_display if name_of(each) in names]
        self.sortable_by = sortable
        if self.model_admin.contact_search_fields and not may_see_personal_data(self.reader):
            both = {"help": self.search_help_text, "note": ONLY_BY_IDS}
            self.search_help_text = gettext("%(help)s. %(note)s") % both
        self.next_step = None if self.result_count else self.model_admin.next_step(args[0])

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        try:
            self.query = searching.term_of(request)
        except searching.UnreadableSearchError:
            self.query = ""
            messages.warning(request, gettext("This search is over. Type what you are looking for again."))
            return super().get_queryset(request, exclude_parameters).none()
        rows = super().get_queryset(request, exclude_parameters)
        for problem in self.problems:
            messages.warning(request, problem)
        return rows.none() if self.problems else rows

    @property
    def problems(self) -> list[str]:
        """What of the filters can't be read; the list is empty as long as it is asked for."""
        return [each.problem for each in self.filter_specs if isinstance(each, RangeFilter) and each.problem]

    def search_url(self) -> str:
        """Where the search field is sent to: the filters stay, the page does not."""
        stays = [
            (name, value)
            for name, values in self.filter_params.items()
            if name != SEARCH_VAR
            for value in values
        ]
        return f"{self.model_admin.search_address()}?{urlencode(stays)}"

    @cached_property
    def kept_query(self) -> str:
        """What a saved filter would keep of it; "" for the whole list in its usual order."""
        asked: dict[str, Any] = {
            name: values for name, values in self.get_filters_params().items() if name not in PLACES
        }
        return saved_filters.kept(asked, self._sorted_by())

    def _sorted_by(self) -> str:
        if ORDER_VAR not in self.params:
            return ""
        columns = {place: name_of(column) for place, column in enumerate(self.list_display)}
        signs = {"asc": "", "desc": "-"}
        chosen = self.get_ordering_field_columns().items()
        return ".".join(f"{signs[way]}{columns[place]}" for place, way in chosen if place in columns)

    @cached_property
    def saved_filters(self) -> list["SavedLink"]:
        """Those that this person may open."""
        admin = self.model_admin
        found = saved_filters.visible(admin.saved_list, self.reader)
        return [
            SavedLink(
                saved,
                admin.saved_filter_url("saved_filter", saved),
                admin.saved_filter_url("change_saved_filter", saved)
                if saved_filters.may_change(saved, self.reader)
                else "",
                is_own=saved.owner_id == self.reader.pk,
                is_open=saved.query == self.kept_query,
            )
            for saved in found
        ]

    def save_filter_url(self) -> str:
        return f"{self.model_admin.save_filter_address()}{self.get_query_string(remove=[PAGE_VAR])}"

    @cached_property
    def chosen(self) -> list[Choice]:
        return list(choices_of(self, self.query))

    def all_address(self) -> str:
        """Of the list without any filter and search, in the order that it has."""
        return self.get_query_string(remove=[SEARCH_VAR, *self.get_filters_params()])

    def get_ordering_field(self, field_name: Any) -> Any:
        is_sorted_by = name_of(field_name) in map(name_of, self.sortable_by or ())
        return super().get_ordering_field(field_name) if is_sorted_by else None

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Rows without a value come last in either direction, on both databases.

        Among equal ones the order of the ids goes the same way, so that one index has both directions: many
        rewards are of the same amount.
        """
        ordering = super().get_ordering(request, queryset)
        if ORDER_VAR not in self.params:
            return ordering
        sorted_by = [_empty_last(self.lookup_opts, each) for each in ordering]
        match sorted_by:
            case [str(column), "-pk"] if not column.startswith("-"):
                return [column, "pk"]
        return sorted_by

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            # Equal counts: the list is whole and needs no "650+ results (show all)" beside the search.
            self.full_result_count = self.result_count
        if not self.multi_page:
            # Said, so that PostgreSQL takes an index for them; of what is rare it has only a guess.
            self.result_list = self.queryset[: self.list_per_page]
        if not self.result_count:
            self.result_list = self.queryset.none()  # the database need not look for them once more
        elif self.queryset.query.select_related:
            self.result_list = self._with_what_belongs_to_them(self.result_list)

    def _with_what_belongs_to_them(self, page: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of this page, found by their own table first and joined with others afterwards.

        In one query PostgreSQL may join all rows before it takes fifty of them: it thinks no further than
        eight tables, and of what a filter leaves over it only has a guess.
        """
        keys = list(page.values_list("pk", flat=True))
        place = {key: number for number, key in enumerate(keys)}
        found: QuerySet[Any] = self.queryset.filter(pk__in=keys).order_by()
        # It stays a queryset, as Django expects, with its rows in the order of the page.
        found._result_cache = sorted(found, key=lambda row: place[row.pk])  # noqa: SLF001
        return found


def name_of(column: str | Callable[..., Any]) -> str:
    """Of one in ``list_display``."""
    return column if isinstance(column, str) else column.__name__


class ExactSearchAdmin(_ModelAdmin):
    """Finds rows by whole values of ``exact_search_fields``, in addition to what ``search_fields`` find.

    Each is the name of an indexed text column, of this table or of a related one (``"attempts__log_id"``).
    Upper and lower case differ, because an index knows only the value as it is.
    """

    exact_search_fields: Sequence[str] = ()
    # Personal data, by lookup (``"name__startswith"``) how what was typed is read. Only who may see it finds
    # anybody by it, or it could be guessed digit by digit.
    contact_search_fields: Mapping[str, Callable[[str], str]] = {}

    def values_searched(self, request: HttpRequest, term: str) -> dict[str, Any]:
        """By lookup its value; the rows are found that have any of them."""
        values = dict.fromkeys(self.exact_search_fields, term)
        if searching.was_typed(request) and may_see_personal_data(request.user):
            for lookup, read in self.contact_search_fields.items():
                with suppress(UnreadableContactError):
                    values[lookup] = read(term)
        return {lookup: value for lookup, value in values.items() if value}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term or not self.exact_search_fields:
            return super().get_search_results(request, queryset, search_term)
        rows = self.model._default_manager.order_by()  # noqa: SLF001  public API
        # One query for each column, so that each uses its index; an OR over joins would use none.
        wanted = self.values_searched(request, term)
        asked = {lookup: rows.filter(**{lookup: value}).values("pk") for lookup, value in wanted.items()}
        if self.search_fields:
            asked[IN_PART] = self._found_in_part(request, rows, term).values("pk")
        found = {lookup: keys for lookup, rows in asked.items() if (keys := list(rows[: FEW + 1]))}
        are_few = all(len(keys) <= FEW for keys in found.values())
        match list(found):
            case []:
                return queryset.none(), False
            case [lookup] if self._is_of_the_row(lookup):
                # In the order of the list and no further than its page: half of all rows may be found.
                return queryset.filter(**{lookup: wanted[lookup]}), False
            case [lookup] if lookup == IN_PART and not are_few:
                # Joined, PostgreSQL stops as soon as the page is full.
                return super().get_search_results(request, queryset, term)
        if are_few:  # what had to be read to know that is not read again for the count and for the page
            of_all = {each["pk"] for keys in found.values() for each in keys}
            return queryset.filter(pk__in=of_all), False
        first, *others = (asked[lookup] for lookup in found)
        return queryset.filter(pk__in=first.union(*others) if others else first), False

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Names are folded no further than what was typed needs, since every row's has to be.

        Most names here have no upper and lower case. To fold them takes PostgreSQL three times as long as to
        look at them, and half of that if only ASCII counts.
        """
        term = ""
        with suppress(searching.UnreadableSearchError):
            term = searching.term_of(request)
        fields = super().get_search_fields(request)
        return [field if SAYS_HOW.search(field) else f"{field}__{_in_part(term)}" for field in fields]

    def _is_of_the_row(self, lookup: str) -> bool:
        """Whether that is a column of the list's own table."""
        return bool(lookup) and not self.opts.get_field(lookup.partition("__")[0]).is_relation

    def _found_in_part(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        """With each word of ``term`` in one of the ``search_fields``; what Django finds by joins.

        The longest word is mostly the rarest. Of the few rows that it finds, the others are looked for in
        these alone.
        """
        fields = self.get_search_fields(request)
        longest, *others = sorted(_words(term), key=len, reverse=True)
        found = rows.filter(_in_one_of(self.model, fields, longest))
        keys = list(found.values_list("pk", flat=True)[: FEW + 1]) if others else []
        if others and len(keys) <= FEW:
            found = rows.filter(pk__in=keys)
            return reduce(lambda few, word: few.filter(_joined(fields, word)), others, found)
        return reduce(lambda many, word: many.filter(_in_one_of(self.model, fields, word)), others, found)


def _words(term: str) -> list[str]:
    """As Django's admin takes them: what stands in quotes is one word."""
    return [
        unescape_string_literal(word) if word[0] in QUOTES and word[0] == word[-1] else word
        for word in smart_split(term)
    ]


def _in_one_of(model: type[Model], lookups: Iterable[str], word: str) -> Q:
    return reduce(or_, (contained(model, lookup, word) for lookup in lookups))


def _joined(lookups: Iterable[str], word: str) -> Q:
    """The same for few rows, whose related ones are looked up instead of searched."""
    return reduce(or_, (Q(**{lookup: word}) for lookup in lookups))


def _in_part(term: str) -> str:
    """The lookup for it; without a term it is not known yet what is looked for."""
    if term and term.upper() == term.lower():
        return "contains"
    return AsciiIContains.lookup_name if term and term.isascii() else "icontains"


def contained(model: type[Model], lookup: str, word: str) -> Q:
    """Rows of a related table are found in that table alone. Where few are, to join it first and look into
    every pair takes PostgreSQL twice as long."""
    first, _separator, rest = lookup.partition(LOOKUP_SEP)
    field = model._meta.get_field(first)  # noqa: SLF001 - documented
    if not field.is_relation:
        return Q(**{lookup: word})
    related: Any = field.related_model
    found = related._default_manager.filter(contained(related, rest, word)).order_by()  # noqa: SLF001
    return Q(**{f"{first}__in": found})


def _empty_last(options: Any, ordering: Any) -> Any:
    name = ordering.removeprefix("-") if isinstance(ordering, str) else ""
    try:
        may_be_empty = bool(name) and name != "pk" and options.get_field(name).null
    except FieldDoesNotExist:
        return ordering
    if not may_be_empty:
        return ordering
    return F(name).desc(nulls_last=True) if ordering.startswith("-") else F(name).asc(nulls_last=True)


def different_values(model: type[Model], column: str) -> list[str]:
    """All values of an indexed text column, in their order, by one look into the index for each of them.

    DISTINCT would read every row; this jumps from a value to the next one.
    """
    table, name = (connection.ops.quote_name(each) for each in (model._meta.db_table, column))  # noqa: SLF001
    statement = (
        f"WITH RECURSIVE found(value) AS (SELECT MIN({name}) FROM {table} UNION ALL "  # noqa: S608  our own names
        f"SELECT (SELECT MIN({name}) FROM {table} WHERE {name} > found.value) FROM found "
        "WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [value for (value,) in cursor.fetchall()]
