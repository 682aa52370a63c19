"""Recording what became of payments: by hand, or from the paying side's file after a look at it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.actions import CONFIRM_FORM
from hireops.desk.admin import StaffAdmin
from hireops.desk.display import moment
from hireops.desk.errors import Refused
from hireops.desk.language import is_being_switched
from hireops.desk.staff import staff
from hireops.encryption import decrypt, encrypt
from hireops.imports.forms import LONGEST_SHEET
from hireops.spreadsheets.remarks import in_words
from referrals.ledger.assets import asset_label, in_order
from referrals.models import Payment, PayoutBatch, Reversal
from referrals.payments import recording
from referrals.payments.admin.outcomes import Outcome, in_title, outcome_table
from referrals.payments.recording import CheckedResults
from referrals.payments.results import AMOUNT, CURRENCY, LONGEST, PERSON, ResultLine, Results, read_results
from referrals.payments.returns import cause_of
from referrals.payments.services import PaymentTotal, payment_totals

if TYPE_CHECKING:
    _Uploaded = UploadedFile[bytes]
else:
    _Uploaded = UploadedFile

MOST_BYTES = 5 * 1024 * 1024
PURPOSE = "referrals.payments.results"
LONGEST_KEPT = 2_000_000  # Django takes forms of 2.5 MB
KEPT_FOR_S = 12 * 60 * 60
PROBLEMS_SHOWN = 500
PROBLEMS_NAMED = 10
PEOPLE = ("amount__withdrawal__account",)


@dataclass(frozen=True, slots=True)
class ResultsFile:
    """What was read from an uploaded file; ``offered`` is what its page has offered to record."""

    name: str
    read: Results
    offered: Sequence[ResultLine] = ()


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


class PaidForm(forms.Form):
    reference = forms.CharField(
        label=gettext_lazy("Reference of the payment"),
        max_length=LONGEST["reference"],
        help_text=gettext_lazy("The number under which the paying side or the bank finds the payment."),
    )


class AllPaidForm(PaidForm):
    """With a field for each total, which is typed as a sign that it was looked at.

    ``recording`` compares it, against what is open then. Signs and separators are as people write them.
    """

    def __init__(self, open_totals: Iterable[PaymentTotal], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.totals_of = {f"total-{each.asset}": each.asset for each in open_totals}
        for name, asset in self.totals_of.items():
            label = _("Type the total of %(asset)s") % {"asset": asset_label(asset)}
            box = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"})
            self.fields[name] = forms.CharField(label=label, max_length=40, widget=box)

    @property
    def typed(self) -> dict[str, str]:
        """By asset, of a valid form."""
        return {asset: self.cleaned_data[name] for name, asset in self.totals_of.items()}


class BouncedForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it came back"),
        max_length=LONGEST["reason"],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reference = forms.CharField(
        label=gettext_lazy("Reference of the payment"), max_length=LONGEST["reference"], required=False
    )


# --- By hand


def record_one(page: StaffAdmin, request: HttpRequest, pk: int, result: str) -> HttpResponse:
    """Asks for the reference or the reason of one payment's result, and records it."""
    payment = get_object_or_404(Payment.objects.select_related("batch", *PEOPLE), pk=pk)
    if result not in (Payment.State.PAID, Payment.State.BOUNCED):
        raise Http404
    paid = result == Payment.State.PAID
    form = (PaidForm if paid else BouncedForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        record = recording.record_paid if paid else recording.record_bounced
        return _recorded(
            request, payment.batch, lambda: record(payment, by=staff(request), **form.cleaned_data)
        )
    title = _("Record payment %(payment)s as made") if paid else _("Record payment %(payment)s as come back")
    consequence = (
        _("What is recorded can't be changed. The withdrawal is paid when all its payments are.")
        if paid
        else _(
            "What is recorded can't be changed. The withdrawal is to be paid again, with a new payment ID."
        )
    )
    table = outcome_table([Outcome(payment, Payment.State(result))])
    context = {"title": title % {"payment": in_title(payment)}, "consequence": consequence, "table": table}
    return _form_page(page, request, payment.batch, form, context)


def record_open(page: StaffAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for one reference for all payments of the batch without a result, and records them as made.

    Their totals have to be typed; if these are not right, the page asks for them again.
    """
    batch = get_object_or_404(PayoutBatch, pk=pk)
    form = AllPaidForm(open_totals(batch), request.POST or None)
    if request.method == "POST" and form.is_valid():
        reference, totals = form.cleaned_data["reference"], form.typed
        try:
            count = recording.record_open_paid(batch, by=staff(request), reference=reference, totals=totals)
        except Refused as refusal:
            form = AllPaidForm(open_totals(batch), request.POST)  # others may have recorded some meanwhile
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Recorded as made: %(count)s payments.") % {"count": count})
            return _back_to(batch)
    return _all_paid_page(page, request, batch, form)


def _all_paid_page(
    page: StaffAdmin, request: HttpRequest, batch: PayoutBatch, form: AllPaidForm
) -> HttpResponse:
    payments = batch.payments.filter(state=Payment.State.HANDED_OVER).select_related(*PEOPLE).order_by("pk")
    table = outcome_table([Outcome(payment, Payment.State.PAID) for payment in payments])
    if not table.count:
        messages.error(request, _("Every payment of this batch has its result already."))
        return _back_to(batch)
    consequence = _(
        "All payments without a result are recorded as made, under one reference. It can't be changed "
        "afterwards. Compare the totals with what the bank has paid, and type them."
    )
    title = _("Record all open payments as made")
    return _form_page(
        page, request, batch, form, {"title": title, "consequence": consequence, "table": table}
    )


def open_totals(batch: PayoutBatch) -> list[PaymentTotal]:
    """What has no result yet, of each asset, points first."""
    found = {
        each.asset: each for each in payment_totals([batch.pk]) if each.state == Payment.State.HANDED_OVER
    }
    return [found[asset] for asset in in_order(found)]


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
    """POST ``file``: shows what it would record; POST ``lines``, as that page has them: records them, and
    with ``propose`` also proposes to reverse those that were returned.

    Between the two the page keeps the lines, encrypted, for this batch and this person.
    """
    batch = get_object_or_404(PayoutBatch, pk=pk)
    if request.method != "POST":
        return _back_to(batch)
    try:
        if "lines" not in request.POST:
            return _preview(page, request, batch, _uploaded(request))
        file = _file_kept(request.POST["lines"], batch, request)
        if is_being_switched(request):
            return _preview(page, request, batch, file)
        return _record_lines(request, batch, file)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _back_to(batch)


def _uploaded(request: HttpRequest) -> ResultsFile:
    form = ResultsForm(request.POST, request.FILES)
    if not form.is_valid():
        raise Refused(" ".join(str(error) for errors in form.errors.values() for error in errors))
    file: _Uploaded = form.cleaned_data["file"]
    name = file.name or ""
    return ResultsFile(name, read_results(file, name, sheet=form.cleaned_data["sheet"]))


def _preview(page: StaffAdmin, request: HttpRequest, batch: PayoutBatch, file: ResultsFile) -> HttpResponse:
    results = recording.check_results(batch, file.read.lines)
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
        not_compared=list(_not_compared([*results.good, *results.returned])),
        remarks=in_words(file.read.remarks),
        problems=results.problems[:PROBLEMS_SHOWN],
        not_shown=max(len(results.problems) - PROBLEMS_SHOWN, 0),
        lines=_kept(file, results, batch, request),
        form_sent_again=CONFIRM_FORM,
    )


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


def _record_lines(request: HttpRequest, batch: PayoutBatch, file: ResultsFile) -> HttpResponse:
    propose = "propose" in request.POST
    results = recording.record_results(
        batch, file.offered, by=staff(request), file_name=file.name, propose=propose
    )
    for level, text in _result_messages(results, proposed=propose):
        messages.add_message(request, level, text)
    return _back_to(batch)


def _result_messages(results: CheckedResults, *, proposed: bool) -> list[tuple[int, str]]:
    texts = []
    if results.good:
        text = _("Results recorded: %(count)s.")
        texts.append((messages.SUCCESS, text % {"count": len(results.good)}))
    if results.returned:
        texts.append(_what_became_of(len(results.returned), proposed=proposed))
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


def _kept(file: ResultsFile, results: CheckedResults, batch: PayoutBatch, request: HttpRequest) -> str:
    """Encrypted, since the file may name people whom its reader sees masked elsewhere."""
    offered = [line.number for line in (*results.good, *results.returned)]
    lines = [_kept_line(line) for line in file.read.lines]
    of_file = [file.name, list(file.read.remarks), lines, offered]
    kept = encrypt(signing.dumps(of_file, salt=_salt(batch, request), compress=True), purpose=PURPOSE)
    if len(kept) > LONGEST_KEPT:
        raise Refused(_("The file says too much at once. Split it into smaller ones."))
    return kept


def _kept_line(line: ResultLine) -> list[Any]:
    state = str(line.state or "")
    said, faults = dict(line.said), dict(line.faults)
    return [line.number, line.payment_id, state, line.reference, line.reason, line.word, said, faults]


def _file_kept(kept: str, batch: PayoutBatch, request: HttpRequest) -> ResultsFile:
    try:
        name, remarks, kept_lines, offered = signing.loads(
            decrypt(kept, purpose=PURPOSE) or "", salt=_salt(batch, request), max_age=KEPT_FOR_S
        )
    except signing.BadSignature as error:
        raise Refused(_("Nothing was recorded: the page was too old. Upload the file again.")) from error
    lines = [_line(each) for each in kept_lines]
    numbers = set(offered)
    return ResultsFile(name, Results(lines, remarks), [line for line in lines if line.number in numbers])


def _line(kept: Sequence[Any]) -> ResultLine:
    number, payment_id, state, reference, reason, word, said, faults = kept
    recorded = Payment.State(state) if state else None
    return ResultLine(number, payment_id, recorded, reference, reason, word, said, faults)


def _salt(batch: PayoutBatch, request: HttpRequest) -> str:
    return f"referrals.results.{batch.pk}.{request.user.pk}"


# --- Both


def _back_to(batch: PayoutBatch) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:referrals_payoutbatch_change", args=[batch.pk]))
