"""Days that were compared with Feishu: their list, and the form that starts one."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import linked
from hireops.desk.errors import Refused
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.jobs.tasks import work
from referrals.models import Reconciliation
from referrals.reconciliation.admin.forms import DayForm
from referrals.reconciliation.admin.page import waiting, what_became_of
from referrals.reconciliation.services import reconcile_day

RUN = "referrals.run_reconciliation"


@staff_action(
    permission=RUN,
    label=_("Once more"),
    confirm=_(
        "These days are compared with Feishu once more, all accounts of them. Nothing is changed at Feishu; "
        "open cases of the days close by themselves if the figures are equal now."
    ),
    offered=lambda reconciliation: reconciliation.state != Reconciliation.State.RUNNING,
    counted=ngettext_lazy("Compare %(count)s day once more", "Compare %(count)s days once more", "count"),
)
def once_more(reconciliation: Reconciliation, *, by: User, reason: str) -> None:
    reconcile_day(reconciliation.tenant, reconciliation.day, by=by)
    ring(work)


@admin.register(Reconciliation)
class ReconciliationAdmin(MirrorAdmin):
    help_page = "reconciliation"
    empty_list = _("Every closed day is compared with Feishu by itself. None has been compared yet.")
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
    list_filter = ["state", "day"]
    list_select_related = ["tenant", "started_by"]
    fields = ["day"]
    staff_actions = [once_more]

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (self._url("day"), _("Reconcile a day")) if request.user.has_perm(RUN) else None

    @admin.display(description=_("started by"))
    def started_by_shown(self, reconciliation: Reconciliation) -> str:
        return str(reconciliation.started_by or "hireops")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reconciliation]:
        return super().get_queryset(request).select_related("tenant", "started_by")

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("day"), lambda run: linked(run, f"{run.day}")),
            Column(_("tenant"), lambda run: run.tenant),
            Column(_("state"), self.state_shown),
            Column(_("accounts"), lambda run: str(run.accounts), is_number=True),
            Column(_("differences"), lambda run: str(run.differences), is_number=True),
        ]

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_run": request.user.has_perm(RUN)}

    def page_context(self, request: HttpRequest, obj: Reconciliation) -> dict[str, Any]:
        return what_became_of(obj)

    def waiting(self, request: HttpRequest, obj: Reconciliation) -> Waiting:
        return waiting(obj)

    @staff_page("day/", name="day", permission=RUN)
    def day_view(self, request: HttpRequest) -> HttpResponse:
        """Asks which day, and starts it."""
        form = DayForm(request.POST or None)
        if form.is_valid():
            try:
                chosen = form.cleaned_data
                run = reconcile_day(chosen["tenant"], chosen["day"], by=staff(request))
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                ring(work)
                return HttpResponseRedirect(reverse("admin:referrals_reconciliation_change", args=[run.pk]))
        template = "admin/referrals/reconciliation/day.html"
        return self.render_form(request, template, title=_("Reconcile a day"), form=form)
