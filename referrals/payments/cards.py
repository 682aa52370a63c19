"""What is to be paid, and which payments are to be reversed, on the home page."""

from collections.abc import Sequence

from django.db.models import Min
from django.utils.translation import gettext as _

from hireops.desk.cards import MOST_COUNTED, Card, counted, counted_with, list_url
from hireops.desk.paging import at_most
from hireops.desk.staff import Reader
from referrals.ledger.totals import totals, totals_in_words
from referrals.models import Payment, Withdrawal, WithdrawalAmount
from referrals.payments import reversing
from referrals.payments.rights import HAND_OVER, RECORD
from referrals.payouts.rights import APPROVE
from referrals.payouts.second_person import what_waits_for_me

State = Withdrawal.State


def payouts_to_pay(reader: Reader) -> Card | None:
    """Taken out of Feishu and not handed over for payment."""
    if not reader.has_perm(HAND_OVER):
        return None
    waiting = Withdrawal.objects.filter(state=State.TAKEN)
    oldest = dict(waiting.order_by("id").values_list("pk", "answered_at")[: MOST_COUNTED + 1])
    count = at_most(len(oldest), MOST_COUNTED)
    return Card(
        title=_("Payouts to be paid"),
        value=count,
        url=list_url("referrals_withdrawal", f"state__exact={State.TAKEN}"),
        tone="warn" if count else "ok",
        sums=_unpaid(list(oldest)) if count else (),
        since=min(filter(None, oldest.values()), default=None),
    )


def payouts_returned(reader: Reader) -> Card | None:
    """The bank has sent the money back, or the payment was reversed: it is to be handed over again."""
    if not reader.has_perm(HAND_OVER):
        return None
    waiting = Withdrawal.objects.filter(state=State.BOUNCED)
    oldest = list(waiting.order_by("id").values_list("pk", flat=True)[: MOST_COUNTED + 1])
    count = at_most(len(oldest), MOST_COUNTED)
    return Card(
        title=_("Payouts to be paid again"),
        value=count,
        note=_("Find out why, then hand them over again.") if count else "",
        url=list_url("referrals_withdrawal", f"state__exact={State.BOUNCED}"),
        tone="bad" if count else "ok",
        sums=_unpaid(oldest) if count else (),
    )


def payments_without_a_result(reader: Reader) -> Card | None:
    """Handed over, and nobody has recorded whether they arrived."""
    if not reader.has_perm(RECORD):
        return None
    waiting = Payment.objects.filter(state=Payment.State.HANDED_OVER)
    found = counted_with(waiting.order_by("id"), since=Min("batch__created_at"))
    count = found["count"]
    return Card(
        title=_("Payments without a result"),
        value=count,
        url=list_url("referrals_payment", f"state__exact={Payment.State.HANDED_OVER}"),
        tone="busy" if count else "ok",
        since=found["since"],
    )


def _unpaid(withdrawals: Sequence[int]) -> list[str]:
    """Of as many as are counted. By their keys: PostgreSQL joins what a subquery gives to all amounts."""
    oldest = withdrawals[:MOST_COUNTED]
    amounts = WithdrawalAmount.objects.filter(withdrawal__in=oldest, taken__gt=0)
    being_paid = Payment.objects.filter(Payment.LIVE, amount__withdrawal__in=oldest).values("amount")
    return totals_in_words(totals(amounts.exclude(pk__in=being_paid), asset="asset", amount="taken"))


def reversals_to_confirm(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones. None while there are none at all."""
    if not (reader.has_perm(APPROVE) and reader.has_perm("referrals.view_reversal")):
        return None
    count = counted(reversing.to_decide(reader))
    if not count:
        return None
    return Card(
        title=_("Returns and reversals to confirm"),
        value=count,
        note=_("Somebody says that the money has not arrived, and you are the second person."),
        url=what_waits_for_me("referrals_reversal"),
        tone="warn",
    )
