"""How lists are searched and sorted without ever reading a whole table, and without asking after people."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from hireops.contacts import UnreadableContactError
from hireops.desk import searching
from hireops.desk.chosen import Choice, choices_of
from hireops.desk.masking import may_see_personal_data

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class QuickChangeList(ChangeList):
    """Sorts by no other columns than ``sortable_by``, also when the address asks for another one.

    ``query`` is what was typed into the search field.
    """

    model_admin: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The search box is shown if there is anything here.
        self.search_fields = [*self.search_fields, *self.model_admin.exact_search_fields]
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
        return super().get_queryset(request, exclude_parameters)

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
    def chosen(self) -> list[Choice]:
        return list(choices_of(self, self.query))

    def all_address(self) -> str:
        """Of the list without any filter and search, in the order that it has."""
        return self.get_query_string(remove=[SEARCH_VAR, *self.get_filters_params()])

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            # Equal counts: the list is whole and needs no "650+ results (show all)" beside the search.
            self.full_result_count = self.result_count


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
        wanted = self.values_searched(request, term).items()
        found = [rows.filter(**{lookup: value}).values("pk") for lookup, value in wanted]
        if self.search_fields:
            found.append(self._found_in_part(request, rows, term).values("pk"))
        return queryset.filter(pk__in=found[0].union(*found[1:])), False

    def _found_in_part(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        found, _may_repeat = super().get_search_results(request, rows, term)
        return found


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
