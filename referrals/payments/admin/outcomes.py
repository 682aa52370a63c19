"""The table by which somebody sees whose money a result is about, before it is recorded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from hireops.contacts import mask
from hireops.desk.display import linked, state_badge
from referrals.ledger.assets import amount_in_words, asset_label, in_order, in_words
from referrals.models import Payment

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be recorded of a payment. ``line`` is where a file says so; ``note`` is for who confirms."""

    payment: Payment
    state: Payment.State
    line: int = 0
    reference: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """An outcome in the reader's words, the person masked."""

    line: int
    employee: str
    account: str
    payment: str
    withdrawal: str
    asset: str
    sum: str
    badge: SafeString
    reference: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class OutcomeTotal:
    """How many of one asset have one outcome, and how much they are."""

    badge: SafeString
    asset: str
    count: int
    sum: str


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """``summary`` says the totals in a sentence, such as *paid CNY 1,123.00; came back points 20*."""

    rows: Sequence[OutcomeRow]
    not_shown: int
    totals: Sequence[OutcomeTotal]
    summary: str
    from_a_file: bool

    @property
    def count(self) -> int:
        return len(self.rows) + self.not_shown


def outcome_table(outcomes: Sequence[Outcome]) -> OutcomeTable:
    """The totals are of all, also of those that a long table does not show."""
    sums: dict[Payment.State, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for each in outcomes:
        sums[each.state][each.payment.asset].append(each.payment.sum)
    return OutcomeTable(
        rows=[_row(each) for each in outcomes[:MOST_SHOWN]],
        not_shown=max(len(outcomes) - MOST_SHOWN, 0),
        totals=[
            _total(state, asset, found[asset]) for state, found in sums.items() for asset in in_order(found)
        ],
        summary="; ".join(_in_a_sentence(state, found) for state, found in sums.items()),
        from_a_file=any(each.line for each in outcomes),
    )


def in_title(payment: Payment) -> str:
    """“张* · CNY 12.30”: whose it is and how much, the person masked."""
    return " · ".join(
        part for part in (mask(payment.payee_name), in_words(payment.asset, payment.sum)) if part
    )


def _row(outcome: Outcome) -> OutcomeRow:
    payment, withdrawal = outcome.payment, outcome.payment.amount.withdrawal
    return OutcomeRow(
        line=outcome.line,
        employee=mask(payment.payee_name),
        account=linked(withdrawal.account, withdrawal.account.account_id),
        payment=linked(payment),
        withdrawal=linked(withdrawal, f"#{withdrawal.pk}"),
        asset=asset_label(payment.asset),
        sum=amount_in_words(payment.asset, payment.sum),
        badge=state_badge(outcome.state),
        reference=outcome.reference,
        reason=outcome.reason,
        note=outcome.note,
    )


def _total(state: Payment.State, asset: str, sums: Sequence[Decimal]) -> OutcomeTotal:
    total = amount_in_words(asset, sum(sums, Decimal(0)))
    return OutcomeTotal(state_badge(state), asset_label(asset), len(sums), total)


def _in_a_sentence(state: Payment.State, found: Mapping[str, Sequence[Decimal]]) -> str:
    sums = " · ".join(in_words(asset, sum(found[asset], Decimal(0))) for asset in in_order(found))
    return f"{state.label} {sums}"
