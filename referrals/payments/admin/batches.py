"""Batches that were handed over for payment: their list, their files, and what became of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.text import Truncator
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.desk import audit, restoring
from hireops.desk.admin import MirrorAdmin, staff_page
from hireops.desk.confirming import Amount
from hireops.desk.exporting import Exported
from hireops.desk.finding import number
from hireops.desk.masking import may_see_personal_data
from hireops.desk.revealing import VIEW
from hireops.desk.staff import staff
from hireops.desk.waiting import Waiting
from hireops.encryption import decrypt_bytes
from referrals.ledger.assets import in_words
from referrals.ledger.exporting import amount_columns, known_assets
from referrals.models import PayoutBatch, ResultsFile
from referrals.payments.admin import handing_over
from referrals.payments.admin import results as payment_results
from referrals.payments.admin.page import how_far, summaries, waiting
from referrals.payments.files import batch_as_csv, batch_as_xlsx, file_name
from referrals.payments.rights import HAND_OVER, RECORD

NOTE_SHOWN = 60
FILES = {"csv", "xlsx"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@admin.register(PayoutBatch)
class PayoutBatchAdmin(MirrorAdmin):
    help_page = "payments"
    empty_list = _(
        "What was handed over to the paying side, file by file. Withdrawals that Feishu has taken can "
        "be handed over."
    )
    amounts = ["payment_count", "paid_count", "open_count", "bounced_count", "reversed_count", "totals"]
    change_list_template = "admin/referrals/payoutbatch/change_list.html"
    change_form_template = "admin/referrals/payoutbatch/change_form.html"
    list_display = [
        "number",
        "created_at",
        "created_by",
        "payment_count",
        "paid_count",
        "open_count",
        "bounced_count",
        "reversed_count",
        "totals",
        "note_shown",
    ]
    list_filter = ["created_at"]
    found_by = {"pk": number}
    found_by_words = _("Number such as #41")
    list_select_related = ["created_by"]
    fields = ["note"]
    reveal_permission = VIEW

    def next_step(self, request: HttpRequest) -> tuple[str, str | Promise] | None:
        return (
            (self._url("prepare"), _("Hand over withdrawals")) if request.user.has_perm(HAND_OVER) else None
        )

    # --- The list

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """One query for the figures of all batches shown, not some for each of them."""
        shown = super().get_changelist_instance(request)
        shown.result_list = list(shown.result_list)
        _sum_up(shown.result_list)
        return shown

    def fetch_for_export(self, rows: Sequence[Any]) -> None:
        _sum_up(rows)

    def exported(self, request: HttpRequest) -> Mapping[str, Sequence[Exported]]:
        def sums(batch: Any) -> list[Amount]:
            return [(each.asset, each.sum) for each in batch.summary.sums]

        return {
            "totals": amount_columns(sums, known_assets()),
            "note_shown": [Exported(gettext("note"), lambda batch: batch.note)],
        }

    def list_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"may_hand_over": request.user.has_perm(HAND_OVER)}

    @admin.display(description="#")
    def number(self, batch: Any) -> str:
        return str(batch)

    @admin.display(description=_("payments"))
    def payment_count(self, batch: Any) -> int:
        return int(batch.summary.total)

    @admin.display(description=_("paid"))
    def paid_count(self, batch: Any) -> int:
        return int(batch.summary.counts["paid"])

    @admin.display(description=_("without a result"))
    def open_count(self, batch: Any) -> int:
        return int(batch.summary.counts["handed_over"])

    @admin.display(description=_("came back"))
    def bounced_count(self, batch: Any) -> int:
        return int(batch.summary.counts["bounced"])

    @admin.display(description=_("reversed"))
    def reversed_count(self, batch: Any) -> int:
        return int(batch.summary.counts["reversed"])

    @admin.display(description=_("totals"))
    def totals(self, batch: Any) -> str:
        return " · ".join(in_words(sums.asset, sums.sum) for sums in batch.summary.sums)

    @admin.display(description=_("note"))
    def note_shown(self, batch: Any) -> str:
        return Truncator(batch.note).chars(NOTE_SHOWN)

    # --- One batch

    def page_context(self, request: HttpRequest, obj: PayoutBatch) -> dict[str, Any]:
        return how_far(request, obj)

    def waiting(self, request: HttpRequest, obj: PayoutBatch) -> Waiting:
        return waiting(obj)

    @staff_page("<int:pk>/file/<slug:kind>/", name="file")
    def file_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
        """The batch as a file; who downloads it is audited first."""
        batch, reveal = get_object_or_404(PayoutBatch, pk=pk), may_see_personal_data(request.user)
        if kind not in FILES:
            raise Http404(kind)
        if why := restoring.why_not_now():
            self.message_user(request, why, messages.ERROR)
            return HttpResponseRedirect(self._url("change", pk))

        def file(reason: str) -> HttpResponse:
            action = gettext_noop("payout batch downloaded")
            audit.record(
                by=staff(request), action=action, on=batch, reason=reason, format=kind, personal_data=reveal
            )
            response = _file(batch, kind, reveal=reveal)
            name = file_name(batch, kind)
            response.headers["Content-Disposition"] = (
                content_disposition_header(as_attachment=True, filename=name) or "attachment"
            )
            return response

        return self.with_reason(request, batch, file)

    # --- Handing over, and what became of it

    @staff_page("prepare/", name="prepare", permission=HAND_OVER, irreversible=True)
    def prepare_view(self, request: HttpRequest) -> HttpResponse:
        return handing_over.prepare(self, request)

    @staff_page("<int:pk>/results/", name="results", permission=RECORD, irreversible=True)
    def results_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return payment_results.record_file(self, request, pk)

    @staff_page("<int:pk>/open/", name="open", permission=RECORD, irreversible=True)
    def open_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return payment_results.record_open(self, request, pk)

    @staff_page("payments/<int:pk>/paid/", name="record", permission=RECORD, irreversible=True)
    def record_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return payment_results.record_one(self, request, pk)

    @staff_page("<int:pk>/results/<int:file_pk>/", name="results_file", permission=VIEW)
    def results_file_view(self, request: HttpRequest, pk: int, file_pk: int) -> HttpResponseBase:
        """The results file that was kept, as it was uploaded; who downloads it is audited first."""
        files = ResultsFile.objects.filter(batch=pk, recorded_at__isnull=False, emptied_at=None)
        kept = get_object_or_404(files.select_related("batch"), pk=file_pk)

        def file(reason: str) -> HttpResponse:
            action = gettext_noop("results file downloaded")
            audit.record(by=staff(request), action=action, on=kept.batch, reason=reason, file=kept.pk)
            response = HttpResponse(decrypt_bytes(kept.content), content_type="application/octet-stream")
            disposition = content_disposition_header(as_attachment=True, filename=kept.name)
            response.headers["Content-Disposition"] = disposition or "attachment"
            return response

        return self.with_reason(request, kept.batch, file)


def _file(batch: PayoutBatch, kind: str, *, reveal: bool) -> HttpResponse:
    if kind == "csv":
        content = b"".join(batch_as_csv(batch, reveal=reveal))
        return HttpResponse(content, content_type="text/csv; charset=utf-8")
    with batch_as_xlsx(batch, reveal=reveal) as file:
        return HttpResponse(file.read(), content_type=XLSX)


def _sum_up(batches: Sequence[Any]) -> None:
    found = summaries([batch.pk for batch in batches])
    for batch in batches:
        batch.summary = found[batch.pk]
