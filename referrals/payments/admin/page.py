"""What a batch holds and how far it is: the totals of the list, and its page with every payment."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hireops.desk.display import linked, state_badge
from hireops.desk.paging import page_asked
from hireops.desk.revealing import shown_for
from hireops.desk.waiting import Waiting, share
from referrals.ledger.assets import amount_in_words, asset_label, in_order
from referrals.models import Payment, PayoutBatch, Reversal
from referrals.payments import recording, reversing, services
from referrals.payments.admin.results import ResultsForm
from referrals.payments.rights import RECORD

PAYMENTS_ON_A_PAGE = 100
SUMS = ("sum", "paid", "handed_over", "bounced", "reversed")


@dataclass(slots=True)
class AssetSums:
    """What a batch holds of one asset; the sums by state are called as the state is."""

    asset: str
    sum: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    handed_over: Decimal = Decimal(0)
    bounced: Decimal = Decimal(0)
    reversed: Decimal = Decimal(0)
    count: int = 0

    @property
    def label(self) -> str:
        return asset_label(self.asset)

    @property
    def shown(self) -> dict[str, str]:
        """The sums, as they are written."""
        return {name: amount_in_words(self.asset, getattr(self, name)) for name in SUMS}


@dataclass(slots=True)
class BatchSummary:
    """What is in a batch and how far it is, in the reader's words."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: list[AssetSums] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def summaries(batches: Collection[int]) -> dict[int, BatchSummary]:
    """By batch, for all of them with one query."""
    summed = _summed_up(services.payment_totals(batches))
    return {pk: summed.get(pk, BatchSummary()) for pk in batches}


def _summed_up(totals: Iterable[services.PaymentTotal]) -> dict[int, BatchSummary]:
    batches: dict[int, dict[str, list[services.PaymentTotal]]] = defaultdict(lambda: defaultdict(list))
    for each in totals:
        batches[each.batch][each.asset].append(each)
    return {pk: _summary(assets) for pk, assets in batches.items()}


def _summary(assets: dict[str, list[services.PaymentTotal]]) -> BatchSummary:
    summary = BatchSummary()
    for asset in in_order(assets):
        sums = AssetSums(asset)
        for each in assets[asset]:
            summary.counts[each.state] += each.count
            sums.count += each.count
            sums.sum += each.sum
            setattr(sums, each.state, each.sum)
        summary.sums.append(sums)
    return summary


def how_far(request: HttpRequest, batch: PayoutBatch) -> dict[str, Any]:
    """What the page of a batch shows."""
    summary = summaries([batch.pk])[batch.pk]
    shown = shown_for(request, batch)
    payments = batch.payments.select_related("amount__withdrawal__account", "recorded_by").order_by("pk")
    paginator = Paginator(payments.prefetch_related("reversals"), PAYMENTS_ON_A_PAGE)
    page = paginator.get_page(page_asked(request.GET.get("p")))
    return {
        "batch": batch,
        "summary": summary,
        "open": summary.counts["handed_over"],
        "without_a_result": recording.without_a_result(batch).count(),
        "paid": summary.counts["paid"],
        "bounced": summary.counts["bounced"],
        "reversed": summary.counts["reversed"],
        "to_be_decided": _to_be_decided(batch),
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_payment_row(payment, shown) for payment in page],
        "may_record": request.user.has_perm(RECORD),
        "results_form": ResultsForm(),
        "results_files": batch.results_files.filter(recorded_at__isnull=False).select_related("uploaded_by"),
    }


def waiting(batch: PayoutBatch) -> Waiting:
    """For the results, which others may record meanwhile."""
    counts = summaries([batch.pk])[batch.pk].counts
    open_count, total = counts["handed_over"], sum(counts.values())
    decided = [each.pk for each in _to_be_decided(batch)]
    says = share(_("Results recorded"), total - open_count, total)
    return Waiting(says, (sorted(counts.items()), decided), is_over=not open_count)


def _to_be_decided(batch: PayoutBatch) -> list[Reversal]:
    """The reversals of its payments that wait for a second person."""
    waiting = Reversal.objects.filter(payment__batch=batch, state=Reversal.State.PROPOSED)
    return list(waiting.select_related("payment").order_by("pk"))


def _payment_row(payment: Payment, shown: Callable[[str], str]) -> dict[str, Any]:
    withdrawal = payment.amount.withdrawal
    return {
        "payment": payment,
        "badge": state_badge(payment.standing),
        "why": payment.why_not_paid,
        "is_open": payment.state == Payment.State.HANDED_OVER,
        "is_undecided": payment.state == Payment.State.HANDED_OVER and not payment.open_reversal,
        "waiting": payment.open_reversal,
        "may_be_reversed": not reversing.why_not_reversed(payment),
        "withdrawal": linked(withdrawal, f"#{withdrawal.pk}"),
        "account": linked(withdrawal.account, withdrawal.account.account_id),
        "employee": shown(withdrawal.account.name),
        "asset": asset_label(payment.asset),
        "sum": amount_in_words(payment.asset, payment.sum),
    }
