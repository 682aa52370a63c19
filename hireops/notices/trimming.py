"""Removing what was told long ago; the calls stay."""

from datetime import timedelta

from django.conf import settings

from hireops.database import clock
from hireops.notices.models import Message, Occasion

PIECE = 500


def trim() -> None:
    before = clock.now() - timedelta(days=settings.OUTBOX_KEEP_DAYS)
    messages = Message.objects.filter(created_at__lt=before).order_by("pk")
    while piece := list(messages.values_list("pk", flat=True)[:PIECE]):
        Message.objects.filter(pk__in=piece).delete()
    occasions = Occasion.objects.filter(over_at__lt=before, messages=None).order_by("pk")
    while piece := list(occasions.values_list("pk", flat=True)[:PIECE]):
        Occasion.objects.filter(pk__in=piece).delete()
