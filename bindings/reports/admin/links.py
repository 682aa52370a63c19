"""Links to reports: until when each is good, who has fetched it, and withdrawing one."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bindings.models import ReportFetch, ReportLink
from bindings.reports import sending, services
from hireops.desk.actions import StaffAction, staff_action
from hireops.desk.admin import MirrorAdmin
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked, moment
from hireops.desk.inlines import MirrorInline

CHANGE = "bindings.change_reportlink"


@staff_action(
    permission=CHANGE,
    label=_("Withdraw"),
    confirm=_(
        "From now on whoever opens these links reads that they have ended. That can't be taken back; what "
        "was fetched before stays with whoever has it."
    ),
    reason_required=True,
    dangerous=True,
    offered=lambda link: link.revoked_at is None,
    counted=ngettext_lazy("Withdraw %(count)s link", "Withdraw %(count)s links", "count"),
)
def revoke(link: ReportLink, *, by: User, reason: str) -> None:
    services.revoke(link, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("Renew as a new link"),
    confirm=_("Another link to the same file is made. The old ones stay as they are."),
    offered=lambda link: link.file.emptied_at is None,
    counted=ngettext_lazy("Renew %(count)s link", "Renew %(count)s links", "count"),
)
def renew(link: ReportLink, *, by: User, reason: str) -> None:
    services.renew(link, by=by)


class FetchInline(MirrorInline):
    model = ReportFetch
    fields = ["at", "address", "agent", "method", "status", "begins", "bytes", "sent", "by_hireops"]
    newest = 200
    verbose_name_plural = _("who has fetched it")


@admin.register(ReportLink)
class ReportLinkAdmin(MirrorAdmin):
    help_page = "reports#links"
    empty_list = _(
        "Addresses at which Feishu fetches reports. They are made when a report is told to a "
        "customer, or on the page of a file."
    )
    change_form_template = "admin/bindings/reportlink/change_form.html"
    list_display = ["number", "file_link", "state", "created_at", "expires_at", "checked_at"]
    list_filter = ["created_at", "expires_at"]
    list_select_related = ["file"]
    linked_by = ["file"]
    fields = [
        "file_link",
        "state",
        "created_at",
        "expires_at",
        "checked_at",
        "revoked_at",
        "revoked_by",
        "revoked_because",
    ]
    inlines = [FetchInline]
    reveal_permission = "bindings.download_reportfile"
    staff_actions = [revoke, renew]

    @admin.display(description=_("report file"))
    def file_link(self, link: ReportLink) -> str:
        return linked(link.file)

    @admin.display(description=_("state"))
    def state(self, link: ReportLink) -> SafeString:
        return link_badge(link)

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        prefetch_related_objects(objects, "file")
        return [
            Column(_("report link"), linked),
            Column(_("report file"), self.file_link),
            Column(_("state"), self.state),
            Column(_("ends"), lambda link: moment(link.expires_at)),
        ]

    def page_context(self, request: HttpRequest, obj: ReportLink) -> dict[str, Any]:
        """The address is the file: it is shown as personal data is, to who may download the file."""
        shown = self.is_revealed(request, obj) and services.is_good(obj)
        return {"address": sending.address_of(obj) if shown else ""}


def link_badge(link: ReportLink) -> SafeString:
    if link.revoked_at:
        return badge(_("withdrawn"), "bad")
    return badge(_("good"), "ok") if services.is_good(link) else badge(_("ended"), "quiet")
