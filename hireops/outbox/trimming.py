"""Throwing away the content of old calls. The rows stay: they are evidence, and other rows refer to them."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, JSONField, Value, When

from hireops.database import clock
from hireops.outbox.models import Attempt, Call

PIECE = 500

# A call that has succeeded has an answer (call_done_has_an_answer); an empty one from here on.
_NO_ANSWER = Case(
    When(answer__isnull=True, then=F("answer")), default=Value({}, JSONField()), output_field=JSONField()
)


def trim() -> int:
    """How many calls were emptied: all that ended more than ``OUTBOX_KEEP_DAYS`` ago, piece by piece."""
    before = clock.now() - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    old = Call.objects.filter(finished_at__lt=before, trimmed_at=None).order_by("finished_at")
    trimmed = 0
    while piece := list(old.values_list("pk", flat=True)[:PIECE]):
        trimmed += _empty(piece)
    return trimmed


def _empty(piece: list[int]) -> int:
    """One short transaction, in which nobody can send one of these calls again."""
    with transaction.atomic():
        ended = Call.objects.select_for_update().filter(pk__in=piece, finished_at__isnull=False)
        keys = list(ended.values_list("pk", flat=True))
        # The database lets an attempt lose its content only with that of its call.
        emptied = Call.objects.filter(pk__in=keys).update(
            payload={}, answer=_NO_ANSWER, trimmed_at=clock.now()
        )
        Attempt.objects.filter(call__in=keys).update(request=None, response=None)
        return emptied
