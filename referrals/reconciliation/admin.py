"""Days that were compared with Feishu: their list, a page for each, and the form that starts one."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin, linked, staff_action, state_badge
from hireops.desk.errors import Refused
from hireops.doorbell import ring
from hireops.feishu.models import Tenant
from hireops.outbox import reasons
from hireops.outbox.tasks import drain
from referrals.cases import admin as cases
from referrals.cases.admin import BOOKS
from referrals.ledger.assets import amount_in_words
from referrals.models import POINTS, Case, Reconciliation, ReconciliationChunk, WithdrawalAmount
from referrals.reconciliation import days
from referrals.reconciliation.cash import cash_of
from referrals.reconciliation.services import reconcile_day

State, Part = Reconciliation.State, ReconciliationChunk.State

PARTS_SHOWN = 50
CASES_SHOWN = 100
# State -> the word whose colour it has, and what it means for the reader.
BADGES = {
    State.RUNNING: "running",
    State.MATCHED: "success",
    State.DIFFERS: "unknown",
    State.FAILED: "failed",
    Part.PENDING: "pending",
    Part.COMPARED: "success",
    Part.UNKNOWN: "unknown",
    Part.FAILED: "failed",
}
TONES = {State.RUNNING: "busy", State.MATCHED: "ok", State.DIFFERS: "warn", State.FAILED: "bad"}
MEANINGS = {
    State.RUNNING: _(
        "The accounts are being compared. There is nothing to do: this page shows what comes of it."
    ),
    State.MATCHED: _(
        "Points: every account has the same figure here and at Feishu. Cash: what was taken, booked and "
        "handed over for payment is the same. There is nothing to do."
    ),
    State.DIFFERS: _(
        "Some figures are not equal. Each of them is a case below: look into it and close it with a note. "
        "When the cause is gone, reconcile the day once more: cases that match then close by themselves."
    ),
    State.FAILED: _(
        "Feishu has not compared all accounts, so this day is not proven. Below is why. hireops tries again "
        "by itself after some hours; when the cause is gone, you can reconcile the day once more at once. "
        "Cases that were found stay."
    ),
}


def _badge(row: Reconciliation | ReconciliationChunk) -> SafeString:
    return state_badge(BADGES.get(row.state, ""), row.get_state_display())  # type: ignore[call-overload]


@staff_action(
    permission="referrals.run_reconciliation",
    label=_("Once more"),
    confirm=_(
        "These days are compared with Feishu once more, all accounts of them. Nothing is changed at Feishu; "
        "open cases of the days close by themselves if the figures are equal now."
    ),
    offered=lambda reconciliation: reconciliation.state != State.RUNNING,
)
def once_more(request: HttpRequest, reconciliation: Reconciliation, reason: str) -> None:
    reconcile_day(reconciliation.tenant, reconciliation.day, by=_person(request))
    ring(drain)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  the admin lets nobody else in
    return request.user


FIRST_DAY = date(2020, 1, 1)  # Feishu Hire's referral accounts are younger


class DayForm(forms.Form):
    """Which day, and of which customer if there are several."""

    day = forms.DateField(
        label=_("Day"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    tenant = forms.ModelChoiceField(label=_("Tenant"), queryset=Tenant.objects.none(), empty_label=None)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not FIRST_DAY <= day <= days.day_of(timezone.now()):
            raise forms.ValidationError(
                _("Choose a day that is over, not before %(first)s.") % {"first": FIRST_DAY}
            )
        return day

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenants = Tenant.objects.served()
        self.fields["day"].initial = days.day_of(timezone.now()) - days.ONE_DAY
        self.fields["day"].help_text = _("A day of the time zone %(zone)s, from midnight to midnight.") % {
            "zone": settings.TIME_ZONE
        }
        field = self.fields["tenant"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  declared above
        field.queryset = tenants
        if len(tenants) == 1:
            field.initial, field.required, field.widget = tenants[0].pk, False, forms.HiddenInput()

    def clean_tenant(self) -> Tenant | None:
        chosen: Tenant | None = self.cleaned_data["tenant"]
        return chosen or Tenant.objects.served().first()


@admin.register(Reconciliation)
class ReconciliationAdmin(MirrorAdmin):
    change_list_template = "admin/referrals/reconciliation/change_list.html"
    change_form_template = "admin/referrals/reconciliation/change_form.html"
    list_display = [
        "day",
        "tenant",
        "state_shown",
        "accounts",
        "differences",
        "started_at",
        "started_by_shown",
    ]
    list_filter = ["state", ("day", admin.DateFieldListFilter)]
    list_select_related = ["tenant", "started_by"]
    fields = ["day"]
    staff_actions = [once_more]

    @admin.display(description=_("state"))
    def state_shown(self, reconciliation: Reconciliation) -> SafeString:
        return _badge(reconciliation)

    @admin.display(description=_("started by"))
    def started_by_shown(self, reconciliation: Reconciliation) -> str:
        return reconciliation.started_by.get_username() if reconciliation.started_by else "hireops"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reconciliation]:
        return super().get_queryset(request).select_related("tenant", "started_by")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_run": self.has_run_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        context = what_became_of(run) if run else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    # --- Reconcile a day

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("referrals.run_reconciliation")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.day_view)
        return [path("day/", view, name="referrals_reconciliation_day"), *super().get_urls()]

    def day_view(self, request: HttpRequest) -> HttpResponse:
        """Asks which day, and starts it."""
        if not self.has_run_permission(request):
            raise PermissionDenied
        form = DayForm(request.POST or None)
        if form.is_valid():
            try:
                chosen = form.cleaned_data
                run = reconcile_day(chosen["tenant"], chosen["day"], by=_person(request))
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                ring(drain)
                return HttpResponseRedirect(reverse("admin:referrals_reconciliation_change", args=[run.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Reconcile a day"),
            "form": form,
        }
        return TemplateResponse(request, "admin/referrals/reconciliation/day.html", context)


# --- The page of one


def what_became_of(run: Reconciliation) -> dict[str, Any]:
    """What the page shows: its state in words, the figures, the cases of its day, the calls."""
    same_day = Reconciliation.objects.filter(tenant=run.tenant_id, day=run.day)
    found = list(_cases_of_the_day(run)[: CASES_SHOWN + 1])
    parts = list(
        run.chunks.select_related("call__channel", "call__tenant").order_by("-id")[: PARTS_SHOWN + 1]
    )
    return {
        "run": run,
        "is_running": run.state == State.RUNNING,
        "badge": _badge(run),
        "tone": TONES[State(run.state)],
        "meaning": MEANINGS[State(run.state)],
        "newer": same_day.filter(pk__gt=run.pk).order_by("-pk").first(),
        "points": _points_paid_out(run),
        "cases": [_case_row(case) for case in found[:CASES_SHOWN]],
        "more_cases": len(found) > CASES_SHOWN,
        "part_counts": list(_part_counts(run)),
        "parts": [_part_row(part) for part in _failed(run, parts) + parts[:PARTS_SHOWN]],
        "more_parts": len(parts) > PARTS_SHOWN,
    }


def _cases_of_the_day(run: Reconciliation) -> QuerySet[Case]:
    """Also those that an earlier run of the day has opened: the same mismatch is one case."""
    of_the_day = Case.objects.filter(reconciliation__tenant=run.tenant_id, reconciliation__day=run.day)
    return of_the_day.select_related("account").order_by(F("closed_at").desc(nulls_first=True), "-pk")


def _points_paid_out(run: Reconciliation) -> str:
    amounts = WithdrawalAmount.objects.filter(
        asset=POINTS,
        withdrawal__account__tenant=run.tenant_id,
        withdrawal__trans_time__gte=run.starts_at,
        withdrawal__trans_time__lt=run.ends_at,
    )
    return amount_in_words(POINTS, amounts.aggregate(sum=Sum("taken"))["sum"] or Decimal(0))


def _case_row(case: Case) -> dict[str, Any]:
    return {
        "case": linked(case),
        "account": linked(case.account, case.account.account_id),
        "asset": cases.asset_shown(case),
        "ours": amount_in_words(case.asset, case.ours),
        "theirs": amount_in_words(case.asset, case.theirs),
        "state": cases.state_of(case),
    }


def _part_counts(run: Reconciliation) -> Iterator[tuple[str, int]]:
    counted = dict(run.chunks.order_by().values_list("state").annotate(Count("pk")))
    return ((str(label), counted[state]) for state, label in Part.choices if state in counted)


def _failed(run: Reconciliation, shown: list[ReconciliationChunk]) -> list[ReconciliationChunk]:
    """Those that failed and are not among the newest."""
    failed = run.chunks.filter(state=Part.FAILED).exclude(pk__in=[part.pk for part in shown])
    return list(failed.select_related("call__channel", "call__tenant").order_by("-id")[:PARTS_SHOWN])


def _part_row(part: ReconciliationChunk) -> dict[str, Any]:
    return {
        "part": str(part),
        "accounts": len(part.points),
        "points": amount_in_words(POINTS, Decimal(sum(part.points.values()))),
        "state": _badge(part),
        "call": linked(part.call, f"#{part.call_id}"),
        "why": _why(part),
    }


def _why(part: ReconciliationChunk) -> str:
    """Why it is not compared, or not yet."""
    if part.state not in {Part.PENDING, Part.FAILED}:
        return ""
    if part.state == Part.FAILED and part.call.answer is not None:
        return gettext(
            "Feishu has answered, but the answer could not be taken in. If that happens again, send Feishu's "
            "support the log ID, which is on the page of the call."
        )
    return reasons.explain(part.call) or reasons.explain_delay(part.call)


def books_of(case: Case) -> list[dict[str, str | None]]:
    if case.withdrawal is None:
        return []
    return [
        {
            "currency": cash.currency,
            "taken": amount_in_words(cash.currency, cash.taken),
            "booked": amount_in_words(cash.currency, cash.booked),
            "paid": amount_in_words(cash.currency, cash.paid) if cash.paid is not None else None,
        }
        for cash in cash_of(case.withdrawal)
    ]


BOOKS[Case.Kind.CASH] = books_of
