"""Narrowing lists by amounts. Those of different assets can't be compared, so lists are sorted by them only
once an asset is chosen.

Each table with amounts has an index of asset and amount; where no asset is chosen, all that there are are
named, so that it carries the query all the same.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.lists import different_values
from hireops.desk.ranges import OF, AmountFilter, AmountRange
from referrals.ledger.assets import asset_label, in_order

ANY = "any"
CHOSEN_AMOUNT = "chosen_amount"  # what a list is sorted by, of the asset that is chosen


def assets_of(model: type[Model]) -> list[str]:
    return in_order(different_values(model, "asset"))


class AssetFilter(admin.SimpleListFilter):
    """Of rows that have one amount, and its asset."""

    title = _("asset")
    parameter_name = "asset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(asset, asset_label(asset)) for asset in assets_of(model_admin.model)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(asset=self.value()) if self.value() else queryset


class AmountOfRow(AmountRange):
    """Of the same rows."""

    def condition(self) -> Q:
        return super().condition() & Q(asset__in=assets_of(self.field.model))


class AmountOfAsset(AmountFilter):
    """Of rows that have several amounts, one of each asset: of the asset that is chosen, or of any."""

    rows: ClassVar[type[Model]]  # the amounts
    relation: ClassVar[str]  # their name in the rows of the list
    back: ClassVar[str]  # the name of these in ``rows``
    some: ClassVar[Q] = Q()  # which of them count, where no bound is given

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.kind_parameter = f"{self.name}{OF}"
        self.take(request, params)
        self.kind = self.given.get(self.kind_parameter, "")
        if self.kind == ANY and not self.is_typed and not self.some:
            self.given.clear()  # nothing was chosen: all rows have amounts

    def expected_parameters(self) -> list[str | None]:
        return [f"{self.name}{OF}", *super().expected_parameters()]

    def amount(self, of: str = "") -> Any:
        """The amount as an expression; ``of`` begins the names of its columns."""
        return F(f"{of}amount")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.problem or not self.given:
            return queryset
        counts = self.bounds_of(CHOSEN_AMOUNT) if self.range else self.some
        if self.kind in {"", ANY}:
            rows = self.rows._default_manager.alias(**{CHOSEN_AMOUNT: self.amount()})  # noqa: SLF001
            held = rows.order_by().filter(counts, asset__in=assets_of(self.rows))
            return queryset.filter(pk__in=held.values(self.back))
        if self.kind not in assets_of(self.rows):
            return queryset.none()
        of = f"{self.relation}__"
        has_some: QuerySet[Any] = queryset.filter(**{f"{of}asset": self.kind})
        with_amount: QuerySet[Any] = has_some.annotate(**{CHOSEN_AMOUNT: self.amount(of)}).filter(counts)
        return with_amount

    # --- What the page shows

    kinds_label = _("asset")

    @cached_property
    def kinds(self) -> list[tuple[str, str]]:
        assets = [(asset, asset_label(asset)) for asset in assets_of(self.rows)]
        return [(ANY, gettext("any")), *assets]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        choices = list(super().choices(changelist))
        yield from choices
        if not any(choice["selected"] for choice in choices):
            yield {"selected": True, "query_string": "", "display": self.kind_in_words(), "typed": True}

    def kind_in_words(self) -> str:
        return next((label for kind, label in self.kinds if kind == self.kind), str(self.kind))

    def in_words(self) -> str:
        words = super().in_words()
        return words if self.kind in {"", ANY} else f"{self.kind_in_words()} {words}"


def asset_chosen(request: HttpRequest, name: str) -> str:
    """The asset by whose amounts the list can be sorted; "" for none."""
    asset = request.GET.get(f"{name}{OF}", "")
    return "" if asset == ANY else asset
