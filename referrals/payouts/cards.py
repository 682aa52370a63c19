"""Payouts that wait for somebody, on the home page."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext as _

from hireops.desk.cards import MOST_COUNTED, Card, counted, list_url
from hireops.desk.display import duration
from hireops.desk.paging import at_most
from hireops.desk.staff import Reader
from referrals.ledger.totals import totals, totals_in_words
from referrals.models import Withdrawal, WithdrawalAmount
from referrals.payouts.second_person import what_waits_for_me
from referrals.payouts.services import age_of_doubt, to_decide

# An answer comes within seconds; what takes longer than this is worth a look.
SLOW = timedelta(minutes=2)
LONG_IN_DOUBT = timedelta(hours=1)
State = Withdrawal.State


def payouts_to_approve(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones."""
    if not reader.has_perm("referrals.approve_withdrawal"):
        return None
    waiting = to_decide(reader)
    oldest = dict(waiting.order_by("id").values_list("pk", "requested_at")[: MOST_COUNTED + 1])
    count = at_most(len(oldest), MOST_COUNTED)
    return Card(
        title=_("Payouts waiting for approval"),
        value=count,
        url=what_waits_for_me("referrals_withdrawal"),
        tone="warn" if count else "ok",
        sums=_asked_for(list(oldest)) if count else (),
        since=min(oldest.values(), default=None),
    )


def _asked_for(withdrawals: Sequence[int]) -> list[str]:
    """Of as many as are counted; Feishu takes what there is when it is asked."""
    amounts = WithdrawalAmount.objects.filter(withdrawal__in=withdrawals[:MOST_COUNTED])
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
    text = _("The oldest for %(age)s. hireops asks again by itself, with the same ID.")
    return text % {"age": duration(age)}
