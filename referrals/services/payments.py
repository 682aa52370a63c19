"""Handing over what was taken out of Feishu to the paying side, and recording what became of it.

``_settle`` is the only writer of ``Withdrawal.state`` among taken, handed over, bounced and paid. Locks are
taken in the order of the plan: accounts, withdrawals, payments, each by their ids.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import BigIntegerField, Count, DecimalField, ExpressionWrapper, F, QuerySet, Sum, Value
from django.db.models.functions import Cast, Round
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import now
from hireops.desk import audit
from hireops.desk.errors import Refused
from referrals.models import Payment, PayoutBatch, ReferralAccount, Withdrawal, WithdrawalAmount
from referrals.payout_results import Line, read_results

TO_BE_PAID = [Withdrawal.State.TAKEN, Withdrawal.State.BOUNCED]
BEING_PAID = [Payment.State.HANDED_OVER, Payment.State.PAID]
LONGEST_REFERENCE = 255
LONGEST_REASON = 1000
REFUSALS_NAMED = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line of a results file can't be recorded, in the reader's language."""

    number: int
    payment_id: str
    text: str


@dataclass(slots=True)
class Results:
    """What a results file says. ``good`` lines can be recorded, or have just been; ``already`` recorded ones
    say the same again; ``waiting`` is how many have no result yet."""

    good: list[Line] = field(default_factory=list)
    already: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """How many payments of one batch, asset and state there are, and their sum."""

    batch: int
    asset: str
    state: str
    count: int
    sum: Decimal


# --- What there is to be paid


def to_be_paid() -> QuerySet[Withdrawal]:
    """Withdrawals whose money is here and with nobody else, the oldest first."""
    return Withdrawal.objects.filter(state__in=TO_BE_PAID).order_by("pk")


def unpaid_amounts(withdrawals: Iterable[Withdrawal]) -> dict[int, list[WithdrawalAmount]]:
    """By withdrawal: the amounts taken that are neither paid nor handed over, with their payments."""
    unpaid: dict[int, list[WithdrawalAmount]] = defaultdict(list)
    for amount in _amounts(withdrawals):
        if not any(payment.state in BEING_PAID for payment in amount.payments.all()):
            unpaid[amount.withdrawal_id].append(amount)
    return unpaid


def _amounts(withdrawals: Iterable[Withdrawal]) -> Iterable[WithdrawalAmount]:
    wanted = [withdrawal.pk for withdrawal in withdrawals]
    amounts = WithdrawalAmount.objects.filter(withdrawal__in=wanted, taken__gt=0)
    return amounts.order_by("withdrawal", "pk").prefetch_related("payments")


def figures(batches: Collection[int]) -> list[Figure]:
    """What is in these batches, exact to the cent: SQLite would add decimals as binary fractions."""
    cents = ExpressionWrapper(F("sum") * Value(100), DecimalField(max_digits=20, decimal_places=2))
    rows = (
        Payment.objects.filter(batch__in=batches)
        .order_by("batch", "asset", "state")
        .values_list("batch", "asset", "state")
        .annotate(count=Count("pk"), cents=Sum(Cast(Round(cents), BigIntegerField())))
    )
    return [
        Figure(batch, asset, state, count, Decimal(cents_).scaleb(-2))
        for batch, asset, state, count, cents_ in rows
    ]


# --- Handing over


def hand_over(withdrawals: Iterable[Withdrawal], *, by: User, note: str = "") -> PayoutBatch:
    """A new batch that pays what these withdrawals took and nobody has paid yet: one payment for each asset.

    Its payment IDs are those of contract 9.3, step 7. Raises ``Refused``, which names every withdrawal that
    is in the way, if one of them is not to be paid; then nothing is handed over.
    """
    wanted = {withdrawal.pk for withdrawal in withdrawals}
    with transaction.atomic():
        locked = _lock_withdrawals(wanted)
        unpaid = unpaid_amounts(locked)
        _refuse_what_is_not_to_be_paid(wanted, locked, unpaid)
        batch = PayoutBatch.objects.create(created_by=by, note=note.strip())
        order_ids = {withdrawal.pk: withdrawal.external_order_id for withdrawal in locked}
        Payment.objects.bulk_create(
            _payment(batch, amount, order_ids[pk]) for pk in sorted(unpaid) for amount in unpaid[pk]
        )
        _settle(locked)
        action = gettext_noop("withdrawals handed over for payment")
        audit.record(by=by, action=action, on=batch, reason=batch.note, withdrawals=sorted(wanted))
    return batch


def _lock_withdrawals(wanted: Collection[int]) -> list[Withdrawal]:
    accounts = ReferralAccount.objects.filter(withdrawals__in=wanted).values("pk")
    list(ReferralAccount.objects.select_for_update().filter(pk__in=accounts).order_by("pk"))
    return list(Withdrawal.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))


def _payment(batch: PayoutBatch, amount: WithdrawalAmount, order_id: str) -> Payment:
    assert amount.taken is not None  # noqa: S101  unpaid_amounts gives no other
    number = len(amount.payments.all()) + 1
    return Payment(
        batch=batch,
        amount=amount,
        payment_id=f"{order_id}-{amount.asset}-{number}",
        asset=amount.asset,
        sum=amount.taken,
    )


def _refuse_what_is_not_to_be_paid(
    wanted: Collection[int], locked: Sequence[Withdrawal], unpaid: Mapping[int, object]
) -> None:
    if not wanted:
        raise Refused(_("Nothing was handed over: choose at least one withdrawal."))
    bad = [each for each in locked if each.state not in TO_BE_PAID or each.pk not in unpaid]
    names = [*_why_not(bad), *(f"#{pk}" for pk in sorted(set(wanted) - {each.pk for each in locked}))]
    if not names:
        return
    more = "…" if len(names) > REFUSALS_NAMED else ""
    text = _("Nothing was handed over. These are not to be paid now: %(names)s. Choose again without them.")
    raise Refused(text % {"names": ", ".join(names[:REFUSALS_NAMED]) + more})


def _why_not(withdrawals: Sequence[Withdrawal]) -> list[str]:
    payments = Payment.objects.filter(amount__withdrawal__in=withdrawals).order_by("pk")
    batches = dict(payments.values_list("amount__withdrawal", "batch"))  # the newest of each
    return [
        _("#%(number)s (%(state)s, batch #%(batch)s)")
        % {"number": each.pk, "state": each.get_state_display(), "batch": batches[each.pk]}
        if each.pk in batches
        else _("#%(number)s (%(state)s)") % {"number": each.pk, "state": each.get_state_display()}
        for each in withdrawals
    ]


def _settle(withdrawals: Iterable[Withdrawal]) -> None:
    """Write the states that follow from the payments. The withdrawals are locked."""
    states: dict[int, list[set[str]]] = defaultdict(list)
    for amount in _amounts(withdrawals):
        states[amount.withdrawal_id].append({payment.state for payment in amount.payments.all()})
    groups: dict[Withdrawal.State, list[int]] = defaultdict(list)
    for pk, of_amounts in states.items():
        groups[_state(of_amounts)].append(pk)
    for state, pks in groups.items():
        Withdrawal.objects.filter(pk__in=pks, state__in=Withdrawal.TAKEN_OUT).exclude(state=state).update(
            state=state
        )


def _state(of_amounts: Collection[Collection[str]]) -> Withdrawal.State:
    """From the states of each amount's payments."""
    if any(Payment.State.HANDED_OVER in states for states in of_amounts):
        return Withdrawal.State.HANDED_OVER
    if all(Payment.State.PAID in states for states in of_amounts):
        return Withdrawal.State.PAID
    return Withdrawal.State.BOUNCED


# --- Recording results by hand


def record_paid(payment: Payment, *, by: User, reference: str) -> None:
    """The payment was made; ``reference`` finds it at the paying side. The same once more changes nothing.

    Raises ``Refused`` without a reference, or if another result is recorded already.
    """
    _record_one(payment, Line(0, payment.payment_id, Payment.State.PAID, reference.strip()), by)


def record_bounced(payment: Payment, *, by: User, reason: str, reference: str = "") -> None:
    """The payment came back, so its withdrawal is to be paid again. The same once more changes nothing.

    Raises ``Refused`` without a reason, or if another result is recorded already.
    """
    line = Line(0, payment.payment_id, Payment.State.BOUNCED, reference.strip(), reason.strip())
    _record_one(payment, line, by)


def _record_one(payment: Payment, line: Line, by: User) -> None:
    with transaction.atomic():
        results = _record(payment.batch, [line], by)
    if results.problems:
        raise Refused(results.problems[0].text)


def record_open_paid(batch: PayoutBatch, *, by: User, reference: str) -> int:
    """All payments of the batch that have no result yet were made, under one reference; how many they were.

    Raises ``Refused`` without a reference, or if every payment has its result.
    """
    with transaction.atomic():
        _lock_withdrawals(batch.payments.values_list("amount__withdrawal", flat=True))
        open_ones = batch.payments.filter(state=Payment.State.HANDED_OVER).order_by("pk")
        ids = open_ones.values_list("payment_id", flat=True)
        lines = [Line(0, payment_id, Payment.State.PAID, reference.strip()) for payment_id in ids]
        results = _record(batch, lines, by)
    if results.problems:
        raise Refused(results.problems[0].text)
    if not results.good:
        raise Refused(_("Every payment of this batch has its result already. Nothing was recorded."))
    return len(results.good)


# --- Recording results from a file


def check_results(batch: PayoutBatch, file: IO[bytes], file_name: str) -> Results:
    """What the paying side's file would record; nothing is written.

    Raises ``Refused`` if it can't be read. What is wrong with single lines is told in ``problems``.
    """
    return _judge(batch, read_results(file, file_name))


def record_results(batch: PayoutBatch, lines: Sequence[Line], *, by: User) -> Results:
    """Record those lines that are still right, looked at again under the lock."""
    with transaction.atomic():
        results = _record(batch, lines, by)
        if results.good:
            audit.record(
                by=by,
                action=gettext_noop("payment results taken in"),
                on=batch,
                results=Counter(str(line.state) for line in results.good),
            )
    return results


def take_in_results(batch: PayoutBatch, file: IO[bytes], file_name: str, *, by: User) -> Results:
    """Check a results file and record its good lines at once. The same file again changes nothing.

    Raises ``Refused`` if it can't be read.
    """
    return record_results(batch, read_results(file, file_name), by=by)


def _record(batch: PayoutBatch, lines: Sequence[Line], by: User) -> Results:
    payments = batch.payments.filter(payment_id__in=[line.payment_id for line in lines])
    withdrawals = _lock_withdrawals(set(payments.values_list("amount__withdrawal", flat=True)))
    locked = {each.payment_id: each for each in payments.select_for_update().order_by("pk")}
    results = _judge(batch, lines)
    moment = now()
    for line in results.good:
        payment = locked[line.payment_id]
        payment.state, payment.reference = str(line.state), line.reference
        payment.reason = line.reason if line.state == Payment.State.BOUNCED else ""
        payment.recorded_by, payment.recorded_at = by, moment
        payment.save(update_fields=["state", "reference", "reason", "recorded_by", "recorded_at"])
        _audit(payment, by)
    _settle(withdrawals)
    return results


def _audit(payment: Payment, by: User) -> None:
    paid = payment.state == Payment.State.PAID
    action = (
        gettext_noop("payment recorded as made") if paid else gettext_noop("payment recorded as come back")
    )
    audit.record(by=by, action=action, on=payment, reason=payment.reason, reference=payment.reference)


def _judge(batch: PayoutBatch, lines: Sequence[Line]) -> Results:
    """Sort the lines into those to record, those recorded already and those that are wrong."""
    ids = [line.payment_id for line in lines]
    payments = {each.payment_id: each for each in Payment.objects.filter(payment_id__in=ids)}
    said = [line for line in lines if not line.says_nothing]
    times = Counter(line.payment_id for line in said)
    results = Results(waiting=len(lines) - len(said))
    for line in said:
        payment = payments.get(line.payment_id)
        if problem := _problem(batch, line, payment, times[line.payment_id]):
            results.problems.append(Problem(line.number, line.payment_id, problem))
        elif payment and payment.state == Payment.State.HANDED_OVER:
            results.good.append(line)
        else:
            results.already.append(line)
    return results


def _problem(batch: PayoutBatch, line: Line, payment: Payment | None, times: int) -> str:
    """Why the line can't be recorded, or nothing."""
    if not line.payment_id:
        return _("There is no payment ID on this line.")
    if payment is None:
        return _("No payment has this ID. Compare it with the batch file.")
    if payment.batch_id != batch.pk:
        return _("This payment is not in this batch but in batch #%(batch)s.") % {"batch": payment.batch_id}
    if times > 1:
        return _("The payment is on %(times)s lines. Keep the one that is right.") % {"times": times}
    return _problem_of_content(line) or _problem_of_state(line, payment)


def _problem_of_content(line: Line) -> str:
    if line.state is None:
        return _("“%(word)s” is no result. Write paid (已打款) or bounced (退回).") % {"word": line.word}
    if line.state == Payment.State.PAID and not line.reference:
        return _("The reference of the payment is missing: without it nobody can find the payment again.")
    if line.state == Payment.State.BOUNCED and not line.reason:
        return _("The reason is missing: say why the payment came back.")
    if len(line.reference) > LONGEST_REFERENCE:
        return _("The reference has more than %(most)s characters.") % {"most": LONGEST_REFERENCE}
    if len(line.reason) > LONGEST_REASON:
        return _("The reason has more than %(most)s characters.") % {"most": LONGEST_REASON}
    return ""


def _problem_of_state(line: Line, payment: Payment) -> str:
    if payment.state == Payment.State.HANDED_OVER or _says_the_same(line, payment):
        return ""
    return _(
        "It is already recorded as “%(state)s” with the reference “%(reference)s”; what is recorded is not "
        "changed. If that is wrong, tell whoever made the payment."
    ) % {"state": payment.get_state_display(), "reference": payment.reference or "–"}


def _says_the_same(line: Line, payment: Payment) -> bool:
    """A payment made under another reference may have been made twice; why one came back may be reworded."""
    if line.state == Payment.State.PAID:
        return payment.state == Payment.State.PAID and line.reference == payment.reference
    return payment.state == Payment.State.BOUNCED
