"""How far each replay is."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import MirrorAdmin
from hireops.desk.display import badge, state_badge
from hireops.desk.waiting import Waiting
from hireops.inbox.models import Replay
from hireops.inbox.registry import labels, seen_by
from hireops.inbox.services import REPLAY as REPLAY_JOB
from hireops.jobs.display import newest_about, waiting_about
from hireops.jobs.models import Job


@admin.register(Replay)
class ReplayAdmin(MirrorAdmin):
    help_page = "events#replay"
    is_exported = False  # the audit has who did what
    empty_list = _(
        "When failed events are replayed together, this list says how far it is. Nobody has asked for "
        "that yet."
    )
    amounts = ["replayed"]
    change_form_template = "admin/inbox/replay/change_form.html"
    list_display = ("asked_at", "since", "type_shown", "progress", "replayed", "asked_by", "reason")
    list_select_related = ("asked_by",)
    ordering = ("-id",)
    fields = ("asked_at", "asked_by", "since", "type_shown", "progress", "replayed", "finished_at", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        canceled = Job.objects.filter(kind=REPLAY_JOB, subject_id=OuterRef("pk"), state=Job.State.CANCELED)
        replays: QuerySet[Any] = super().get_queryset(request).annotate(canceled=Exists(canceled))
        of_all_types, seen = Q(event_type=""), seen_by(request.user).among("event_type")
        return replays.filter(of_all_types | seen) if seen else replays

    def page_context(self, request: HttpRequest, obj: Replay) -> dict[str, Any]:
        return {"progress": newest_about(obj)}

    def waiting(self, request: HttpRequest, obj: Replay) -> Waiting | None:
        return waiting_about(obj, obj.replayed)

    @admin.display(description=_("event type"))
    def type_shown(self, asked: Replay) -> str:
        if not asked.event_type:
            return gettext("All types")
        return labels().get(asked.event_type) or asked.event_type

    @admin.display(description=_("state"))
    def progress(self, asked: Any) -> SafeString:
        if asked.canceled:
            return state_badge(Job.State.CANCELED)
        if asked.finished_at:
            return badge(_("Done"), "ok")
        return badge(_("Running"), "busy")
