"""Every payment of every batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.display import linked, state_badge
from hireops.desk.exporting import AT_THE_END, Exported
from hireops.desk.finding import last_digits
from hireops.feishu.tenant_lists import filter_by_tenant, tenant_columns
from referrals.ledger.assets import amount_in_words, asset_label, in_words
from referrals.ledger.exporting import amount_column, contact_columns, employee_column
from referrals.ledger.filters import AmountOfRow, AssetFilter
from referrals.models import Payment, Reversal
from referrals.payments import reversing
from referrals.payments.admin import reversals
from referrals.payments.admin.filters import StandingFilter
from referrals.payments.rights import RECORD

TENANT = "amount__withdrawal__account__tenant"
COLUMNS = [
    "employee",
    "payment_id",
    "batch_shown",
    "account_shown",
    "asset_shown",
    "sum_shown",
    "state_shown",
    "reference",
    "recorded_at",
    "recorded_by",
]


@admin.register(Payment)
class PaymentAdmin(MirrorAdmin):
    help_page = "payments"
    empty_list = _(
        "Amounts that were handed over to be paid, and what became of them. They begin with a payout batch."
    )
    amounts = ["sum_shown"]
    ids = ["payment_id", "account_shown", "reference"]
    change_form_template = "admin/referrals/payment/change_form.html"
    list_filter = [
        StandingFilter,
        AssetFilter,
        ("sum", AmountOfRow),
        "recorded_at",
        "reversed_at",
        filter_by_tenant(TENANT),
    ]
    linked_by = ["asset", "recorded_at", "reversed_at"]
    list_select_related = ["batch", TENANT, "recorded_by"]
    ordering = ["-id"]
    exact_search_fields = ["payment_id", "reference", "amount__withdrawal__account__account_id"]
    search_help_text = _("Payment ID, reference of the payment or account ID, in full")
    found_by = {"payment_id": str, "payment_id__endswith": last_digits, "reference": str}
    found_by_words = _("Payment ID or reference of the payment, in full")
    fields = [
        "payment_id",
        "batch_shown",
        "withdrawal_shown",
        "account_shown",
        "asset_shown",
        "sum_shown",
        "state_shown",
        "reference",
        "reason",
        "recorded_by",
        "recorded_at",
        "evidence_shown",
        "instead_of_shown",
        "paid_again_by_shown",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.prefetch_related("reversals")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*COLUMNS, *tenant_columns(TENANT)]

    def get_sortable_by(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return ["sum_shown", "recorded_at"] if request.GET.get("asset") else ["recorded_at"]

    def whose(self, obj: Payment) -> str:
        return obj.payee_name

    def title_of(self, obj: Payment) -> str:
        return f"{capfirst(self.opts.verbose_name)} {in_words(obj.asset, obj.sum)}"

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "employee": [employee_column(lambda payment: payment.payee_name)],
            "sum_shown": [
                amount_column(gettext("sum"), lambda payment: payment.asset, lambda payment: payment.sum)
            ],
            AT_THE_END: [
                *contact_columns(lambda payment: (payment.payee_mobile, payment.payee_email)),
                Exported(gettext("reason"), lambda payment: payment.why_not_paid),
                Exported(gettext("reversed"), lambda payment: payment.reversed_at),
            ],
        }

    def found_as(self, obj: Payment) -> Sequence[str]:
        return [obj.payment_id, mask(obj.payee_name), in_words(obj.asset, obj.sum), str(obj.standing.label)]

    @admin.display(description=_("employee"))
    def employee(self, payment: Payment) -> str:
        return mask(payment.payee_name) or gettext("(no name)")

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, payment: Payment) -> SafeString:
        return state_badge(payment.standing)

    @admin.display(description=_("payout batch"))
    def batch_shown(self, payment: Payment) -> str:
        return linked(payment.batch)

    @admin.display(description=_("withdrawal"))
    def withdrawal_shown(self, payment: Payment) -> str:
        return linked(payment.amount.withdrawal, payment.amount.withdrawal.external_order_id)

    @admin.display(description=_("referral account"))
    def account_shown(self, payment: Payment) -> str:
        account = payment.amount.withdrawal.account
        return linked(account, account.account_id)

    @admin.display(description=_("asset"))
    def asset_shown(self, payment: Payment) -> str:
        return asset_label(payment.asset)

    @admin.display(description=_("sum"), ordering="sum")
    def sum_shown(self, payment: Payment) -> str:
        return amount_in_words(payment.asset, payment.sum)

    @admin.display(description=_("recorded from"))
    def evidence_shown(self, payment: Payment) -> str:
        return (payment.evidence.name or str(payment.evidence)) if payment.evidence else "–"

    @admin.display(description=_("paid instead of"))
    def instead_of_shown(self, payment: Payment) -> str:
        return linked(payment.instead_of)

    @admin.display(description=_("paid again by"))
    def paid_again_by_shown(self, payment: Payment) -> str:
        return linked(Payment.objects.filter(instead_of=payment).first())

    # --- That it has not lasted

    def page_context(self, request: HttpRequest, obj: Payment) -> dict[str, Any]:
        in_force = obj.reversals.filter(state__in=[Reversal.State.PROPOSED, Reversal.State.CONFIRMED])
        may_record = request.user.has_perm(RECORD)
        return {
            "reversals": in_force.select_related("payment", "proposed_by", "decided_by"),
            "may_be_reversed": may_record and not reversing.why_not_reversed(obj),
            "cases": [linked(each) for each in obj.cases.filter(closed_at=None)],
        }

    @staff_page("<int:pk>/reverse/", name="reverse", permission=RECORD)
    def reverse_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return reversals.propose(self, request, pk)
