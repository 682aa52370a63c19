"""The history of all balances."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import lines, linked
from hireops.desk.exporting import Exported
from referrals.ledger import steps
from referrals.ledger.assets import amount_in_words, asset_label, signed
from referrals.ledger.exporting import account_id_column, amount_column
from referrals.ledger.filters import AmountOfRow, AssetFilter
from referrals.models import BalanceChange


@admin.register(BalanceChange)
class BalanceChangeAdmin(MirrorAdmin):
    help_page = "reward-accounts#balance"
    empty_list = _(
        "Every change of a balance, and what is behind it. Changes appear by themselves, with the "
        "events of Feishu."
    )
    amounts = ["before_shown", "after_shown", "difference_shown"]
    change_list_template = "admin/referrals/referralaccount/change_list.html"
    list_filter = ["cause", AssetFilter, ("difference", AmountOfRow), "created_at"]
    ordered_within_days_by = "created_at"
    linked_by = ["account", "difference__gt"]
    list_select_related = ["account", "call"]
    exact_search_fields = ["account__account_id"]
    search_help_text = _("Account ID, in full")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*COLUMNS, "cause", _sources_for(request)]

    def get_sortable_by(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return ["written", "difference_shown"] if request.GET.get("asset") else ["written"]

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        def amount(header: str, of: Callable[[Any], Any]) -> list[Exported]:
            return [amount_column(header, lambda change: change.asset, of)]

        return {
            "written": [Exported(gettext("written"), lambda change: change.created_at)],
            "account_shown": [account_id_column(lambda change: change.account)],
            "before_shown": amount(gettext("before"), lambda change: change.before),
            "after_shown": amount(gettext("after"), lambda change: change.after),
            "difference_shown": amount(gettext("difference"), lambda change: change.difference),
        }

    def get_fields(self, request: HttpRequest, obj: BalanceChange | None = None) -> Any:
        return [*COLUMNS, "cause_shown", "as_of", "event_shown", "call_shown", "withdrawal_shown"]

    @admin.display(description=_("written"), ordering="created_at")
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

    @admin.display(description=_("difference"), ordering="difference")
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
