"""What must always be true of withdrawals that were ended without Feishu's answer, as queries."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from hireops.outbox.models import Attempt, Call
from referrals.models import Ending, Withdrawal

MOST_SENTENCES = 100
State = Withdrawal.State


def unanswered_withdrawals_were_ended_by_two() -> Iterator[str]:
    """Two people have said so, and nobody sends the order any more."""
    by_two = Ending.objects.filter(
        ~Q(decided_by=F("proposed_by")) | Q(withdrawal__self_approval__isnull=False),
        withdrawal=OuterRef("pk"),
        outcome=Ending.Outcome.NOT_DONE,
        state=Ending.State.CONFIRMED,
    )
    ended = Withdrawal.objects.filter(state=State.NOT_DONE).order_by("pk")
    for withdrawal in ended.exclude(Exists(by_two))[:MOST_SENTENCES]:
        yield f"withdrawal {withdrawal.pk} was ended as not done, but not by two people"
    still_owed = ended.filter(call__answer__isnull=True).exclude(call__state=Call.State.CANCELED)
    for withdrawal in still_owed[:MOST_SENTENCES]:
        yield f"withdrawal {withdrawal.pk} was ended as not done, but its order may still be sent"


def ended_orders_are_never_sent_again() -> Iterator[str]:
    """No request of an order left after two people had ended it. Taking in a late answer sends nothing."""
    later = Attempt.objects.filter(
        call=OuterRef("withdrawal__call"), started_at__gt=OuterRef("decided_at"), request__isnull=False
    )
    ended = Ending.objects.filter(outcome=Ending.Outcome.NOT_DONE, state=Ending.State.CONFIRMED)
    for ending in ended.filter(Exists(later)).order_by("pk")[:MOST_SENTENCES]:
        yield f"withdrawal {ending.withdrawal_id} was sent again after it had been ended as not done"
    revived = Withdrawal.objects.filter(
        Exists(ended.filter(withdrawal=OuterRef("pk"))), state__in=[*Withdrawal.OPEN, State.REFUSED]
    )
    for withdrawal in revived.order_by("pk")[:MOST_SENTENCES]:
        yield f"withdrawal {withdrawal.pk} was ended as not done, and is {withdrawal.state} again"
