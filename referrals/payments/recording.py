"""Recording what became of payments: one by one, all of a batch, or from a file of results."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database.clock import now
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.people import payout_rights
from hireops.spreadsheets.cells import faults_in_words
from referrals.ledger.assets import in_order, in_words
from referrals.models import Payment, PayoutBatch
from referrals.payments import reversing
from referrals.payments.amounts import read_amount
from referrals.payments.comparison import difference
from referrals.payments.results import LONGEST, ResultLine
from referrals.payments.returns import cause_of, evidence_of, says_returned
from referrals.payments.rights import RECORD
from referrals.payments.services import lock_withdrawals, settle


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line of a results file can't be recorded, in the reader's language."""

    number: int
    payment_id: str
    text: str


@dataclass(slots=True)
class CheckedResults:
    """What a results file says. ``good`` lines can be recorded, or have just been; ``returned`` ones say that
    a payment recorded as made has come back, so that its reversal can be proposed, or just was; ``already``
    are those that say once more what is recorded or proposed; ``waiting`` is how many have no result yet.
    ``payments`` has those named, by ID."""

    good: list[ResultLine] = field(default_factory=list)
    returned: list[ResultLine] = field(default_factory=list)
    already: list[ResultLine] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    waiting: int = 0
    payments: dict[str, Payment] = field(default_factory=dict)


def record_paid(payment: Payment, *, by: User, reference: str) -> None:
    """The payment was made; ``reference`` finds it at the paying side. The same once more changes nothing.

    Raises ``Refused`` without a reference, or if another result is recorded already.
    """
    _record_one(payment, ResultLine(0, payment.payment_id, Payment.State.PAID, reference.strip()), by)


def record_bounced(payment: Payment, *, by: User, reason: str, reference: str = "") -> None:
    """The payment came back, so its withdrawal is to be paid again. The same once more changes nothing.

    Raises ``Refused`` without a reason, or if another result is recorded already.
    """
    line = ResultLine(0, payment.payment_id, Payment.State.BOUNCED, reference.strip(), reason.strip())
    _record_one(payment, line, by)


def _record_one(payment: Payment, line: ResultLine, by: User) -> None:
    with transaction.atomic():
        results = _record(payment.batch, [line], by)
    if results.problems:
        raise Refused(results.problems[0].text)
    if results.returned:
        raise Refused(_recorded_otherwise(results.payments[payment.payment_id]))


def record_open_paid(batch: PayoutBatch, *, by: User, reference: str, totals: Mapping[str, str]) -> int:
    """All payments of the batch that have no result yet were made, under one reference; how many they were.

    ``totals`` is what somebody has typed as their sum, by asset. Raises ``Refused`` if that is not what they
    add up to now, without a reference, or if every payment has its result.
    """
    with transaction.atomic():
        lock_withdrawals(batch.payments.values_list("amount__withdrawal", flat=True))
        open_ones = list(batch.payments.filter(state=Payment.State.HANDED_OVER).order_by("pk"))
        if not open_ones:
            raise Refused(_("Every payment of this batch has its result already. Nothing was recorded."))
        _refuse_other_totals(open_ones, totals)
        reference = reference.strip()
        lines = [ResultLine(0, each.payment_id, Payment.State.PAID, reference) for each in open_ones]
        results = _record(batch, lines, by)
    if results.problems:
        raise Refused(results.problems[0].text)
    return len(results.good)


def _refuse_other_totals(payments: Iterable[Payment], typed: Mapping[str, str]) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for payment in payments:
        sums[payment.asset] += payment.sum
    if typed.keys() != sums.keys() or any(read_amount(typed[asset], asset) != sums[asset] for asset in sums):
        text = _("Nothing was recorded. The payments without a result add up to %(totals)s: type just that.")
        totals = " · ".join(in_words(asset, sums[asset]) for asset in in_order(sums))
        raise Refused(text % {"totals": totals})


def record_results(
    batch: PayoutBatch, lines: Sequence[ResultLine], *, by: User, file_name: str = "", propose: bool = False
) -> CheckedResults:
    """Record those lines that are still right, looked at again under the lock.

    With ``propose`` the reversals of those that were returned are proposed, each with the line of the file as
    its evidence; nothing follows for these payments before somebody else has confirmed that.
    """
    with transaction.atomic():
        results = _record(batch, lines, by)
        for line in results.returned if propose else []:
            reversing.propose(
                results.payments[line.payment_id],
                by=by,
                cause=cause_of(line.reason),
                reason=evidence_of(line, file_name),
            )
        if results.good:
            audit.record(
                by=by,
                action=gettext_noop("payment results taken in"),
                on=batch,
                results=Counter(str(line.state) for line in results.good),
            )
    return results


def _record(batch: PayoutBatch, lines: Sequence[ResultLine], by: User) -> CheckedResults:
    payout_rights.refuse_until_in_effect(by, RECORD)
    payments = batch.payments.filter(payment_id__in=[line.payment_id for line in lines])
    withdrawals = lock_withdrawals(set(payments.values_list("amount__withdrawal", flat=True)))
    locked = {each.payment_id: each for each in payments.select_for_update().order_by("pk")}
    results = check_results(batch, lines)
    moment = now()
    for line in results.good:
        payment = locked[line.payment_id]
        payment.state, payment.reference = str(line.state), line.reference
        payment.reason = line.reason if line.state == Payment.State.BOUNCED else ""
        payment.recorded_by, payment.recorded_at = by, moment
        payment.save(update_fields=["state", "reference", "reason", "recorded_by", "recorded_at"])
        _audit(payment, by)
    settle(withdrawals)
    return results


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
    payments = {each.payment_id: each for each in named.prefetch_related("reversals")}
    said = [line for line in lines if not line.says_nothing]
    times = Counter(line.payment_id for line in said)
    results = CheckedResults(waiting=len(lines) - len(said), payments=payments)
    for line in said:
        payment = payments.get(line.payment_id)
        if problem := _problem(batch, line, payment, times[line.payment_id]):
            results.problems.append(LineProblem(line.number, line.payment_id, problem))
        elif payment and payment.state == Payment.State.HANDED_OVER:
            results.good.append(line)
        elif payment and says_returned(line, payment) and not reversing.why_not_reversed(payment):
            results.returned.append(line)
        else:
            results.already.append(line)
    return results


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
    return "" if says_returned(line, payment) else _recorded_otherwise(payment)


def _recorded_otherwise(payment: Payment) -> str:
    return _(
        "It is already recorded as “%(state)s” with the reference “%(reference)s”; what is recorded is not "
        "changed. If that is wrong, tell whoever made the payment."
    ) % {"state": payment.get_state_display(), "reference": payment.reference or "–"}


def _says_the_same(line: ResultLine, payment: Payment) -> bool:
    """A payment made under another reference may have been made twice; why one came back may be reworded."""
    if line.state == Payment.State.PAID:
        return payment.state == Payment.State.PAID and line.reference == payment.reference
    return payment.state == Payment.State.BOUNCED
