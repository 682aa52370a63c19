"""Batches that were handed over for payment, their files, and every payment in them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.desk import audit
from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import linked
from hireops.desk.masking import mask, may_see_personal_data
from hireops.desk.paging import page_asked
from referrals.ledger.assets import as_counted, asset_label, in_order
from referrals.models import Payment, PayoutBatch
from referrals.payments.admin import handing_over
from referrals.payments.admin import results as payment_results
from referrals.payments.admin.handing_over import hand_over_url
from referrals.payments.admin.results import ResultsForm, may_record, payment_badge
from referrals.payments.files import batch_as_csv, batch_as_xlsx
from referrals.payments.services import Figure, figures

__all__ = ["PaymentAdmin", "PayoutBatchAdmin", "hand_over_url"]

PAYMENTS_ON_A_PAGE = 100
NOTE_SHOWN = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(slots=True)
class Sums:
    """What a batch holds of one asset. The sums by state are keyed by the state's word."""

    asset: str
    sum: Decimal
    paid: Decimal
    handed_over: Decimal
    bounced: Decimal
    count: int = 0


@dataclass(slots=True)
class Summary:
    """What is in a batch and how far it is, in the reader's words."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: list[Sums] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def summed_up(told: Iterable[Figure]) -> dict[int, Summary]:
    """By batch."""
    batches: dict[int, dict[str, list[Figure]]] = defaultdict(lambda: defaultdict(list))
    for each in told:
        batches[each.batch][each.asset].append(each)
    return {pk: _summary(assets) for pk, assets in batches.items()}


def _summary(assets: dict[str, list[Figure]]) -> Summary:
    summary = Summary()
    for asset in in_order(assets):
        none = as_counted(asset, Decimal(0))
        sums = Sums(asset_label(asset), none, none, none, none)
        for each in assets[asset]:
            amount = as_counted(asset, each.sum)
            summary.counts[each.state] += each.count
            sums.count += each.count
            sums.sum += amount
            setattr(sums, each.state, amount)
        summary.sums.append(sums)
    return summary


@admin.register(PayoutBatch)
class PayoutBatchAdmin(MirrorAdmin):
    change_list_template = "admin/referrals/payoutbatch/change_list.html"
    change_form_template = "admin/referrals/payoutbatch/change_form.html"
    list_display = [
        "number",
        "created_at",
        "created_by",
        "payment_count",
        "paid_count",
        "open_count",
        "bounced_count",
        "totals",
        "note_shown",
    ]
    list_filter = ["created_at"]
    list_select_related = ["created_by"]
    fields = ["note"]

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            wrapped: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
            return path(route, wrapped, name=f"referrals_payoutbatch_{name}")

        return [
            page("prepare/", "prepare", partial(handing_over.prepare, self)),
            page("<int:pk>/file/<slug:kind>/", "file", self.file_view),
            page("<int:pk>/results/", "results", partial(payment_results.take_in, self)),
            page("<int:pk>/open/", "open", partial(payment_results.record_open, self)),
            page("payments/<int:pk>/<slug:result>/", "record", partial(payment_results.record_one, self)),
            *super().get_urls(),
        ]

    # --- The list

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """One query for the figures of all batches shown, not some for each of them."""
        shown = super().get_changelist_instance(request)
        batches = list(shown.result_list)
        summaries = summed_up(figures([batch.pk for batch in batches]))
        for batch in batches:
            batch.summary = summaries.get(batch.pk, Summary())
        shown.result_list = batches
        return shown

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may_hand_over = request.user.has_perm("referrals.add_payoutbatch")
        return super().changelist_view(request, {"may_hand_over": may_hand_over, **(extra_context or {})})

    @admin.display(description="#")
    def number(self, batch: Any) -> str:
        return str(batch)

    @admin.display(description=_("payments"))
    def payment_count(self, batch: Any) -> int:
        return int(batch.summary.total)

    @admin.display(description=_("paid"))
    def paid_count(self, batch: Any) -> int:
        return int(batch.summary.counts["paid"])

    @admin.display(description=_("without a result"))
    def open_count(self, batch: Any) -> int:
        return int(batch.summary.counts["handed_over"])

    @admin.display(description=_("came back"))
    def bounced_count(self, batch: Any) -> int:
        return int(batch.summary.counts["bounced"])

    @admin.display(description=_("totals"))
    def totals(self, batch: Any) -> str:
        return format_html_join(", ", "{} {}", ((sums.asset, sums.sum) for sums in batch.summary.sums))

    @admin.display(description=_("note"))
    def note_shown(self, batch: Any) -> str:
        return Truncator(batch.note).chars(NOTE_SHOWN)

    # --- One batch

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        context = _batch_page(request, batch) if batch else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def file_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        """The batch as a file; who downloaded it is audited."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        batch, reveal = get_object_or_404(PayoutBatch, pk=pk), may_see_personal_data(request.user)
        response = _file(batch, kind, reveal=reveal)
        response["Content-Disposition"] = f'attachment; filename="payout-batch-{batch.pk}.{kind}"'
        assert isinstance(request.user, User)  # noqa: S101  the admin lets nobody else in
        action = gettext_noop("payout batch downloaded")
        audit.record(by=request.user, action=action, on=batch, format=kind, personal_data=reveal)
        return response


def _file(batch: PayoutBatch, kind: str, *, reveal: bool) -> HttpResponse:
    match kind:
        case "csv":
            return HttpResponse(
                b"".join(batch_as_csv(batch, reveal=reveal)), content_type="text/csv; charset=utf-8"
            )
        case "xlsx":
            with batch_as_xlsx(batch, reveal=reveal) as file:
                return HttpResponse(file.read(), content_type=XLSX)
    raise Http404(kind)


def _batch_page(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
    summary = summed_up(figures([batch.pk])).get(batch.pk, Summary())
    reveal = may_see_personal_data(request.user)
    payments = batch.payments.select_related("amount__withdrawal__account", "recorded_by").order_by("pk")
    paginator = Paginator(payments, PAYMENTS_ON_A_PAGE)
    page = paginator.get_page(page_asked(request.GET.get("p")))
    return {
        "batch": batch,
        "summary": summary,
        "open": summary.counts["handed_over"],
        "paid": summary.counts["paid"],
        "bounced": summary.counts["bounced"],
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_payment_row(payment, reveal=reveal) for payment in page],
        "may_record": may_record(request),
        "results_form": ResultsForm(),
    }


def _payment_row(payment: Payment, *, reveal: bool) -> dict[str, Any]:
    withdrawal = payment.amount.withdrawal
    name = withdrawal.account.name
    return {
        "payment": payment,
        "badge": payment_badge(payment),
        "is_open": payment.state == Payment.State.HANDED_OVER,
        "withdrawal": linked(withdrawal, f"#{withdrawal.pk}"),
        "account": linked(withdrawal.account, withdrawal.account.account_id),
        "employee": name if reveal else mask(name),
        "asset": asset_label(payment.asset),
        "sum": as_counted(payment.asset, payment.sum),
    }


@admin.register(Payment)
class PaymentAdmin(MirrorAdmin):
    list_display = [
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
    list_filter = ["state"]
    list_select_related = ["batch", "amount__withdrawal__account", "recorded_by"]
    ordering = ["-id"]
    exact_search_fields = ["payment_id", "reference", "amount__withdrawal__account__account_id"]
    search_help_text = _("Payment ID, reference of the payment or account ID, in full")
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
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        return super().get_queryset(request).select_related(*self.list_select_related)

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

    @admin.display(description=_("sum"))
    def sum_shown(self, payment: Payment) -> Decimal:
        return as_counted(payment.asset, payment.sum)

    @admin.display(description=_("state"))
    def state_shown(self, payment: Payment) -> str:
        return payment_badge(payment)
