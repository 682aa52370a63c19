"""Imports of referrers: their pages, beside what those of all imports have in common."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from hireops.desk.admin import staff_action
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import are_several, filter_by_tenant, tenant_columns
from hireops.imports.admin import FileImportAdmin, changelist_of
from hireops.imports.models import ImportState
from hireops.jobs.tasks import work
from referrals.models import Registration, RegistrationImport
from referrals.registrations import imports, problems
from referrals.registrations.admin.display import contact_of, page_of, state_of
from referrals.registrations.admin.forms import UploadForm
from referrals.registrations.import_sending import ENDED

RowState = Registration.State
UNDER_WAY = [RowState.READY, RowState.PENDING]


@staff_action(
    permission="referrals.change_registrationimport",
    label=_("Register these referrers"),
    confirm=_("The rows that are ready are registered at Feishu. Rows with a problem are not sent."),
    offered=lambda batch: bool(batch.state == ImportState.CHECKED),
    has_own_button=True,  # which says how many rows
    counted=ngettext_lazy(
        "Register the referrers of %(count)s file", "Register the referrers of %(count)s files", "count"
    ),
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
    counted=ngettext_lazy(
        "Discard what %(count)s file has not sent", "Discard what %(count)s files have not sent", "count"
    ),
)
def discard(batch: RegistrationImport, *, by: User, reason: str) -> None:
    imports.discard(batch, by=by, reason=reason)


@admin.register(RegistrationImport)
class RegistrationImportAdmin(FileImportAdmin):
    help_page = "registrations#import"
    kind = imports.KIND
    states = imports.State
    row_states = RowState
    upload_form = UploadForm
    upload_template = "admin/referrals/registrationimport/upload.html"
    upload_title = _("Import referrers")
    change_form_template = "admin/referrals/registrationimport/change_form.html"
    template_name = "referrers"
    applying_label = _("Registering")
    done_states = ENDED
    left_states = UNDER_WAY
    list_filter = ["state", filter_by_tenant(), "uploaded_at"]
    staff_actions = [confirm, discard]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegistrationImport]:
        return super().get_queryset(request).select_related("tenant")

    def get_list_display(self, request: HttpRequest) -> list[str | Callable[[Any], str | bool]]:
        return [*self.list_display, *tenant_columns()]

    # --- The file

    def upload(self, request: HttpRequest, file: IO[bytes], name: str, form: Any) -> RegistrationImport:
        return imports.upload(
            file,
            name,
            by=staff(request),
            tenant=form.cleaned_data.get("tenant"),
            sheet=form.cleaned_data["sheet"],
        )

    def template_header(self) -> list[str]:
        return [gettext("Country code"), *self._columns()]

    def problem_header(self) -> list[str]:
        return [*self._columns(), gettext("Row to correct")]

    def _columns(self) -> list[str]:
        columns = [gettext("Mobile number"), gettext("Email"), gettext("Name")]
        return [*columns, gettext("Customer")] if are_several() else columns

    # --- Its rows

    def problem_rows(self, batch: Any) -> QuerySet[Registration]:
        return imports.problem_rows(batch)

    def file_of_problems(
        self, batch: Any, header: Sequence[str], reason: Callable[[Any], str]
    ) -> Iterator[list[str]]:
        return imports.file_of_problems(batch, header, reason, with_customers=are_several())

    def reason(self, row: Registration) -> str:
        return problems.problem_in_words(row)

    def row_named(self, row: Registration, shown: Callable[[str], str]) -> str:
        return contact_of(row, shown)

    def row_badge(self, row: Registration) -> SafeString:
        return state_of(row)

    def row_url(self, row: Registration) -> str:
        return page_of(row)

    def rows_url(self, batch: Any) -> str:
        return changelist_of(Registration, f"batch={batch.pk}")

    # --- One import

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        context = super().page_context(request, obj)
        left = context["total"] - context["ended"]
        return {
            **context,
            "unreadable": imports.problem_in_words(obj),
            "customers": imports.ready_by_customer(obj) if are_several() else [],
            "minutes": imports.minutes_for(left),
        }
