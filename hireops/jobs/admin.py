"""What staff see of long work: what runs, how far it is, who asked for it, how it ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops.desk.actions import StaffAction
from hireops.desk.admin import MirrorAdmin, staff_action
from hireops.desk.confirming import Column
from hireops.desk.display import linked
from hireops.desk.waiting import Waiting
from hireops.doorbell import ring
from hireops.jobs import registry, services
from hireops.jobs.display import progress_of, told, trouble_of, waiting_for
from hireops.jobs.models import Job
from hireops.jobs.tasks import work

MANAGE = "jobs.manage_job"


@staff_action(
    permission=MANAGE,
    label=_("Cancel this work"),
    confirm=_("What was done stays done; the rest is not done any more."),
    dangerous=True,
    reason_required=True,
    offered=lambda job: job.state == Job.State.RUNNING and registry.can_be_canceled(job.kind),
    counted=ngettext_lazy("Cancel %(count)s task", "Cancel %(count)s tasks", "count"),
)
def cancel(job: Job, *, by: User, reason: str) -> None:
    services.cancel(job, by=by, reason=reason)


@staff_action(
    permission=MANAGE,
    label=_("Try now"),
    confirm=_("The work goes on at once where it stopped, instead of after its pause."),
    offered=lambda job: job.state == Job.State.RUNNING and bool(job.error) and job.lease_key is None,
    counted=ngettext_lazy("Try %(count)s task now", "Try %(count)s tasks now", "count"),
)
def try_now(job: Job, *, by: User, reason: str) -> None:
    services.try_now(job, by=by, reason=reason)
    ring(work)


@admin.register(Job)
class JobAdmin(MirrorAdmin):
    help_page = "long-work"
    is_exported = False  # the audit has who did what
    empty_list = _(
        "What takes longer than a page, such as an import, is done in the background and shown here. "
        "Nothing has been yet."
    )
    amounts = ["how_far"]
    change_form_template = "admin/jobs/job/change_form.html"
    list_display = (
        "kind_shown",
        "about",
        "state_shown",
        "how_far",
        "asked_by_shown",
        "asked_at",
        "finished_at",
    )
    list_filter = ("state",)
    list_select_related = ("asked_by",)
    ordering = ("-id",)
    fields = (
        "kind_shown",
        "about",
        "state_shown",
        "why",
        "asked_by_shown",
        "asked_at",
        "taken_at",
        "not_before",
        "finished_at",
    )
    staff_actions = [cancel, try_now]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        jobs = super().get_queryset(request).filter(registry.seen_by(request.user).among("kind"))
        return jobs.prefetch_related("subject")

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("kind of work"), lambda job: linked(job, self.kind_shown(job))),
            Column(_("about"), self.about),
            Column(_("state"), self.state_shown),
            Column(_("done"), self.how_far, is_number=True),
            Column(_("asked for by"), self.asked_by_shown),
        ]

    def waits_since(self, obj: Job) -> datetime | None:
        return obj.asked_at if obj.finished_at is None else None

    def page_context(self, request: HttpRequest, obj: Job) -> dict[str, Any]:
        return {"progress": progress_of(obj), "told": told(obj)}

    def waiting(self, request: HttpRequest, obj: Job) -> Waiting:
        return waiting_for(obj)

    @admin.display(description=_("kind of work"))
    def kind_shown(self, job: Job) -> str:
        return registry.label_of(job.kind)

    @admin.display(description=_("about"))
    def about(self, job: Job) -> str:
        return linked(job.subject)

    @admin.display(description=_("done"))
    def how_far(self, job: Job) -> str:
        return told(job)

    @admin.display(description=_("asked for by"))
    def asked_by_shown(self, job: Job) -> str:
        return str(job.asked_by or "hireops")

    @admin.display(description=_("reason"))
    def why(self, job: Job) -> str:
        return trouble_of(job) or (gettext(job.reason) if job.reason else self.get_empty_value_display())
