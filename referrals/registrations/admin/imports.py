"""Imports of referrers: the upload, what was found in the file, the confirmation, and how far it is."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from hireops.desk import audit
from hireops.desk.admin import MirrorAdmin, staff_action, staff_page
from hireops.desk.display import state_badge
from hireops.desk.errors import Refused
from hireops.desk.masking import may_see_personal_data
from hireops.desk.revealing import VIEW, shown_for
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from hireops.jobs.display import Progress, newest_about
from hireops.jobs.tasks import work
from hireops.spreadsheets.writing import write_csv, write_xlsx
from referrals.models import Registration, RegistrationImport
from referrals.registrations import imports, problems
from referrals.registrations.admin.display import contact_of, page_of, state_of
from referrals.registrations.admin.forms import UploadForm
from referrals.registrations.import_checking import MOST_ROWS
from referrals.registrations.import_sending import ENDED

PROBLEM_ROWS_SHOWN = 20
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
State, RowState = RegistrationImport.State, Registration.State
MOVING = {State.CHECKING, State.SENDING}
UNDER_WAY = [RowState.READY, RowState.PENDING]


@staff_action(
    permission="referrals.change_registrationimport",
    label=_("Register these referrers"),
    confirm=_("The rows that are ready are registered at Feishu. Rows with a problem are not sent."),
    offered=lambda _batch: False,  # the page has a button of its own, which says how many
)
def confirm(batch: RegistrationImport, *, by: User, reason: str) -> None:
    imports.confirm(batch, by=by)
    ring(work)


@staff_action(
    permission="referrals.change_registrationimport",
    label=_("Discard what was not sent"),
    confirm=_("What has not been sent yet is never sent. Rows that are on their way or registered stay."),
    dangerous=True,
    offered=imports.may_be_discarded,
)
def discard(batch: RegistrationImport, *, by: User, reason: str) -> None:
    imports.discard(batch, by=by, reason=reason)


@admin.register(RegistrationImport)
class RegistrationImportAdmin(MirrorAdmin):
    change_form_template = "admin/referrals/registrationimport/change_form.html"
    fields = ["state"]
    list_filter = ["state", filter_by_tenant(), "uploaded_at"]
    staff_actions = [confirm, discard]
    reveal_permission = VIEW

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegistrationImport]:
        imported = super().get_queryset(request).select_related("uploaded_by", "confirmed_by", "tenant")
        return imported.defer("content")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        columns = ["file_name", "state_shown", "rows", "uploaded_by", "uploaded_at", "finished_at"]
        return [*columns, *tenant_columns()]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("referrals.add_registrationimport")

    # --- Uploading

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Keeps the file and goes on to the import's page at once; a worker checks the file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                tenant = form.cleaned_data.get("tenant")
                batch = imports.upload(file, file.name, by=staff(request), tenant=tenant)
            except Refused as refusal:
                form.add_error("file", str(refusal))
            else:
                ring(work)
                return HttpResponseRedirect(self._url("change", batch.pk))
        return self.render_page(
            request,
            "admin/referrals/registrationimport/upload.html",
            title=gettext("Import referrers"),
            form=form,
            most_rows=MOST_ROWS,
            most_mb=imports.MOST_BYTES // 1024 // 1024,
        )

    @staff_page("template.<str:kind>", name="template")
    def template_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """An empty file with the columns that are read."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        header = [gettext("Country code"), gettext("Mobile number"), gettext("Email"), gettext("Name")]
        header += [gettext("Customer")] if are_several() else []
        return as_file(iter([header]), kind, "referrers")

    # --- One import

    def page_context(self, request: HttpRequest, obj: RegistrationImport) -> dict[str, Any]:
        return how_far(obj, request)

    @staff_page("<int:pk>/problems.<str:kind>", name="problems", permission=VIEW)
    def problems_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        """The rows with a problem as they were given, and why; for who may see personal data."""
        batch = self.get_object(request, str(pk))
        if batch is None or kind not in CONTENT_TYPES:
            raise Http404
        header = [
            gettext("Line"),
            gettext("Mobile number"),
            gettext("Email"),
            gettext("Name"),
            *([gettext("Customer")] if are_several() else []),
            gettext("Reason"),
        ]
        why = _in_language(get_language(), problems.problem_in_words)

        def file(reason: str) -> HttpResponseBase:
            action = gettext_noop("problem rows downloaded")
            audit.record(by=staff(request), action=action, on=batch, reason=reason, kind=kind)
            rows = imports.file_of_problems(batch, header, why, with_customers=are_several())
            return as_file(rows, kind, f"problems-{batch.pk}")

        return self.with_reason(request, batch, file)


def as_file(rows: Iterator[list[str]], kind: str, name: str) -> HttpResponseBase:
    """The rows as a download. ``Http404`` for a kind that is neither CSV nor XLSX."""
    if kind not in CONTENT_TYPES:
        raise Http404
    response: HttpResponseBase
    if kind == "csv":
        response = StreamingHttpResponse(write_csv(rows), content_type=CONTENT_TYPES[kind])
    else:
        response = FileResponse(write_xlsx({name: rows}), content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response


def _in_language(language: str | None, text: Callable[[Registration], str]) -> Callable[[Registration], str]:
    """A stream is written after the request has ended, and its reader's language with it."""

    def in_language(row: Registration) -> str:
        with override(language):
            return text(row)

    return in_language


def how_far(batch: RegistrationImport, request: HttpRequest) -> dict[str, Any]:
    """What the page of an import shows."""
    counts = imports.counts(batch)
    ended, left = (sum(counts.get(state, 0) for state in states) for states in (ENDED, UNDER_WAY))
    shown = shown_for(request, batch)
    found = list(imports.problem_rows(batch)[: PROBLEM_ROWS_SHOWN + 1])
    may_confirm = request.user.has_perm("referrals.change_registrationimport")
    return {
        "batch": batch,
        "badge": state_badge(State(batch.state)),
        "unreadable": imports.problem_in_words(batch),
        "counts": [(state, state.label, counts[state]) for state in RowState if counts.get(state)],
        "customers": imports.ready_by_customer(batch) if are_several() else [],
        "ready": counts.get(RowState.READY, 0),
        "ended": ended,
        "total": ended + left,
        "minutes": imports.minutes_for(left),
        "problem_rows": [
            {
                "line": row.line,
                "url": page_of(row),
                "badge": state_of(row),
                "contact": contact_of(row, shown),
                "reason": problems.problem_in_words(row),
            }
            for row in found[:PROBLEM_ROWS_SHOWN]
        ],
        "more_problems": len(found) > PROBLEM_ROWS_SHOWN,
        "rows_url": f"{reverse('admin:referrals_registration_changelist')}?batch={batch.pk}",
        "may_download": may_see_personal_data(request.user),
        "may_confirm": may_confirm and batch.state == State.CHECKED and counts.get(RowState.READY),
        "progress": _progress(batch, ended, ended + left),
    }


def _progress(batch: RegistrationImport, ended: int, total: int) -> Progress | None:
    """Counted from its rows, whose states change with every answer. None where there is nothing to show."""
    is_moving = batch.state in MOVING
    if not is_moving and not (total and batch.state != State.CHECKED):
        return None
    newest = newest_about(batch)
    checks = batch.state == State.CHECKING
    return Progress(
        label=gettext("Checking") if checks else gettext("Registering"),
        done=ended,
        total=None if checks else total,
        is_running=is_moving,
        trouble=newest.trouble if newest else "",
    )
