"""What must always be true of withdrawals and the calls that take them, as queries."""

from collections.abc import Iterator

from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from hireops.outbox.models import Call
from referrals.models import Withdrawal
from referrals.payouts.services import WITHDRAW

MOST_SENTENCES = 100


def withdrawals_are_sent_under_their_order_id() -> Iterator[str]:
    """The order ID is what makes a withdrawal happen once. A call that was emptied names none any more."""
    sent_as = KeyTextTransform("external_order_id", "call__payload")
    sent = Withdrawal.objects.annotate(sent_as=sent_as)
    other = sent.filter(sent_as__isnull=False).exclude(sent_as=F("external_order_id"))
    for withdrawal in other.order_by("pk")[:MOST_SENTENCES]:
        yield f"withdrawal {withdrawal.pk} has another order ID than call {withdrawal.call_id} has sent"


def calls_that_take_have_their_withdrawal() -> Iterator[str]:
    calls = Call.objects.filter(operation=WITHDRAW, withdrawal__isnull=True)
    for pk in calls.order_by("pk").values_list("pk", flat=True)[:MOST_SENTENCES]:
        yield f"call {pk} takes a withdrawal that is gone"
