"""Payouts that wait for somebody, on the home page."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk.cards import MOST_COUNTED, Card, counted, list_url
from hireops.desk.display import duration
from hireops.desk.paging import at_most
from hireops.desk.staff import Reader
from referrals.ledger.totals import totals, totals_in_words
from referrals.models import POINTS, Balance, Withdrawal
from referrals.payouts.rights import APPROVE, REQUEST
from referrals.payouts.second_person import what_waits_for_me
from referrals.payouts.services import age_of_doubt, rejected_lately, to_decide

# An answer comes within seconds; what takes longer than this is worth a look.
SLOW = timedelta(minutes=2)
LONG_IN_DOUBT = timedelta(hours=1)
REJECTED_IS_NEWS_FOR = timedelta(days=7)
State = Withdrawal.State


def payouts_to_approve(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones."""
    if not reader.has_perm(APPROVE):
        return None
    waiting = to_decide(reader).filter(state=State.REQUESTED)
    oldest = dict(waiting.order_by("id").values_list("pk", "requested_at")[: MOST_COUNTED + 1])
    count = at_most(len(oldest), MOST_COUNTED)
    return Card(
        title=_("Payouts waiting for approval"),
        value=count,
        url=f"{what_waits_for_me('referrals_withdrawal')}&state__exact={State.REQUESTED}",
        tone="warn" if count else "ok",
        sums=_balances_of(list(oldest)) if count else (),
        since=min(oldest.values(), default=None),
    )


def _balances_of(withdrawals: Sequence[int]) -> list[str]:
    """Of as many as are counted, what Feishu would take now."""
    is_asked_for = Q(asset=POINTS, account__withdrawals__takes_points=True) | (
        ~Q(asset=POINTS) & Q(account__withdrawals__takes_cash=True)
    )
    balances = Balance.objects.filter(
        is_asked_for, account__withdrawals__in=withdrawals[:MOST_COUNTED], amount__gt=0
    )
    return totals_in_words(totals(balances, asset="asset", amount="amount"))


def excess_to_acknowledge(reader: Reader) -> Card | None:
    """Withdrawals that wait for an approver to see how much Feishu took. None while there are none."""
    if not reader.has_perm(APPROVE):
        return None
    count = counted(to_decide(reader).exclude(state=State.REQUESTED))
    if not count:
        return None
    return Card(
        title=_("Payouts of more than was approved"),
        value=count,
        note=_("Feishu took more than was approved. They can be paid once you have acknowledged it."),
        url=f"{what_waits_for_me('referrals_withdrawal')}&state__in={State.TAKEN},{State.BOUNCED}",
        tone="warn",
    )


def my_rejected_requests(reader: Reader) -> Card | None:
    """Own requests that were rejected lately. None while there are none."""
    if not reader.has_perm(REQUEST):
        return None
    rejected = rejected_lately(clock.now() - REJECTED_IS_NEWS_FOR).filter(requested_by=reader.pk)
    if not (count := counted(rejected)):
        return None
    return Card(
        title=_("Your requests that were rejected"),
        value=count,
        note=_("In the last seven days. Their pages say by whom and why."),
        url=list_url(
            "referrals_withdrawal", f"state__exact={State.REJECTED}&requested_by__id__exact={reader.pk}"
        ),
        tone="warn",
    )


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
    text = _("The oldest for %(age)s. hireops asks again by itself, with the same ID.")
    return text % {"age": duration(age)}
