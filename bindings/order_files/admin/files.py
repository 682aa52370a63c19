"""Files about orders: the upload, what would be told, the confirmation, and how far it is."""

from collections.abc import Callable
from typing import IO, Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bindings.models import OrderFile, OrderFileRow
from bindings.order_files import columns, imports, reading, texts
from hireops.desk.admin import staff_action
from hireops.desk.display import linked
from hireops.desk.revealing import noted_for, shown_for
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.imports import services
from hireops.imports.admin import FileImportAdmin
from hireops.imports.models import ImportState
from hireops.jobs.tasks import work

ROWS_SHOWN = 50


@staff_action(
    permission="bindings.change_orderfile",
    label=_("Tell what these files say"),
    confirm=_("The lines that are ready are told to Feishu. Lines with a problem do nothing."),
    offered=lambda batch: bool(batch.state == ImportState.CHECKED),
    has_own_button=True,  # which says how many rows
    counted=ngettext_lazy("Tell what %(count)s file says", "Tell what %(count)s files say", "count"),
)
def confirm(batch: OrderFile, *, by: User, reason: str) -> None:
    imports.confirm(batch, by=by)
    ring(work)


@staff_action(
    permission="bindings.change_orderfile",
    label=_("Discard this file"),
    confirm=_("What has not been told yet never is. What is on its way or has arrived stays."),
    dangerous=True,
    offered=lambda batch: services.may_be_discarded(imports.KIND, batch),
    counted=ngettext_lazy("Discard %(count)s file", "Discard %(count)s files", "count"),
)
def discard(batch: OrderFile, *, by: User, reason: str) -> None:
    imports.discard(batch, by=by, reason=reason)


@admin.register(OrderFile)
class OrderFileAdmin(FileImportAdmin):
    help_page = "order-files"
    kind = imports.KIND
    upload_template = "admin/bindings/orderfile/upload.html"
    upload_title = _("Report many orders from a file")
    change_form_template = "admin/bindings/orderfile/change_form.html"
    template_name = "orders"
    applying_label = _("Being told")
    staff_actions = [confirm, discard]

    # --- The file

    def upload(self, request: HttpRequest, file: IO[bytes], name: str, form: Any) -> OrderFile:
        return imports.upload(file, name, by=staff(request), sheet=form.cleaned_data["sheet"])

    def template_header(self) -> list[str]:
        return columns.header()

    # --- Its rows

    def given(self, row: OrderFileRow) -> list[str]:
        return columns.given(row)

    def reason(self, row: OrderFileRow) -> str:
        return texts.problem_in_words(row)

    def row_named(self, row: OrderFileRow, shown: Callable[[str], str]) -> str:
        return " · ".join(filter(None, [row.order_given, row.stage_name, row.score]))

    # --- One file

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        context = super().page_context(request, obj)
        if obj.state != ImportState.CHECKED:
            return context
        ready = imports.ready_rows(obj)
        shown, noted = shown_for(request, obj), noted_for(request, obj)
        remarked = ready.exclude(remarks=[])
        first = list(remarked[:ROWS_SHOWN])
        others = list(ready.filter(remarks=[])[: ROWS_SHOWN - len(first)])
        return {
            **context,
            "remarked": remarked.count(),
            "rows_shown": [
                {
                    "line": row.line,
                    "order": linked(order, row.order_given),
                    "candidate": shown(order.candidate_name) if order else "",
                    "told": texts.told(row),
                    "report": noted(reading.report_of(row)),
                    "remarks": texts.remarks_in_words(row),
                }
                for row in [*first, *others]
                for order in [row.background_check or row.exam]
            ],
            "more_rows": context["ready"] - len(first) - len(others),
        }
