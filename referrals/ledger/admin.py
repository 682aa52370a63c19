"""The history of all balances."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import lines, linked
from hireops.desk.lists import different_values
from referrals.ledger import steps
from referrals.ledger.assets import amount_in_words, asset_label, signed
from referrals.models import BalanceChange


class AssetFilter(admin.SimpleListFilter):
    title = _("asset")
    parameter_name = "asset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(asset, asset_label(asset)) for asset in different_values(BalanceChange, "asset")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(asset=self.value()) if self.value() else queryset


@admin.register(BalanceChange)
class BalanceChangeAdmin(MirrorAdmin):
    empty_list = _(
        "Every change of a balance, and what is behind it. Changes appear by themselves, with the "
        "events of Feishu."
    )
    amounts = ["before_shown", "after_shown", "difference_shown"]
    change_list_template = "admin/referrals/referralaccount/change_list.html"
    list_filter = ["cause", AssetFilter, ("created_at", admin.DateFieldListFilter)]
    linked_by = ["account", "difference__gt"]
    list_select_related = ["account", "call"]
    exact_search_fields = ["account__account_id"]
    search_help_text = _("Account ID, in full")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*COLUMNS, "cause", _sources_for(request)]

    def get_fields(self, request: HttpRequest, obj: BalanceChange | None = None) -> Any:
        return [*COLUMNS, "cause_shown", "as_of", "event_shown", "call_shown", "withdrawal_shown"]

    @admin.display(description=_("written"))
    def written(self, change: BalanceChange) -> str:
        return steps.minute(change.created_at)

    @admin.display(description=_("asset"))
    def asset_shown(self, change: BalanceChange) -> str:
        return asset_label(change.asset)

    @admin.display(description=_("before"))
    def before_shown(self, change: BalanceChange) -> str:
        return amount_in_words(change.asset, change.before)

    @admin.display(description=_("after"))
    def after_shown(self, change: BalanceChange) -> str:
        return amount_in_words(change.asset, change.after)

    @admin.display(description=_("difference"))
    def difference_shown(self, change: BalanceChange) -> str:
        return signed(change.asset, change.difference)

    @admin.display(description=_("cause"))
    def cause_shown(self, change: BalanceChange) -> str | Promise:
        return steps.cause_in_words(change)

    @admin.display(description=_("referral account"))
    def account_shown(self, change: BalanceChange) -> str:
        return linked(change.account)

    @admin.display(description=_("event"))
    def event_shown(self, change: BalanceChange) -> str:
        return linked(change.event)

    @admin.display(description=_("call"))
    def call_shown(self, change: BalanceChange) -> str:
        return linked(change.call)

    @admin.display(description=_("withdrawal"))
    def withdrawal_shown(self, change: BalanceChange) -> str:
        return linked(change.withdrawal)


COLUMNS = [
    "written",
    "account_shown",
    "asset_shown",
    "before_shown",
    "after_shown",
    "difference_shown",
]


def _sources_for(request: HttpRequest) -> Callable[[Any], str]:
    @admin.display(description=_("behind it"))
    def behind_it(change: BalanceChange) -> SafeString:
        return lines(steps.sources(change, request.user))

    return behind_it
