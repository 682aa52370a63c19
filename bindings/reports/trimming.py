"""Report files whose time is over: their bytes and names go. Links, digests and fetches stay."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from bindings.models import ReportFile, ReportLink
from bindings.reports import storage
from hireops.database import clock
from hireops.desk import retention
from hireops.error_location import error_location

logger = logging.getLogger(__name__)

PIECE = 200


def empty_reports() -> int:
    """How many files were emptied: those that were uploaded, and whose last link ended, so long ago."""
    before = clock.now() - timedelta(days=settings.REPORTS_KEEP_DAYS)
    needed = Q(revoked_at__isnull=True, expires_at__gte=before) | Q(revoked_at__gte=before)
    links = ReportLink.objects.filter(needed, file=OuterRef("pk"))
    return forget(ReportFile.objects.filter(~Exists(links), uploaded_at__lt=before))


def forget_attached(reports: Iterable[Sequence[Mapping[str, Any]]]) -> int:
    """Empty the files of what orders say of their reports (``sending.py``), when these are emptied.

    Not one that another link still gives: another order has it too.
    """
    links = [each["link"] for listed in reports for each in listed if "link" in each]
    good = ReportLink.objects.filter(revoked_at=None, expires_at__gt=clock.now(), file=OuterRef("pk"))
    files = ReportFile.objects.filter(pk__in=ReportLink.objects.filter(pk__in=links).values("file"))
    return forget(files.filter(~Exists(good)))


def forget(files: QuerySet[ReportFile]) -> int:
    """Empty these files now, as the order that they belong to is; how many they were.

    The row says first that they are gone, and their links that they have ended; then their bytes go, or, if
    the storage is away, in the next night.
    """
    emptied = retention.empty(files.filter(emptied_at=None))
    remove_bytes()
    return emptied


def remove_bytes() -> None:
    gone = ReportFile.objects.filter(emptied_at__isnull=False).exclude(file="").order_by("pk")
    after = 0
    while piece := list(gone.filter(pk__gt=after)[:PIECE]):
        after = piece[-1].pk
        for report in piece:
            _remove(report)


def _remove(report: ReportFile) -> None:
    try:
        storage.reports().delete(report.file.name or "")
    except Exception as error:  # noqa: BLE001 - each storage has its own errors
        logger.warning("report file %d is still in the storage: %s", report.pk, error_location(error))
    else:
        ReportFile.objects.filter(pk=report.pk).update(file="")
