"""Imports of customers: their pages, beside what those of all imports have in common."""

from collections.abc import Callable
from typing import IO, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from bindings.customers import files, imports, problems
from bindings.customers.admin.forms import UploadForm
from bindings.models import CustomerImport, CustomerImportRow
from hireops.desk.admin import staff_action
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.imports import services
from hireops.imports.admin import FileImportAdmin
from hireops.imports.models import ImportState
from hireops.jobs.tasks import work

CHANGES_SHOWN = 20


@staff_action(
    permission="bindings.change_customerimport",
    label=_("Import these customers"),
    confirm=_("The rows that are ready add or change customers. Rows with a problem do nothing."),
    offered=lambda batch: bool(batch.state == ImportState.CHECKED),
    has_own_button=True,  # which says how many rows
    counted=ngettext_lazy(
        "Import the customers of %(count)s file", "Import the customers of %(count)s files", "count"
    ),
)
def confirm(batch: CustomerImport, *, by: User, reason: str) -> None:
    imports.confirm(batch, by=by)
    ring(work)


@staff_action(
    permission="bindings.change_customerimport",
    label=_("Discard this import"),
    confirm=_("What has not been imported yet never is. Customers that were added or changed stay so."),
    dangerous=True,
    offered=lambda batch: services.may_be_discarded(imports.KIND, batch),
    counted=ngettext_lazy("Discard %(count)s import", "Discard %(count)s imports", "count"),
)
def discard(batch: CustomerImport, *, by: User, reason: str) -> None:
    imports.discard(batch, by=by, reason=reason)


@admin.register(CustomerImport)
class CustomerImportAdmin(FileImportAdmin):
    help_page = "customers#import"
    kind = imports.KIND
    upload_form = UploadForm
    upload_template = "admin/bindings/customerimport/upload.html"
    upload_title = _("Import customers")
    change_form_template = "admin/bindings/customerimport/change_form.html"
    template_name = "customers"
    applying_label = _("Importing")
    staff_actions = [confirm, discard]

    # --- The file

    def upload(self, request: HttpRequest, file: IO[bytes], name: str, form: Any) -> CustomerImport:
        update = form.cleaned_data["update_existing"]
        return imports.upload(
            file, name, by=staff(request), update_existing=update, sheet=form.cleaned_data["sheet"]
        )

    def template_header(self) -> list[str]:
        return files.header()

    # --- Its rows

    def given(self, row: CustomerImportRow) -> list[str]:
        return [
            row.code,
            row.name,
            row.tier,
            row.responsible_given,
            row.contact_name,
            row.contact_title,
            row.mobile_given,
            row.email_given,
            row.notes,
        ]

    def reason(self, row: CustomerImportRow) -> str:
        return problems.problem_in_words(row)

    def row_named(self, row: CustomerImportRow, shown: Callable[[str], str]) -> str:
        contacts = [shown(each) for each in (row.mobile_given, row.email_given) if each]
        return " · ".join(filter(None, [row.code, row.name, *contacts]))

    # --- One import

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        context = super().page_context(request, obj)
        if obj.state != ImportState.CHECKED:
            return context
        new, changed = imports.ready_counts(obj)
        first = imports.first_changes(obj, CHANGES_SHOWN)
        shown = [
            {"line": row.line, "customer": row.customer, "changes": problems.changes_in_words(row)}
            for row in first
        ]
        return {
            **context,
            "new": new,
            "changed": changed,
            "changes_shown": shown,
            "more_changes": changed - len(shown),
            "what_existing": gettext("Customers that are there already are updated.")
            if obj.update_existing
            else gettext("Customers that are there already stay as they are."),
        }
