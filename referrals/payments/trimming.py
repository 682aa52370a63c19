"""Emptying whom the paying side was told to pay, once no law needs it any more. Sums and results stay."""

from datetime import timedelta

from django.conf import settings

from hireops.database import clock
from hireops.desk import retention
from referrals.models import Payment


def empty_payees() -> int:
    """How many payments were emptied: those whose result was recorded so long ago."""
    before = clock.now() - timedelta(days=settings.REFERRALS_KEEP_PAYEES_DAYS)
    recorded = Payment.objects.filter(recorded_at__lt=before, emptied_at=None)
    return retention.empty(recorded.exclude(state=Payment.State.HANDED_OVER))
