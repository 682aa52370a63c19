"""Recording what became of payments: one by one, all of a batch, or from a file of results."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.contacts import mask
from hireops.database.clock import now
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.people import payout_rights
from hireops.spreadsheets.cells import faults_in_words
from referrals.ledger.assets import asset_label, in_order, in_words
from referrals.models import Payment, PayoutBatch, ResultsFile, Reversal
from referrals.payments import contradictions, reversing
from referrals.payments.amounts import read_amount
from referrals.payments.comparison import difference
from referrals.payments.results import LONGEST, ResultLine
from referrals.payments.returns import cause_of, evidence_of, says_returned
from referrals.payments.rights import RECORD
from referrals.payments.services import lock_withdrawals, settle

REUSED_NAMED = 5


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line of a results file can't be recorded, in the reader's language; the person is masked."""

    number: int
    payment_id: str
    text: str
    employee: str = ""
    sum: str = ""


@dataclass(slots=True)
class CheckedResults:
    """What a results file says. ``good`` lines can be recorded, or have just been; ``returned`` ones say that
    a payment recorded as made has come back, so that its reversal can be proposed, or just was;
    ``contradicted`` ones say that a payment recorded as come back was made, which opens a case; ``already``
    are those that say once more what is recorded or proposed; ``waiting`` is how many have no result yet.
    ``payments`` has those named, by ID."""

    good: list[ResultLine] = field(default_factory=list)
    returned: list[ResultLine] = field(default_factory=list)
    contradicted: list[ResultLine] = field(default_factory=list)
    already: list[ResultLine] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    waiting: int = 0
    payments: dict[str, Payment] = field(default_factory=dict)


def used_in_other_batches(batch: PayoutBatch, references: Collection[str]) -> list[Payment]:
    """One payment of each other batch that has one of these references, the newest batches first."""
    others = Payment.objects.filter(reference__in={each for each in references if each}).exclude(batch=batch)
    found = {each.batch_id: each for each in others.select_related("batch").order_by("pk")}
    return [found[pk] for pk in sorted(found, reverse=True)[:REUSED_NAMED]]


def record_paid(payment: Payment, *, by: User, reference: str, accept_reused: bool = False) -> None:
    """The payment was made; ``reference`` finds it at the paying side. The same once more changes nothing.

    Raises ``Refused`` without a reference, if another result is recorded or waits for a second person, and
    for a reference of another batch unless ``accept_reused``.
    """
    line = ResultLine(0, payment.payment_id, Payment.State.PAID, reference.strip())
    with transaction.atomic():
        results = _record(payment.batch, [line], by, accept_reused=accept_reused)
    if results.problems:
        raise Refused(results.problems[0].text)
    if results.contradicted:
        raise Refused(_recorded_otherwise(results.payments[payment.payment_id]))


def without_a_result(batch: PayoutBatch) -> QuerySet[Payment]:
    """Payments of the batch of which nobody has said what became of them."""
    waiting = Reversal.objects.filter(payment=OuterRef("pk"), state=Reversal.State.PROPOSED)
    return batch.payments.filter(~Exists(waiting), state=Payment.State.HANDED_OVER).order_by("pk")


def record_open_paid(
    batch: PayoutBatch,
    *,
    by: User,
    references: Mapping[str, str],
    totals: Mapping[str, str],
    accept_reused: bool = False,
) -> int:
    """All payments of the batch that have no result yet were made, under one reference for each asset; how
    many they were.

    ``totals`` is what somebody has typed as their sums, by asset. Raises ``Refused`` if that is not what they
    add up to now, without a reference, and if every payment has its result.
    """
    with transaction.atomic():
        lock_withdrawals(batch.payments.values_list("amount__withdrawal", flat=True))
        open_ones = list(without_a_result(batch))
        if not open_ones:
            raise Refused(_("Every payment of this batch has its result already. Nothing was recorded."))
        _refuse_other_totals(open_ones, totals)
        lines = [
            ResultLine(0, each.payment_id, Payment.State.PAID, references.get(each.asset, "").strip())
            for each in open_ones
        ]
        results = _record(batch, lines, by, accept_reused=accept_reused)
    if results.problems:
        raise Refused(results.problems[0].text)
    return len(results.good)


def _refuse_other_totals(payments: Iterable[Payment], typed: Mapping[str, str]) -> None:
    """The right totals are not told: who types them has added up what the bank has paid."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in payments:
        sums[payment.asset] += payment.sum
    assets = in_order(sums.keys() | typed.keys())
    wrong = [each for each in assets if read_amount(typed.get(each, ""), each) != sums.get(each)]
    if wrong:
        text = _(
            "Nothing was recorded. This is not what the payments without a result add up to: %(assets)s. "
            "Compare them with the bank's list one by one."
        )
        raise Refused(text % {"assets": ", ".join(map(asset_label, wrong))})


def record_results(
    batch: PayoutBatch,
    lines: Sequence[ResultLine],
    *,
    by: User,
    file: ResultsFile,
    propose: bool = False,
    accept_reused: bool = False,
) -> CheckedResults:
    """Record those lines that are still right, looked at again under the lock. The ``file`` is kept.

    With ``propose`` the reversals of those that were returned are proposed, each with the line of the file as
    its evidence; nothing follows for these payments before somebody else has confirmed that.
    """
    with transaction.atomic():
        results = _record(batch, lines, by, file=file, accept_reused=accept_reused)
        ResultsFile.objects.filter(pk=file.pk, recorded_at=None).update(recorded_at=now())
        for line in results.returned if propose else []:
            reversing.propose(
                results.payments[line.payment_id],
                by=by,
                cause=cause_of(line.reason),
                reason=evidence_of(line, file.name),
            )
        if results.good:
            audit.record(
                by=by,
                action=gettext_noop("payment results taken in"),
                on=batch,
                results=Counter(str(line.state) for line in results.good),
            )
    return results


def _record(
    batch: PayoutBatch,
    lines: Sequence[ResultLine],
    by: User,
    *,
    file: ResultsFile | None = None,
    accept_reused: bool,
) -> CheckedResults:
    payout_rights.refuse_until_in_effect(by, RECORD)
    payments = batch.payments.filter(payment_id__in=[line.payment_id for line in lines])
    withdrawals = lock_withdrawals(set(payments.values_list("amount__withdrawal", flat=True)))
    locked = {each.payment_id: each for each in payments.select_for_update().prefetch_related("reversals")}
    results = check_results(batch, lines)
    if not accept_reused:
        _refuse_reused(batch, results.good)
    moment = now()
    for line in results.good:
        _write_result(locked[line.payment_id], line, by, moment, file)
    for line in results.contradicted if file else []:
        payment = locked[line.payment_id]
        if payment.state == Payment.State.HANDED_OVER:
            _write_result(payment, line, by, moment, file)
        contradictions.open_for(payment, by=by, evidence=evidence_of(line, file.name if file else ""))
    settle(withdrawals)
    return results


def _refuse_reused(batch: PayoutBatch, lines: Iterable[ResultLine]) -> None:
    references = {line.reference for line in lines if line.state == Payment.State.PAID}
    if used := used_in_other_batches(batch, references):
        text = _("These references were used in other batches already: %(references)s. Nothing was recorded.")
        raise Refused(text % {"references": ", ".join(sorted({each.reference for each in used}))})


def _write_result(
    payment: Payment, line: ResultLine, by: User, moment: datetime, file: ResultsFile | None
) -> None:
    payment.state, payment.reference = str(line.state), line.reference
    payment.reason = line.reason if line.state == Payment.State.BOUNCED else ""
    payment.recorded_by, payment.recorded_at, payment.evidence = by, moment, file
    payment.save(update_fields=["state", "reference", "reason", "recorded_by", "recorded_at", "evidence"])
    _audit(payment, by)
    waiting = payment.open_reversal
    if waiting and line.state == Payment.State.BOUNCED:
        reversing.settle_by_file(waiting, by=by, evidence=evidence_of(line, file.name if file else ""))


def _audit(payment: Payment, by: User) -> None:
    paid = payment.state == Payment.State.PAID
    action = (
        gettext_noop("payment recorded as made") if paid else gettext_noop("payment recorded as come back")
    )
    audit.record(by=by, action=action, on=payment, reason=payment.reason, reference=payment.reference)


def check_results(batch: PayoutBatch, lines: Sequence[ResultLine]) -> CheckedResults:
    """What these lines of a file would record; nothing is written. What is wrong is in ``problems``."""
    ids = [line.payment_id for line in lines]
    named = Payment.objects.filter(payment_id__in=ids).select_related("amount__withdrawal__account")
    payments = {each.payment_id: each for each in named.prefetch_related("reversals", "cases")}
    said = [line for line in lines if not line.says_nothing]
    times = Counter(line.payment_id for line in said)
    results = CheckedResults(waiting=len(lines) - len(said), payments=payments)
    for line in said:
        payment = payments.get(line.payment_id)
        if problem := _problem(batch, line, payment, times[line.payment_id]):
            results.problems.append(_line_problem(line, payment, problem))
        elif payment:
            _kind(results, line, payment).append(line)
    return results


def _kind(results: CheckedResults, line: ResultLine, payment: Payment) -> list[ResultLine]:
    """The list that a line without a problem belongs to."""
    if contradictions.contradicts(line, payment):
        return results.already if payment.cases.all() else results.contradicted
    if payment.state == Payment.State.HANDED_OVER:
        return results.good
    if says_returned(line, payment) and not reversing.why_not_reversed(payment):
        return results.returned
    return results.already


def _line_problem(line: ResultLine, payment: Payment | None, text: str) -> LineProblem:
    name = payment.payee_name if payment else line.said.get("employee", "")
    amount = in_words(payment.asset, payment.sum) if payment else line.said.get("amount", "")
    shown = LONGEST["payment_id"]
    return LineProblem(line.number, line.payment_id[:shown], text, mask(name[:shown]), amount[:shown])


def _problem(batch: PayoutBatch, line: ResultLine, payment: Payment | None, times: int) -> str:
    """Why the line can't be recorded, or nothing."""
    if line.faults:
        return faults_in_words(line.faults)
    if not line.payment_id:
        return _("There is no payment ID on this line.")
    if payment is None:
        return _("No payment has this ID. Compare it with the batch file.")
    if payment.batch_id != batch.pk:
        return _("This payment is not in this batch but in batch #%(batch)s.") % {"batch": payment.batch_id}
    if times > 1:
        return _("The payment is on %(times)s lines. Keep the one that is right.") % {"times": times}
    return _problem_of_content(line) or difference(line, payment) or _problem_of_state(line, payment)


def _problem_of_content(line: ResultLine) -> str:
    if line.state is None:
        return _("“%(word)s” is no result. Write paid (已打款) or bounced (退回).") % {"word": line.word}
    if line.state == Payment.State.PAID and not line.reference:
        return _("The reference of the payment is missing: without it nobody can find the payment again.")
    if line.state == Payment.State.BOUNCED and not line.reason:
        return _("The reason is missing: say why the payment came back.")
    if len(line.reference) > LONGEST["reference"]:
        return _("The reference has more than %(most)s characters.") % {"most": LONGEST["reference"]}
    if line.contradicts_itself:
        text = _("The line contradicts itself: the result is “%(word)s” and the reason “%(reason)s”.")
        return text % {"word": line.word or line.state.label, "reason": line.reason}
    return ""


def _problem_of_state(line: ResultLine, payment: Payment) -> str:
    if payment.state == Payment.State.HANDED_OVER or _says_the_same(line, payment):
        return ""
    if says_returned(line, payment) or contradictions.contradicts(line, payment):
        return ""
    return _recorded_otherwise(payment)


def _recorded_otherwise(payment: Payment) -> str:
    if payment.state == Payment.State.HANDED_OVER:
        return _("Somebody has said already that this payment came back. It waits for a second person.")
    return _(
        "It is already recorded as “%(state)s” with the reference “%(reference)s”; what is recorded is not "
        "changed. If that is wrong, tell whoever made the payment."
    ) % {"state": payment.standing.label, "reference": payment.reference or "–"}


def _says_the_same(line: ResultLine, payment: Payment) -> bool:
    """A payment made under another reference may have been made twice; why one came back may be reworded."""
    if line.state == Payment.State.PAID:
        return payment.state == Payment.State.PAID and line.reference == payment.reference
    return payment.state == Payment.State.BOUNCED
