"""Rows of imports that ended long ago are emptied of what is about people. The files are not kept at all."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from hireops.database import clock
from hireops.desk import retention
from hireops.imports import services
from hireops.imports.kinds import ImportKind
from hireops.imports.models import ImportState

_kinds: list[ImportKind[Any, Any]] = []


def register(kind: ImportKind[Any, Any]) -> None:
    """Have the rows of this kind emptied, which nothing refers to once they are applied."""
    _kinds.append(kind)


def empty_rows() -> int:
    """How many were emptied: all of imports that ended more than ``IMPORTS_KEEP_DAYS`` ago. One that nobody
    has confirmed in that time is discarded first; its rows follow as long after."""
    before = clock.now() - timedelta(days=settings.IMPORTS_KEEP_DAYS)
    for kind in _kinds:
        for batch in kind.in_state(ImportState.CHECKED).filter(uploaded_at__lt=before).defer("content"):
            services.discard(kind, batch, by=None)
    return sum(retention.empty(_rows_over(kind, before)) for kind in _kinds)


def _rows_over(kind: ImportKind[Any, Any], before: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = kind.rows._default_manager.filter(emptied_at=None)  # noqa: SLF001  public API
    return rows.filter(batch__finished_at__lt=before)
