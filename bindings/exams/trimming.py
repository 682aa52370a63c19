"""Emptying exams that ended long ago: whom they were about, and what of the messages names somebody.

States, times, scores and failure codes stay. What is open keeps its candidate.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from bindings.models import Exam, ExamUpdate
from bindings.reports.trimming import forget_attached
from hireops.database import clock
from hireops.desk import retention

PIECE = 500


def empty_candidates() -> int:
    """How many exams were emptied: those that ended more than ``CANDIDATES_KEEP_DAYS`` ago."""
    before = clock.now() - timedelta(days=settings.CANDIDATES_KEEP_DAYS)
    over = Exam.objects.filter(ended_at__lt=before, emptied_at=None)
    unsettled = ExamUpdate.objects.filter(state__in=ExamUpdate.NOT_ALONE).values("exam")
    emptied = retention.empty(over.exclude(pk__in=unsettled))
    _empty_updates()
    return emptied


def _empty_updates() -> None:
    """Links, logins, notes for the customer, parts and names of reports, in many short transactions."""
    kept = ExamUpdate.objects.exclude(access="", message="", details=[], reports=[])
    theirs = kept.filter(exam__emptied_at__isnull=False).order_by("pk")
    after = 0
    while piece := list(theirs.filter(pk__gt=after).values_list("pk", flat=True)[:PIECE]):
        after = piece[-1]
        forget_attached(theirs.filter(pk__in=piece).values_list("reports", flat=True))
        with transaction.atomic():
            rows = ExamUpdate.objects.filter(pk__in=piece)
            rows.update(access="", message="", details=[], reports=[])
