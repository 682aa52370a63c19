"""Report files: their list, the page to upload one, and the page that says who has read which bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from bindings.models import ReportFetch, ReportFile
from bindings.reports import services
from bindings.reports.admin.links import link_badge
from hireops.contacts import mask
from hireops.desk import audit
from hireops.desk.actions import StaffAction, staff_action
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Column
from hireops.desk.display import badge, linked
from hireops.desk.errors import Refused
from hireops.desk.exporting import Exported
from hireops.desk.revealing import VIEW, shown_for
from hireops.desk.staff import staff

DOWNLOAD = "bindings.download_reportfile"
ADD = "bindings.add_reportfile"
LINKS_SHOWN = 50
FETCHES_SHOWN = 200


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Report (PDF)"), widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"})
    )


@staff_action(
    permission="bindings.change_reportlink",
    label=_("Make a link"),
    confirm=_(
        "Whoever has the link can fetch the file without signing in, until the link ends or is withdrawn."
    ),
    offered=lambda report: report.emptied_at is None,
    counted=ngettext_lazy("Make %(count)s link", "Make %(count)s links", "count"),
)
def make_link(report: ReportFile, *, by: User, reason: str) -> None:
    with transaction.atomic():
        link = services.make_link(report)
        action = gettext_noop("report link made")
        audit.record(by=by, action=action, on=report, reason=reason, link=link.pk)


@admin.register(ReportFile)
class ReportFileAdmin(MirrorAdmin):
    help_page = "reports"
    empty_list = _(
        "Reports for customers, as PDF. Upload one here, or together with the result of a background check."
    )
    amounts = ["size_shown"]
    change_list_template = "admin/bindings/reportfile/change_list.html"
    change_form_template = "admin/bindings/reportfile/change_form.html"
    list_display = ["number", "masked_name", "size_shown", "pages", "checks", "uploaded_by", "uploaded_at"]
    list_filter = ["uploaded_at", "intact"]
    list_select_related = ["uploaded_by"]
    exact_search_fields = ["sha256"]
    search_help_text = _("SHA-256 in full")
    fields = ["sha256"]
    reveal_permission = VIEW
    staff_actions = [make_link]

    def confirm_columns(
        self, request: HttpRequest, action: StaffAction, objects: Sequence[Any]
    ) -> list[Column]:
        return [
            Column(_("report file"), linked),
            Column(_("file"), self.masked_name),
            Column(_("size"), self.size_shown, is_number=True),
            Column(_("checks"), self.checks),
        ]

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (self._url("upload"), gettext("Upload a report")) if request.user.has_perm(ADD) else None

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_upload": request.user.has_perm(ADD)}

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        return {
            "masked_name": [Exported(gettext("file"), lambda report: report.name, personal=True)],
            "size_shown": [Exported(gettext("bytes"), lambda report: report.size)],
        }

    @admin.display(description=_("file"))
    def masked_name(self, report: ReportFile) -> str:
        return mask(report.name) or "–"

    @admin.display(description=_("size"))
    def size_shown(self, report: ReportFile) -> str:
        return str(filesizeformat(report.size))

    @admin.display(description=_("checks"))
    def checks(self, report: ReportFile) -> SafeString:
        return checks_badge(report)

    # --- One file

    def page_context(self, request: HttpRequest, obj: ReportFile) -> dict[str, Any]:
        links = list(obj.links.select_related("revoked_by")[:LINKS_SHOWN])
        fetches = ReportFetch.objects.filter(link__file=obj).select_related("link")
        return {
            "report": obj,
            "name": shown_for(request, obj)(obj.name),
            "checks_badge": checks_badge(obj),
            "links": [(linked(link), link, link_badge(link)) for link in links],
            "fetches": fetches.order_by("-id")[:FETCHES_SHOWN],
            "may_download": obj.emptied_at is None and request.user.has_perm(DOWNLOAD),
        }

    @staff_page("upload/", name="upload", permission=ADD)
    def upload_view(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                report = services.keep(file, file.name or "", by=staff(request))
            except Refused as refusal:
                form.add_error("file", str(refusal))
            else:
                messages.success(request, gettext("The report is kept. Its content will never change."))
                return HttpResponseRedirect(self._url("change", report.pk))
        return self.render_page(
            request,
            "admin/bindings/reportfile/upload.html",
            title=_("Upload a report"),
            form=form,
            megabytes=settings.REPORT_MAX_MB,
            has_scanner=bool(settings.REPORT_SCANNER),
        )

    @staff_page("<int:pk>/file/", name="file", permission=DOWNLOAD)
    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file itself, for staff; who downloads it is audited first."""
        report = get_object_or_404(ReportFile, pk=pk)

        def download(reason: str) -> HttpResponseBase:
            if report.emptied_at:
                raise Refused(gettext("The file has been removed because its time was over."))
            opened = services.opened(report)
            audit.record(
                by=staff(request), action=gettext_noop("report downloaded"), on=report, reason=reason
            )
            response = FileResponse(
                opened, as_attachment=True, filename=report.name, content_type="application/pdf"
            )
            response["Cache-Control"] = "private, no-store"
            return response

        return self.with_reason(request, report, download)


def checks_badge(report: ReportFile) -> SafeString:
    if report.emptied_at:
        return badge(_("removed"), "quiet")
    if not report.intact:
        return badge(_("changed or gone"), "bad")
    if not report.scanned_by:
        return badge(_("PDF, not scanned for viruses"), "quiet")
    return badge(_("PDF, scanned for viruses"), "ok")
