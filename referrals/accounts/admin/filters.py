"""What the list of referral accounts can be narrowed to."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from referrals.accounts import services as accounts
from referrals.ledger.filters import ANY, CHOSEN_AMOUNT, AmountOfAsset
from referrals.models import Balance, Case, Withdrawal


class _OneChoiceFilter(admin.SimpleListFilter):
    """A filter with a single choice beside "all"."""

    choice: Any = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", self.choice)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=self.found()) if self.value() == "yes" else queryset

    def found(self) -> Any:
        """The ids of the accounts."""
        raise NotImplementedError


class BalanceFilter(AmountOfAsset):
    """Who has a balance: of any asset or of one, and how much."""

    title = _("balance")
    name = "balance"
    has_ready_made = True
    rows, relation, back = Balance, "balances", "account"
    some = Q(**{f"{CHOSEN_AMOUNT}__gt": 0})

    def ready_made(self, changelist: ChangeList, without: Mapping[str, Any]) -> Iterator[Any]:
        for kind, label in self.kinds:
            text = gettext("has a balance") if kind == ANY else gettext("has %(asset)s") % {"asset": label}
            yield {
                "selected": kind == self.kind and not self.is_typed,
                "query_string": changelist.get_query_string({**without, self.kind_parameter: kind}),
                "display": text,
            }


class OpenWithdrawalFilter(_OneChoiceFilter):
    title = _("open withdrawal")
    parameter_name = "open_withdrawal"
    choice = _("with an open withdrawal")

    def found(self) -> Any:
        return Withdrawal.objects.filter(state__in=Withdrawal.OPEN).values("account")


class OpenCaseFilter(_OneChoiceFilter):
    title = _("open case")
    parameter_name = "open_case"
    choice = _("with an open case")

    def found(self) -> Any:
        return Case.objects.filter(closed_at=None).values("account")


class OldFigureFilter(_OneChoiceFilter):
    title = _("freshness")
    parameter_name = "old"
    choice = _("enabled, with an old figure")

    def found(self) -> Any:
        return accounts.old_figures().values("pk")
