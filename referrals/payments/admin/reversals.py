"""Reversals: the page on which one is proposed, and what the second person decides."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, StaffAdmin, staff_action
from hireops.desk.confirming import Amount, Column
from hireops.desk.display import linked, state_badge
from hireops.desk.errors import Refused
from hireops.desk.exporting import Exported
from hireops.desk.language import FORM_FILLED
from hireops.desk.staff import name_and_login, staff
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from referrals.ledger.assets import asset_label, in_words
from referrals.ledger.confirming import AmountsInWords, account_columns
from referrals.ledger.exporting import amount_column, employee_column
from referrals.models import Payment, Reversal
from referrals.payments import reversing
from referrals.payments.admin.outcomes import in_title
from referrals.payments.rights import RECORD
from referrals.payouts.approvers import who_could_approve
from referrals.payouts.rights import APPROVE
from referrals.payouts.second_person import filter_by_second_person

TENANT = "payment__amount__withdrawal__account__tenant"
COLUMNS = [
    "employee",
    "number",
    "payment_shown",
    "sum_shown",
    "cause",
    "state_shown",
    "proposed_by",
    "proposed_at",
    "decided_by",
    "decided_at",
]
LONGEST_REASON = 1000
State = Reversal.State


def _waits_for(reversal: Any) -> bool:
    """Whether this reader, who may have proposed it (``is_own``), may be its second person."""
    return reversal.state == State.PROPOSED and (settings.REFERRALS_SELF_APPROVAL or not reversal.is_own)


@staff_action(
    permission=APPROVE,
    label=_("Confirm"),
    confirm=_(
        "These payments count as come back or reversed from then on, and that can't be undone: their "
        "amounts are owed to the employees again and can be handed over once more. Make sure that the money "
        "is really back, or never left, and that the paying side will not pay these payment IDs after all."
    ),
    reason_required=True,
    dangerous=True,
    irreversible=True,
    offered=_waits_for,
)
def confirm(reversal: Reversal, *, by: User, reason: str) -> None:
    reversing.confirm(reversal, by=by, reason=reason)


@staff_action(
    permission=APPROVE,
    label=_("Decline"),
    confirm=_(
        "The payments stay paid, as they were recorded. Who proposed to reverse them reads your reason."
    ),
    reason_required=True,
    offered=_waits_for,
)
def decline(reversal: Reversal, *, by: User, reason: str) -> None:
    reversing.decline(reversal, by=by, reason=reason)


@staff_action(
    permission=RECORD,
    label=_("Take the proposal back"),
    confirm=_("The payments stay as they were recorded."),
    offered=lambda reversal: reversal.state == State.PROPOSED and reversal.is_own,
)
def take_back(reversal: Reversal, *, by: User, reason: str) -> None:
    reversing.take_back(reversal, by=by, reason=reason)


class ReversalForm(forms.Form):
    cause = forms.ChoiceField(
        label=_("What happened"), choices=Reversal.Cause.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the bank has said, and where that is to be found. Required for another reason."),
    )

    def __init__(self, payment: Payment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if payment.state == Payment.State.HANDED_OVER:
            causes = Reversal.Cause.choices
            self.fields["cause"] = forms.ChoiceField(
                label=_("What happened"),
                choices=[each for each in causes if each[0] != Reversal.Cause.WRONG_ROW],
                widget=forms.RadioSelect,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("cause") == Reversal.Cause.OTHER and not cleaned.get("reason"):
            self.add_error("reason", ValidationError(self.fields["reason"].error_messages["required"]))
        return cleaned


def propose(page: StaffAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks what happened to a payment, and proposes to record that it came back, or to reverse it."""
    related = ("batch", "amount__withdrawal__account__tenant", "recorded_by")
    rows = Payment.objects.select_related(*related).prefetch_related("reversals")
    payment = get_object_or_404(rows, pk=pk)
    form = ReversalForm(payment, request.POST or None)
    title = gettext("Reverse payment %(payment)s")
    if payment.state == Payment.State.HANDED_OVER:
        title = gettext("Record payment %(payment)s as come back")
    if request.method == "POST" and form.is_valid():
        try:
            reversal = reversing.propose(payment, by=staff(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return HttpResponseRedirect(reverse("admin:referrals_reversal_change", args=[reversal.pk]))
    why_not = "" if form.is_bound else reversing.why_not_reversed(payment)
    return page.render_form(
        request,
        "admin/referrals/reversal/propose.html",
        title=title % {"payment": in_title(payment)},
        form=form,
        form_sent_again="" if why_not else FORM_FILLED,
        why_not=why_not,
        waiting=payment.open_reversal,
        **about(payment),
    )


def about(payment: Payment) -> dict[str, Any]:
    """Which payment it is, in the words of a page. Whom it paid is masked."""
    withdrawal = payment.amount.withdrawal
    return {
        "payment": payment,
        "payment_link": linked(payment),
        "payment_badge": state_badge(payment.standing),
        "batch_link": linked(payment.batch),
        "withdrawal_link": linked(withdrawal, f"#{withdrawal.pk}"),
        "account_link": linked(withdrawal.account, withdrawal.account.account_id),
        "tenant": withdrawal.account.tenant if are_several() else None,
        "employee": mask(payment.payee_name),
        "sum": in_words(payment.asset, payment.sum),
    }


@admin.register(Reversal)
class ReversalAdmin(AmountsInWords, MirrorAdmin):
    help_page = "payments#reversal"
    empty_list = _(
        "Payments that came back, or were recorded as made and did not last. Begin on the page of such a "
        "payment."
    )
    amounts = ["sum_shown"]
    change_form_template = "admin/referrals/reversal/change_form.html"
    fields = ("state",)
    list_filter = (
        "state",
        filter_by_second_person(reversing.to_decide),
        "cause",
        ("decided_at", admin.DateFieldListFilter),
        filter_by_tenant(TENANT),
    )
    exact_search_fields = (
        "payment__payment_id",
        "payment__reference",
        "payment__amount__withdrawal__account__account_id",
    )
    search_help_text = _("Payment ID, reference of the payment or account ID, in full")
    ids = ["payment_shown"]
    staff_actions = [confirm, decline, take_back]

    class Media:
        css = {"all": ["referrals/payouts.css"]}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may_see_payments = request.user.has_perm("referrals.view_payment")
        return may_see_payments and super().has_view_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reversal]:
        is_own = ExpressionWrapper(Q(proposed_by=request.user.pk), output_field=BooleanField())
        related = ("payment__batch", TENANT, "payment__recorded_by", "proposed_by", "decided_by")
        rows: QuerySet[Reversal] = super().get_queryset(request).annotate(is_own=is_own)
        return rows.select_related(*related)

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*COLUMNS, *tenant_columns(TENANT)]

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "employee": [employee_column(lambda reversal: reversal.payment.payee_name)],
            "sum_shown": [
                Exported(gettext("asset"), lambda reversal: asset_label(reversal.payment.asset)),
                amount_column(
                    gettext("sum"),
                    lambda reversal: reversal.payment.asset,
                    lambda reversal: reversal.payment.sum,
                ),
            ],
        }

    @admin.display(description=_("employee"))
    def employee(self, reversal: Reversal) -> str:
        return mask(reversal.payment.payee_name) or gettext("(no name)")

    @admin.display(description=_("payment"))
    def payment_shown(self, reversal: Reversal) -> str:
        return linked(reversal.payment)

    @admin.display(description=_("sum"))
    def sum_shown(self, reversal: Reversal) -> str:
        return in_words(reversal.payment.asset, reversal.payment.sum)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            *account_columns(lambda reversal: reversal.payment.amount.withdrawal.account),
            Column(_("payment"), lambda reversal: linked(reversal.payment)),
            Column(_("what happened"), lambda reversal: reversal.why),
            Column(_("proposed by"), lambda reversal: name_and_login(reversal.proposed_by)),
        ]

    def confirm_amounts(self, action: StaffAction, obj: Reversal) -> Iterable[Amount]:
        return [(obj.payment.asset, obj.payment.sum)]

    def waits_since(self, obj: Reversal) -> datetime | None:
        return obj.proposed_at if obj.state == State.PROPOSED else None

    def whose(self, obj: Reversal) -> str:
        return obj.payment.payee_name

    def title_of(self, obj: Reversal) -> str:
        return f"{capfirst(self.opts.verbose_name)} #{obj.pk}"

    def page_context(self, request: HttpRequest, obj: Reversal) -> dict[str, Any]:
        waits = obj.state == State.PROPOSED
        return {
            "reversal": obj,
            "badge": state_badge(State(obj.state)),
            "approvers": who_could_approve(obj.proposed_by_id) if waits else "",
            **about(obj.payment),
        }
