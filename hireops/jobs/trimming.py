"""Removing long work that ended long ago. What it did is on its objects and in the audit.

What was canceled or failed stays if it was about an object: nothing else says there why it ended.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from hireops.database import clock
from hireops.jobs.models import Job

PIECE = 500


def trim() -> int:
    """How many were removed: all that ended more than ``JOBS_KEEP_DAYS`` ago, piece by piece."""
    before = clock.now() - timedelta(days=settings.JOBS_KEEP_DAYS)
    nobody_asks_why = Q(state=Job.State.DONE) | Q(subject_id=None)
    old = Job.objects.filter(nobody_asks_why, finished_at__lt=before)
    removed = 0
    while piece := list(old.order_by("pk").values_list("pk", flat=True)[:PIECE]):
        removed += old.filter(pk__in=piece).delete()[0]
    return removed
