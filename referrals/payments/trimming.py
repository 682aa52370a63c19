"""Emptying whom the paying side was told to pay, once no law needs it any more. Sums and results stay."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef

from hireops.database import clock
from hireops.desk import retention
from referrals.models import Payment, ResultsFile, Reversal

UNUSED_FOR = timedelta(days=1)


def empty_payees() -> int:
    """How many payments were emptied: those whose result was recorded so long ago, and is not disputed."""
    before = clock.now() - timedelta(days=settings.REFERRALS_KEEP_PAYEES_DAYS)
    recorded = Payment.objects.filter(recorded_at__lt=before, emptied_at=None)
    disputed = Reversal.objects.filter(payment=OuterRef("pk"), state=Reversal.State.PROPOSED)
    return retention.empty(recorded.exclude(state=Payment.State.HANDED_OVER).exclude(Exists(disputed)))


def empty_results_files() -> None:
    """Remove files from which nothing was recorded, and empty the others with the payees of their time."""
    now = clock.now()
    files = ResultsFile.objects.filter(emptied_at=None)
    files.filter(recorded_at=None, uploaded_at__lt=now - UNUSED_FOR).delete()
    before = now - timedelta(days=settings.REFERRALS_KEEP_PAYEES_DAYS)
    files.filter(recorded_at__lt=before, uploaded_at__lt=before).update(content=b"", name="", emptied_at=now)
