"""Payouts that wait for somebody, on the home page."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from hireops.desk.cards import MOST_COUNTED, Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.ledger.totals import totals, totals_in_words
from referrals.models import Withdrawal, WithdrawalAmount
from referrals.payouts.services import age_of_doubt

# An answer comes within seconds; what takes longer than this is worth a look.
SLOW = timedelta(minutes=2)
LONG_IN_DOUBT = timedelta(hours=1)
State = Withdrawal.State


def payouts_to_approve(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones."""
    if not reader.has_perm("referrals.approve_withdrawal"):
        return None
    waiting = Withdrawal.objects.filter(state=State.REQUESTED)
    if not settings.REFERRALS_SELF_APPROVAL:
        waiting = waiting.exclude(requested_by=reader.pk)
    count = counted(waiting)
    return Card(
        title=_("Payouts waiting for approval"),
        value=count,
        url=list_url("referrals_withdrawal", f"state__exact={State.REQUESTED}"),
        tone="warn" if count else "ok",
        sums=_asked_for(waiting) if count else (),
        since=waiting.order_by("id").values_list("requested_at", flat=True).first() if count else None,
    )


def _asked_for(withdrawals: QuerySet[Withdrawal]) -> list[str]:
    """Of the oldest of them, as many as are counted; Feishu takes what there is when it is asked."""
    oldest = withdrawals.order_by("id").values("pk")[:MOST_COUNTED]
    amounts = WithdrawalAmount.objects.filter(withdrawal__in=oldest)
    return totals_in_words(totals(amounts, asset="asset", amount="seen"))


def payouts_without_answer(reader: Reader) -> Card | None:
    """Feishu may have taken the money out, and has not said so yet."""
    if not reader.has_perm("referrals.view_withdrawal"):
        return None
    undecided = Withdrawal.objects.filter(state__in=Withdrawal.UNDECIDED)
    oldest = undecided.order_by("decided_at").first()
    age = age_of_doubt(oldest) if oldest else timedelta(0)
    return Card(
        title=_("Payouts without an answer from Feishu"),
        value=counted(undecided),
        note=_doubt_in_words(age) if oldest else "",
        url=list_url("referrals_withdrawal", f"state__in={','.join(Withdrawal.UNDECIDED)}"),
        tone="bad" if age > LONG_IN_DOUBT else "warn" if age > SLOW else "ok",
        about="system",
    )


def _doubt_in_words(age: timedelta) -> str:
    hours, minutes = divmod(max(int(age.total_seconds()), 0) // 60, 60)
    return _(
        "The oldest for %(hours)s h %(minutes)s min. hireops asks again by itself, with the same ID."
    ) % {
        "hours": hours,
        "minutes": minutes,
    }
