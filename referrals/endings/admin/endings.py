"""Endings: the page that lays the evidence before who proposes one, and before who confirms it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, ExpressionWrapper, Model, Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops.desk import waiting
from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action
from hireops.desk.confirming import Amount, Column
from hireops.desk.display import linked, state_badge
from hireops.desk.errors import Refused
from hireops.desk.finding import number
from hireops.desk.language import FORM_FILLED
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from hireops.jobs.tasks import work
from hireops.outbox.tasks import drain
from referrals.endings import services as endings
from referrals.endings.admin import page
from referrals.endings.admin.forms import EndingForm
from referrals.ledger.confirming import AmountsInWords, account_columns
from referrals.models import Ending, Withdrawal
from referrals.payouts.rights import APPROVE
from referrals.payouts.second_person import filter_by_second_person

ADD = "referrals.add_ending"
TENANT = "withdrawal__account__tenant"
COLUMNS = [
    "number",
    "withdrawal_shown",
    "outcome",
    "state_shown",
    "proposed_by",
    "proposed_at",
    "decided_by",
    "decided_at",
]
State = Ending.State
Outcome = Ending.Outcome


def _waits_for(ending: Any) -> bool:
    """Whether this reader, who may have proposed it (``is_own``), may be its second person now."""
    is_theirs = settings.REFERRALS_SELF_APPROVAL or not ending.is_own
    return ending.state == State.PROPOSED and is_theirs and not endings.why_not_proven(ending)


@staff_action(
    permission=APPROVE,
    label=_("Confirm"),
    confirm=_(
        "The withdrawal ends as was proposed, and that can't be undone. Look at the evidence yourself before "
        "you confirm: you are the second person who says that it is so."
    ),
    reason_required=True,
    dangerous=True,
    irreversible=True,
    offered=_waits_for,
    why_not=endings.why_not_confirmed,
    counted=ngettext_lazy("Confirm %(count)s ending", "Confirm %(count)s endings", "count"),
    names_sum=True,
    template="admin/referrals/ending/confirm.html",
)
def confirm(ending: Ending, *, by: User, reason: str) -> None:
    endings.confirm(ending, by=by, reason=reason)


@staff_action(
    permission=APPROVE,
    label=_("Decline"),
    confirm=_("The withdrawal stays as it is, and Feishu is asked on. Who proposed it reads your reason."),
    reason_required=True,
    offered=_waits_for,
    why_not=lambda ending, by: endings.why_not_decided(ending),
    counted=ngettext_lazy("Decline %(count)s ending", "Decline %(count)s endings", "count"),
    names_sum=True,
)
def decline(ending: Ending, *, by: User, reason: str) -> None:
    endings.decline(ending, by=by, reason=reason)


@staff_action(
    permission=ADD,
    label=_("Take the proposal back"),
    confirm=_("The withdrawal stays as it is, and Feishu is asked on."),
    offered=lambda ending: ending.state == State.PROPOSED and ending.is_own,
    why_not=endings.why_not_taken_back,
    counted=ngettext_lazy("Take %(count)s proposal back", "Take %(count)s proposals back", "count"),
    names_sum=True,
)
def take_back(ending: Ending, *, by: User, reason: str) -> None:
    endings.take_back(ending, by=by, reason=reason)


@staff_action(
    permission=ADD,
    label=_("Ask for what is missing"),
    confirm=_("Feishu is asked for the balance, and to compare the days that were not reconciled yet."),
    offered=lambda ending: ending.state == State.PROPOSED and ending.outcome == Outcome.NOT_DONE,
    counted=ngettext_lazy(
        "Ask for what is missing of %(count)s ending", "Ask for what is missing of %(count)s endings", "count"
    ),
)
def ask_for_evidence(ending: Ending, *, by: User, reason: str) -> None:
    endings.ask_for_evidence(ending.withdrawal, by=by)
    ring(drain)
    ring(work)


@admin.register(Ending)
class EndingAdmin(AmountsInWords, MirrorAdmin):
    help_page = "endings"
    empty_list = _(
        "Withdrawals that Feishu never answers are ended by two people. Begin on the page of such a "
        "withdrawal."
    )
    change_form_template = "admin/referrals/ending/change_form.html"
    fields = ("state",)
    list_filter = (
        "state",
        filter_by_second_person(endings.to_decide),
        "outcome",
        filter_by_tenant(TENANT),
    )
    exact_search_fields = ("withdrawal__external_order_id", "withdrawal__account__account_id")
    search_help_text = _("Order ID or account ID, in full")
    found_by = {"pk": number}
    found_by_words = _("Number such as #41")
    staff_actions = [confirm, decline, take_back, ask_for_evidence]

    class Media:
        css = {"all": ["referrals/payouts.css"]}

    def next_step(self, request: HttpRequest) -> None:
        return None  # an ending begins on the page of its withdrawal

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(ADD)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Without the menu's "add": one begins on the page of its withdrawal."""
        return {**super().get_model_perms(request), "add": False}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may_see_withdrawals = request.user.has_perm("referrals.view_withdrawal")
        return may_see_withdrawals and super().has_view_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ending]:
        is_own = ExpressionWrapper(Q(proposed_by=request.user.pk), output_field=BooleanField())
        related = ("withdrawal__account__tenant", "withdrawal__call", "proposed_by", "decided_by")
        rows: QuerySet[Ending] = super().get_queryset(request).annotate(is_own=is_own)
        return rows.select_related(*related)

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*COLUMNS, *tenant_columns(TENANT)]

    @admin.display(description=_("withdrawal"))
    def withdrawal_shown(self, ending: Ending) -> str:
        return linked(ending.withdrawal, str(ending.withdrawal))

    # --- Proposing one

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Without the list's "add", for the same reason."""
        return super().changelist_view(request, {**(extra_context or {}), "has_add_permission": False})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The evidence about the withdrawal that the address names, and the form that proposes its end."""
        if not (self.has_add_permission(request) and self.has_view_permission(request)):
            raise PermissionDenied
        withdrawal = self._named(request)
        if withdrawal is None:
            return HttpResponseRedirect(self._url("changelist"))
        if request.method == "POST" and "ask" in request.POST:
            self._ask_for_evidence(request, withdrawal)
            if not request.POST.get("reason"):
                return HttpResponseRedirect(request.get_full_path())
        stands = page.waiting(withdrawal)
        return waiting.unchanged(request, stands) or self._propose(request, withdrawal, stands)

    def _ask_for_evidence(self, request: HttpRequest, withdrawal: Withdrawal) -> None:
        try:
            endings.ask_for_evidence(withdrawal, by=staff(request))
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        ring(drain)
        ring(work)

    def _named(self, request: HttpRequest) -> Withdrawal | None:
        rows = Withdrawal.objects.select_related("account__tenant", "call")
        try:
            return rows.filter(pk=request.GET.get("withdrawal", "")).first()
        except (ValueError, OverflowError):
            return None

    def _propose(self, request: HttpRequest, withdrawal: Withdrawal, stands: Waiting) -> HttpResponse:
        context = page.now(withdrawal)
        outcome = context["outcome"]
        evidence = context.get("evidence")
        form = EndingForm(
            request.POST if request.method == "POST" else None, against=bool(evidence and evidence.against)
        )
        if outcome is not None and "ask" not in request.POST and form.is_valid():
            try:
                ending = PROPOSE[outcome](withdrawal, by=staff(request), **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self._url("change", ending.pk))
        proposed = withdrawal.endings.filter(state=State.PROPOSED, outcome=outcome).first()
        return self.render_form(
            request,
            "admin/referrals/ending/propose.html",
            title=gettext("What became of withdrawal #%(number)s") % {"number": withdrawal.pk},
            **waiting.context(request, None if form.is_bound else stands),
            form=form,
            form_sent_again=FORM_FILLED if outcome and not proposed else "",
            meaning=page.MEANINGS[outcome] if outcome else "",
            proposed=proposed,
            **page.about(withdrawal),
            **context,
        )

    # --- One that was proposed

    def whose(self, obj: Ending) -> str:
        return obj.withdrawal.account.name

    def title_of(self, obj: Ending) -> str:
        return f"{capfirst(self.opts.verbose_name)} #{obj.pk}"

    def page_context(self, request: HttpRequest, obj: Ending) -> dict[str, Any]:
        return self._about(obj)

    def waiting(self, request: HttpRequest, obj: Ending) -> Waiting | None:
        return page.waiting(obj.withdrawal) if obj.state == State.PROPOSED else None

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        prefetch_related_objects(objects, "withdrawal__amounts")
        return [
            *account_columns(lambda ending: ending.withdrawal.account),
            Column(_("withdrawal"), lambda ending: linked(ending.withdrawal, f"#{ending.withdrawal_id}")),
            Column(_("outcome"), linked),
            Column(_("proposed by"), lambda ending: ending.proposed_by),
        ]

    def confirm_amounts(self, action: StaffAction, obj: Ending) -> Iterable[Amount]:
        """What it took by the cases, or else what was seen when the withdrawal was asked for."""
        if obj.taken:
            return [(asset, Decimal(amount)) for asset, amount in obj.taken.items()]
        return [(row.asset, row.seen) for row in obj.withdrawal.amounts.all()]

    def waits_since(self, obj: Ending) -> datetime | None:
        return obj.proposed_at if obj.state == State.PROPOSED else None

    def confirmation_context(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> dict[str, Any]:
        if action.name != confirm.name:
            return {}
        return {
            "proposals": [
                {"ending": each, "named": _named(each), **page.now(each.withdrawal)} for each in objects
            ]
        }

    def _about(self, ending: Ending) -> dict[str, Any]:
        is_open = ending.state == State.PROPOSED
        return {
            "ending": ending,
            "badge": state_badge(State(ending.state)),
            "meaning": page.MEANINGS[Outcome(ending.outcome)] if is_open else "",
            **page.about(ending.withdrawal),
            **(page.now(ending.withdrawal) if is_open else page.kept(ending)),
        }


def _named(ending: Ending) -> str:
    tenant = [str(ending.withdrawal.account.tenant)] if are_several() else []
    return " · ".join([str(ending), str(ending.withdrawal), *tenant])


PROPOSE: dict[Outcome, Callable[..., Ending]] = {
    Outcome.NOT_DONE: endings.propose_not_done,
    Outcome.TAKEN: endings.propose_taken,
}
