"""What the list of referral accounts can be narrowed to."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from referrals.accounts import services as accounts
from referrals.models import Case, Withdrawal


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
