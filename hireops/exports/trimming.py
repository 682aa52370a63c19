"""Files of exports go after some days, and what is known of the exports with other work of long ago."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from hireops.database import clock
from hireops.exports.models import Export

PIECE = 500


def trim() -> int:
    """How many files were removed: those that have been ready for ``EXPORTS_KEEP_DAYS``."""
    now = clock.now()
    ready = Export.objects.filter(state=Export.State.READY)
    over = ready.filter(finished_at__lt=now - timedelta(days=settings.EXPORTS_KEEP_DAYS))
    removed = 0
    for pk in over.order_by("pk").values_list("pk", flat=True):
        removed += _remove_file(pk)
    _forget(Export.objects.filter(finished_at__lt=now - timedelta(days=settings.JOBS_KEEP_DAYS)))
    return removed


def _remove_file(pk: int) -> int:
    with transaction.atomic():
        export = Export.objects.select_for_update(of=("self",)).get(pk=pk)
        export.pieces.all().delete()
        export.state = Export.State.GONE
        export.save(update_fields=["state"])
    return 1


def _forget(ended: QuerySet[Export]) -> None:
    """The audit keeps who had what."""
    ended = ended.exclude(state__in=[Export.State.WORKING, Export.State.READY])
    while piece := list(ended.order_by("pk").values_list("pk", flat=True)[:PIECE]):
        Export.objects.filter(pk__in=piece).delete()
