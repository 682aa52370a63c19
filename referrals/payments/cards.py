"""What is to be paid, and which payments are to be reversed, on the home page."""

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from hireops.desk.cards import MOST_COUNTED, Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.ledger.totals import totals, totals_in_words
from referrals.models import Payment, Reversal, Withdrawal, WithdrawalAmount
from referrals.payments.rights import HAND_OVER, RECORD
from referrals.payouts.rights import APPROVE

State = Withdrawal.State


def payouts_to_pay(reader: Reader) -> Card | None:
    """Taken out of Feishu and not handed over for payment."""
    if not reader.has_perm(HAND_OVER):
        return None
    waiting = Withdrawal.objects.filter(state=State.TAKEN)
    count = counted(waiting)
    return Card(
        title=_("Payouts to be paid"),
        value=count,
        url=list_url("referrals_withdrawal", f"state__exact={State.TAKEN}"),
        tone="warn" if count else "ok",
        sums=_unpaid(waiting) if count else (),
        since=waiting.order_by("id").values_list("answered_at", flat=True).first() if count else None,
    )


def payouts_returned(reader: Reader) -> Card | None:
    """The bank has sent the money back, and it is to be handed over again."""
    if not reader.has_perm(HAND_OVER):
        return None
    waiting = Withdrawal.objects.filter(state=State.BOUNCED)
    count = counted(waiting)
    return Card(
        title=_("Payments that came back"),
        value=count,
        note=_("Find out why, then hand them over again.") if count else "",
        url=list_url("referrals_withdrawal", f"state__exact={State.BOUNCED}"),
        tone="bad" if count else "ok",
        sums=_unpaid(waiting) if count else (),
    )


def payments_without_a_result(reader: Reader) -> Card | None:
    """Handed over, and nobody has recorded whether they arrived."""
    if not reader.has_perm(RECORD):
        return None
    waiting = Payment.objects.filter(state=Payment.State.HANDED_OVER)
    count = counted(waiting)
    first = waiting.order_by("id").select_related("batch").first()
    return Card(
        title=_("Payments without a result"),
        value=count,
        url=list_url("referrals_payment", f"state__exact={Payment.State.HANDED_OVER}"),
        tone="busy" if count else "ok",
        since=first.batch.created_at if first else None,
    )


def _unpaid(withdrawals: QuerySet[Withdrawal]) -> list[str]:
    """Of the oldest of them, as many as are counted."""
    oldest = withdrawals.order_by("id").values("pk")[:MOST_COUNTED]
    amounts = WithdrawalAmount.objects.filter(withdrawal__in=oldest, taken__gt=0)
    being_paid = Payment.objects.filter(Payment.LIVE, amount__withdrawal__in=oldest).values("amount")
    return totals_in_words(totals(amounts.exclude(pk__in=being_paid), asset="asset", amount="taken"))


def reversals_to_confirm(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones. None while there are none at all."""
    if not (reader.has_perm(APPROVE) and reader.has_perm("referrals.view_reversal")):
        return None
    waiting = Reversal.objects.filter(state=Reversal.State.PROPOSED)
    if not settings.REFERRALS_SELF_APPROVAL:
        waiting = waiting.exclude(proposed_by=reader.pk)
    count = counted(waiting)
    if not count:
        return None
    return Card(
        title=_("Payments to be reversed"),
        value=count,
        note=_("Somebody says that the money has not arrived, and you are the second person."),
        url=list_url("referrals_reversal", f"state__exact={Reversal.State.PROPOSED}"),
        tone="warn",
    )
