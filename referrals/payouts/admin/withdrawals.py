"""Withdrawals: their list, and the pages of each."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.database import clock
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.display import lines
from hireops.desk.revealing import VIEW, shown_for
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from referrals.ledger.assets import in_words
from referrals.models import Withdrawal
from referrals.payouts.admin import requests as withdrawal_requests
from referrals.payouts.admin.actions import REQUEST, approve, ask_again, cancel, reject
from referrals.payouts.admin.keys import changed_keys
from referrals.payouts.admin.page import age_shown, what_became_of


@admin.register(Withdrawal)
class WithdrawalAdmin(MirrorAdmin):
    empty_list = _(
        "A withdrawal takes a balance out of Feishu, so that it can be paid to the employee. Ask for "
        "one in the list of referral accounts."
    )
    amounts = ["amounts_listed"]
    ids = ["account_id_shown"]
    change_form_template = "admin/referrals/withdrawal/change_form.html"
    list_filter = ("state", filter_by_tenant("account__tenant"), ("requested_at", admin.DateFieldListFilter))
    list_select_related = ("account__tenant", "requested_by", "decided_by")
    exact_search_fields = ("external_order_id", "account__account_id")
    search_help_text = _("Order ID or account ID, in full")
    fields = ("state",)
    staff_actions = [approve, reject, cancel, ask_again]
    reveal_permission = VIEW
    actions = []  # what other rooms do with withdrawals, they add here

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.add_payoutbatch")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Withdrawal]:
        is_own = ExpressionWrapper(Q(requested_by=request.user.pk), output_field=BooleanField())
        rows: QuerySet[Withdrawal] = super().get_queryset(request).annotate(is_own=is_own)
        related = ("account__tenant", "requested_by", "decided_by")
        return rows.select_related(*related).prefetch_related("amounts")

    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Any], str | bool], ...]:
        as_of = cache(clock.now)  # the same for all rows

        @admin.display(description=_("undecided for"))
        def undecided_for(withdrawal: Withdrawal) -> str:
            return age_shown(withdrawal, as_of) or "–"

        @admin.display(description=_("employee"))
        def employee(withdrawal: Withdrawal) -> str:
            return mask(withdrawal.account.name) or gettext("(no name)")

        return (
            employee,
            "number",
            "state_shown",
            "amounts_listed",
            undecided_for,
            "account_id_shown",
            "requested_by",
            "requested_at",
            "decided_by",
            *tenant_columns("account__tenant"),
        )

    def named(self, obj: Withdrawal) -> str:
        """With all that who decides several at once should see of each."""
        tenant = [str(obj.account.tenant)] if are_several() else []
        return " · ".join([str(obj), *tenant, self.amounts_shown(obj)])

    @admin.display(description=_("account ID"))
    def account_id_shown(self, withdrawal: Withdrawal) -> str:
        return withdrawal.account.account_id

    @admin.display(description=_("amounts"))
    def amounts_shown(self, withdrawal: Withdrawal) -> str:
        return ", ".join(_amounts(withdrawal)) or "–"

    @admin.display(description=_("amounts"))
    def amounts_listed(self, withdrawal: Withdrawal) -> SafeString | str:
        return lines(_amounts(withdrawal)) or "–"

    def confirmation_context(self, action: StaffAction, objects: Sequence[Any]) -> dict[str, Any]:
        return {"changed_keys": changed_keys(objects)} if action.name == approve.name else {}

    def page_context(self, request: HttpRequest, obj: Withdrawal) -> dict[str, Any]:
        return what_became_of(obj, request.user, shown_for(request, obj))

    @staff_page("request/", name="request", permission=REQUEST)
    def request_view(self, request: HttpRequest) -> HttpResponse:
        """Asks for withdrawals of the accounts named by ``account`` or chosen in their list."""
        return withdrawal_requests.respond(self, request)


def _amounts(withdrawal: Withdrawal) -> list[str]:
    """What was taken, or else what was seen when it was asked for."""
    rows = withdrawal.amounts.all()
    return [in_words(row.asset, row.seen if row.taken is None else row.taken) for row in rows]
