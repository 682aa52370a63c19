"""Emptying orders that ended long ago: whom they were about, what was filled in, and what results say.

States, times, packages and stages stay. What is open, or has something to be settled, keeps its candidate.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from bindings.models import BackgroundCheck, CheckUpdate
from bindings.reports.trimming import forget_attached
from hireops.database import clock
from hireops.desk import retention

PIECE = 500


def empty_candidates() -> int:
    """How many orders were emptied: those that ended more than ``CANDIDATES_KEEP_DAYS`` ago."""
    before = clock.now() - timedelta(days=settings.CANDIDATES_KEEP_DAYS)
    over = BackgroundCheck.objects.filter(ended_at__lt=before, emptied_at=None)
    unsettled = CheckUpdate.objects.filter(state__in=CheckUpdate.OPEN).values("background_check")
    emptied = retention.empty(over.exclude(pk__in=unsettled))
    _empty_updates()
    return emptied


def _empty_updates() -> None:
    """Results and reports, in many short transactions."""
    kept = CheckUpdate.objects.exclude(result="", reports=[])
    theirs = kept.filter(background_check__emptied_at__isnull=False).order_by("pk")
    after = 0
    while piece := list(theirs.filter(pk__gt=after).values_list("pk", flat=True)[:PIECE]):
        after = piece[-1]
        forget_attached(theirs.filter(pk__in=piece).values_list("reports", flat=True))
        with transaction.atomic():
            CheckUpdate.objects.filter(pk__in=piece).update(result="", reports=[])
