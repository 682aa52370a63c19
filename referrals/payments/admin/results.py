"""Recording what became of payments: by hand, or from the paying side's file after a look at it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.actions import CONFIRM_FORM
from hireops.desk.admin import StaffAdmin
from hireops.desk.display import linked, moment
from hireops.desk.errors import Refused
from hireops.desk.language import is_being_switched
from hireops.desk.staff import staff
from hireops.encryption import decrypt_bytes, encrypt_bytes
from hireops.imports.forms import LONGEST_SHEET
from hireops.spreadsheets.remarks import in_words
from hireops.spreadsheets.writing import write_csv
from referrals.ledger.assets import asset_label, in_order
from referrals.models import Payment, PayoutBatch, ResultsFile, Reversal
from referrals.payments import recording
from referrals.payments.admin.outcomes import Outcome, in_title, outcome_table
from referrals.payments.recording import CheckedResults
from referrals.payments.results import AMOUNT, CURRENCY, LONGEST, PERSON, ResultLine, Results, read_results
from referrals.payments.returns import cause_of

if TYPE_CHECKING:
    _Uploaded = UploadedFile[bytes]
else:
    _Uploaded = UploadedFile

MOST_BYTES = 5 * 1024 * 1024
LONGEST_NAME = 255
IS_MEANT = "is_meant"
PROBLEMS_SHOWN = 500
PROBLEMS_NAMED = 10
PEOPLE = ("amount__withdrawal__account",)


class ResultsForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File with the results (CSV or XLSX, at most 5 MB)"))
    sheet = forms.CharField(
        label=gettext_lazy("Sheet"),
        required=False,
        max_length=LONGEST_SHEET,
        help_text=gettext_lazy("Only if several sheets of the file have results."),
    )

    def clean_file(self) -> _Uploaded:
        file: _Uploaded = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(_("The file is larger than 5 MB. Split it into smaller ones."))
        return file


class ConfirmsReusedReferences(forms.Form):
    """Asks whether it is meant if a reference that is typed stands in another batch already."""

    def __init__(self, batch: PayoutBatch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch = batch

    @property
    def references(self) -> list[str]:
        return [value for name, value in self.cleaned_data.items() if name.startswith("reference")]

    @property
    def accept_reused(self) -> bool:
        return IS_MEANT in self.data

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if used := recording.used_in_other_batches(self.batch, self.references):
            self.fields[IS_MEANT] = forms.BooleanField(label=_("The reference is right"), required=False)
            if not self.accept_reused:
                self.add_error(None, reused_warning(used))
        return cleaned


def reused_warning(used: Sequence[Payment]) -> SafeString:
    """*Reference R1 was used in #3 …*, with links."""
    named = [
        format_html(_("“{reference}” in batch {batch}"), reference=each.reference, batch=linked(each.batch))
        for each in used
    ]
    text = _(
        "This reference was used in another batch already: {places}. Compare it with the bank's voucher; if "
        "it is right, tick the box and send it once more."
    )
    return format_html(text, places=format_html_join("; ", "{}", ((each,) for each in named)))


class PaidForm(ConfirmsReusedReferences):
    reference = forms.CharField(
        label=gettext_lazy("Reference of the payment"),
        max_length=LONGEST["reference"],
        help_text=gettext_lazy("The number under which the paying side or the bank finds the payment."),
    )


class AllPaidForm(ConfirmsReusedReferences):
    """With a reference and a total for each asset. The total is typed as a sign that it was looked at.

    ``recording`` compares it, against what is open then. Signs and separators are as people write them.
    """

    def __init__(self, batch: PayoutBatch, assets: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(batch, *args, **kwargs)
        self.assets = list(assets)
        for asset in self.assets:
            named = {"asset": asset_label(asset)}
            self.fields[f"reference-{asset}"] = forms.CharField(
                label=_("Reference of the payment of %(asset)s") % named, max_length=LONGEST["reference"]
            )
            box = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"})
            self.fields[f"total-{asset}"] = forms.CharField(
                label=_("Type the total of %(asset)s") % named, max_length=LONGEST["amount"], widget=box
            )

    def typed(self, what: str) -> dict[str, str]:
        """By asset, of a valid form."""
        return {asset: self.cleaned_data[f"{what}-{asset}"] for asset in self.assets}


# --- By hand


def record_one(page: StaffAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the reference of one payment that was made, and records it."""
    payment = get_object_or_404(Payment.objects.select_related("batch", *PEOPLE), pk=pk)
    form = PaidForm(payment.batch, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _recorded(
            request,
            payment.batch,
            lambda: recording.record_paid(
                payment,
                by=staff(request),
                reference=form.cleaned_data["reference"],
                accept_reused=form.accept_reused,
            ),
        )
    title = _("Record payment %(payment)s as made") % {"payment": in_title(payment)}
    consequence = _("What is recorded can't be changed. The withdrawal is paid when all its payments are.")
    table = outcome_table([Outcome(payment, Payment.State.PAID)])
    context = {"title": title, "consequence": consequence, "table": table, "summary": table.summary}
    return _form_page(page, request, payment.batch, form, context)


def record_open(page: StaffAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for one reference for each asset of the payments without a result, and records them as made.

    Their totals have to be typed; if these are not right, the page asks for them again.
    """
    batch = get_object_or_404(PayoutBatch, pk=pk)
    form = AllPaidForm(batch, open_assets(batch), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            count = recording.record_open_paid(
                batch,
                by=staff(request),
                references=form.typed("reference"),
                totals=form.typed("total"),
                accept_reused=form.accept_reused,
            )
        except Refused as refusal:
            # Others may have recorded some meanwhile.
            form = AllPaidForm(batch, open_assets(batch), request.POST)
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Recorded as made: %(count)s payments.") % {"count": count})
            return _back_to(batch)
    return _all_paid_page(page, request, batch, form)


def _all_paid_page(
    page: StaffAdmin, request: HttpRequest, batch: PayoutBatch, form: AllPaidForm
) -> HttpResponse:
    payments = recording.without_a_result(batch).select_related(*PEOPLE)
    table = outcome_table([Outcome(payment, Payment.State.PAID) for payment in payments])
    if not table.count:
        messages.error(request, _("Every payment of this batch has its result already."))
        return _back_to(batch)
    consequence = _(
        "All payments without a result are recorded as made, under one reference for each currency. It can't "
        "be changed afterwards. Add up what the bank has paid, and type the totals."
    )
    title = _("Record all open payments as made")
    context = {"title": title, "consequence": consequence, "table": table, "hides_totals": True}
    return _form_page(page, request, batch, form, context)


def open_assets(batch: PayoutBatch) -> list[str]:
    """Of the payments without a result, points first."""
    return in_order(set(recording.without_a_result(batch).values_list("asset", flat=True)))


def _recorded(request: HttpRequest, batch: PayoutBatch, record: Any) -> HttpResponse:
    try:
        record()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The result is recorded."))
    return _back_to(batch)


def _form_page(
    page: StaffAdmin, request: HttpRequest, batch: PayoutBatch, form: forms.Form, context: dict[str, Any]
) -> HttpResponse:
    template = "admin/referrals/payoutbatch/record.html"
    return page.render_form(request, template, batch=batch, form=form, **context)


# --- From a file


def record_file(page: StaffAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """POST ``file``: shows what it would record; POST ``kept``, which that page has: records it, and with
    ``propose`` also proposes to reverse those that were returned; with ``wrong`` gives the wrong lines.

    Between the two the file is kept for this batch and this person; once recorded from, it stays as evidence.
    """
    batch = get_object_or_404(PayoutBatch, pk=pk)
    if request.method != "POST":
        return _back_to(batch)
    try:
        if "kept" not in request.POST:
            return _preview(page, request, *_uploaded(request, batch))
        file = _file_kept(request, batch)
        read = read_results(BytesIO(decrypt_bytes(file.content) or b""), file.name, sheet=file.sheet)
        if "wrong" in request.POST:
            return _wrong_lines(file, read)
        if is_being_switched(request):
            return _preview(page, request, file, read)
        return _record_lines(request, file, read)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _back_to(batch)


def _uploaded(request: HttpRequest, batch: PayoutBatch) -> tuple[ResultsFile, Results]:
    form = ResultsForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused(" ".join(str(error) for errors in form.errors.values() for error in errors))
    upload: _Uploaded = form.cleaned_data["file"]
    name, sheet = (upload.name or "")[:LONGEST_NAME], form.cleaned_data["sheet"]
    read = read_results(upload, name, sheet=sheet)
    results = recording.check_results(batch, read.lines)
    upload.seek(0)
    file = ResultsFile.objects.create(
        batch=batch,
        name=name,
        sheet=sheet,
        content=encrypt_bytes(upload.read()),
        offered=[line.number for line in (*results.good, *results.returned, *results.contradicted)],
        uploaded_by=staff(request),
    )
    return file, read


def _file_kept(request: HttpRequest, batch: PayoutBatch) -> ResultsFile:
    kept = request.POST["kept"]
    files = ResultsFile.objects.filter(batch=batch, uploaded_by=staff(request), emptied_at=None)
    is_number = kept.isascii() and kept.isdigit() and len(kept) < len(str(2**63))
    file = files.filter(pk=int(kept)).first() if is_number else None
    if file is None:
        raise Refused(_("Nothing was recorded: the page was too old. Upload the file again."))
    return file


def _preview(page: StaffAdmin, request: HttpRequest, file: ResultsFile, read: Results) -> HttpResponse:
    batch = file.batch
    results = recording.check_results(batch, read.lines)
    paid = [line.reference for line in results.good if line.state == Payment.State.PAID]
    used = recording.used_in_other_batches(batch, paid)
    return page.render_page(
        request,
        "admin/referrals/payoutbatch/results.html",
        title=_("Results for batch %(batch)s") % {"batch": batch},
        batch=batch,
        file_name=file.name,
        results=results,
        table=outcome_table([_outcome(line, results.payments[line.payment_id]) for line in results.good]),
        returned=outcome_table(
            [_returned(line, results.payments[line.payment_id]) for line in results.returned]
        ),
        contradicted=outcome_table(
            [_contradicted(line, results.payments[line.payment_id]) for line in results.contradicted]
        ),
        reused=reused_warning(used) if used else "",
        not_compared=list(_not_compared([*results.good, *results.returned])),
        remarks=in_words(read.remarks),
        problems=results.problems[:PROBLEMS_SHOWN],
        not_shown=max(len(results.problems) - PROBLEMS_SHOWN, 0),
        kept=file.pk,
        form_sent_again=CONFIRM_FORM,
    )


def _wrong_lines(file: ResultsFile, read: Results) -> HttpResponse:
    """The lines that are refused as a file, in which people are masked."""
    problems = recording.check_results(file.batch, read.lines).problems
    header = [_("Line"), _("Payment ID"), _("Employee"), _("Sum"), _("What is wrong")]
    rows = [[str(each.number), each.payment_id, each.employee, each.sum, each.text] for each in problems]
    response = HttpResponse(b"".join(write_csv([header, *rows])), content_type="text/csv; charset=utf-8")
    name = _("refused-lines_batch-%(batch)s.csv") % {"batch": file.batch_id}
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response.headers["Content-Disposition"] = disposition or "attachment"
    return response


def _outcome(line: ResultLine, payment: Payment) -> Outcome:
    state = Payment.State(str(line.state))
    return Outcome(payment, state, line=line.number, reference=line.reference, reason=line.reason)


def _returned(line: ResultLine, payment: Payment) -> Outcome:
    """With what its reversal would say."""
    return Outcome(
        payment,
        Payment.State.BOUNCED,
        line=line.number,
        reference=line.reference,
        reason=f"{cause_of(line.reason).label} · {line.reason}",
        note=" ".join(_paid_before(payment)),
    )


def _contradicted(line: ResultLine, payment: Payment) -> Outcome:
    """With what became of the amount since its return was recorded."""
    again = payment.paid_again
    note = _("Not paid again. As long as the case is open, nothing of this withdrawal can be handed over.")
    if payment.state == Payment.State.HANDED_OVER:
        note = _("The return waits for a second person, so it was not paid again.")
    elif again:
        values = {"payment": again, "state": again.standing.label, "batch": again.batch}
        note = _("Handed over again: %(payment)s, %(state)s, batch %(batch)s.") % values
    return replace(_outcome(line, payment), note=note)


def _when(at: datetime | None) -> str:
    return moment(at) if at else "–"


def _paid_before(payment: Payment) -> Iterator[str]:
    said = {"when": _when(payment.recorded_at), "reference": payment.reference}
    yield _("Recorded as paid on %(when)s with the reference “%(reference)s”.") % said
    for each in payment.reversals.all():
        if each.state == Reversal.State.DECLINED:
            declined = {"when": _when(each.decided_at), "why": each.decision_reason}
            yield _("A reversal was declined on %(when)s: %(why)s") % declined


def _not_compared(lines: Sequence[ResultLine]) -> Iterator[str]:
    """What was handed over and the file does not repeat, on all lines or on some."""
    texts = [
        (
            AMOUNT,
            _("The file has no amounts: they were not compared."),
            _("Lines without an amount, so that it was not compared: %(count)s."),
        ),
        (
            CURRENCY,
            _("The file has no currencies: they were not compared."),
            _("Lines without a currency, so that it was not compared: %(count)s."),
        ),
        (
            PERSON,
            _("The file names no employees: they were not compared."),
            _("Lines that name no employee, so that it was not compared: %(count)s."),
        ),
    ]
    for columns, on_all, on_some in texts:
        if silent := sum(not line.said.keys() & columns for line in lines):
            yield on_all if silent == len(lines) else on_some % {"count": silent}


def _record_lines(request: HttpRequest, file: ResultsFile, read: Results) -> HttpResponse:
    propose, offered = "propose" in request.POST, set(file.offered)
    results = recording.record_results(
        file.batch,
        [line for line in read.lines if line.number in offered],
        by=staff(request),
        file=file,
        propose=propose,
        accept_reused=IS_MEANT in request.POST,
    )
    for level, text in _result_messages(results, proposed=propose):
        messages.add_message(request, level, text)
    return _back_to(file.batch)


def _result_messages(results: CheckedResults, *, proposed: bool) -> list[tuple[int, str]]:
    texts = []
    if results.good:
        text = _("Results recorded: %(count)s.")
        texts.append((messages.SUCCESS, text % {"count": len(results.good)}))
    if results.returned:
        texts.append(_what_became_of(len(results.returned), proposed=proposed))
    if results.contradicted:
        text = _(
            "Recorded as come back, and paid by the bank: %(count)s. A case is open for each of them; it "
            "says whether it was paid again, and what can be done."
        )
        texts.append((messages.WARNING, text % {"count": len(results.contradicted)}))
    if results.already:
        text = _("Recorded already, so nothing changed there: %(count)s.")
        texts.append((messages.INFO, text % {"count": len(results.already)}))
    text = _("Line %(line)s (%(payment)s) was not recorded: %(problem)s")
    for each in results.problems[:PROBLEMS_NAMED]:
        values = {"line": each.number, "payment": each.payment_id, "problem": each.text}
        texts.append((messages.ERROR, text % values))
    if (more := len(results.problems) - PROBLEMS_NAMED) > 0:
        texts.append((messages.ERROR, _("%(count)s more were refused.") % {"count": more}))
    return texts


def _what_became_of(returned: int, *, proposed: bool) -> tuple[int, str]:
    if proposed:
        text = _(
            "Reversals proposed: %(count)s. They wait for a second person, and until then count as paid."
        )
        return messages.SUCCESS, text % {"count": returned}
    text = _("Still paid, although the file says that they came back: %(count)s. No reversal was proposed.")
    return messages.WARNING, text % {"count": returned}


# --- Both


def _back_to(batch: PayoutBatch) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:referrals_payoutbatch_change", args=[batch.pk]))
