"""A file is uploaded, confirmed and discarded. Whoever calls one rings for ``hireops.jobs.tasks.work``."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.imports.checking import CHECKED_AT_ONCE
from hireops.imports.kinds import B, ImportKind, R
from hireops.imports.models import LONGEST_GIVEN, SHEET, FileImport, ImportState
from hireops.jobs import services as jobs
from hireops.spreadsheets.errors import reason_unreadable

MOST_BYTES = 10 * 1024 * 1024
DISCARDED = gettext_noop("import discarded")


def upload(
    kind: ImportKind[B, R],
    file: IO[bytes],
    file_name: str,
    *,
    by: User,
    most_bytes: int = MOST_BYTES,
    sheet: str = "",
    **about: Any,
) -> B:
    """Keep the file; a worker checks it. Raises ``Refused`` for one that is too large, without reading on.

    ``sheet`` is which of its sheets is meant, if somebody has said so; ``about`` are the import's columns.
    """
    content = file.read(most_bytes + 1)
    if not content:
        raise Refused(reason_unreadable("empty", {}))
    if len(content) > most_bytes:
        raise Refused(too_large(most_bytes))
    with transaction.atomic():
        batch = kind.batches(file_name=file_name[-LONGEST_GIVEN:], content=content, uploaded_by=by, **about)
        batch.problem_details = {SHEET: sheet} if sheet else {}
        batch.save(force_insert=True)
        jobs.start(kind.check_job, about=batch, by=by)
        audit.record(by=by, action=kind.uploaded, on=batch, bytes=len(content))
    return batch


def too_large(most_bytes: int) -> str:
    text = _("The file has more than %(most)s MB. Split it into smaller ones and upload them one by one.")
    return text % {"most": most_bytes // 1024 // 1024}


def confirm(
    kind: ImportKind[B, R], batch: B, *, by: User, refuse: Callable[[B], None] = lambda batch: None
) -> B:
    """Have the READY rows of a checked import take effect. Raises ``Refused`` in another state, or if there
    are none.

    ``refuse(batch)`` is asked last, and raises ``Refused`` for what else is against it.
    """
    with transaction.atomic():
        batch = kind.locked(batch.pk)
        if batch.state != ImportState.CHECKED:
            raise Refused(
                _("Only an import that has been checked, and not been confirmed, can be confirmed.")
            )
        ready = kind.rows_of(batch, state=kind.ready).count()
        if not ready:
            raise Refused(str(kind.nothing_ready))
        refuse(batch)
        batch.state, batch.confirmed_by, batch.confirmed_at = kind.applying, by, clock.now()
        batch.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        jobs.start(kind.apply_job, about=batch, by=by, total=ready)
        audit.record(by=by, action=gettext_noop("import confirmed"), on=batch, ready=ready)
        return batch


def discard(kind: ImportKind[B, R], batch: B, *, by: User | None, reason: str = "", **of_rows: Any) -> B:
    """Leave it, or of one that is being applied all that is not done yet.

    ``of_rows`` are columns of the rows that it takes along, beside their state.
    """
    with transaction.atomic():
        batch = kind.locked(batch.pk)
        if not may_be_discarded(kind, batch):
            raise Refused(_("This import has ended. There is nothing left to be discarded."))
        left = kind.rows_of(batch, state__in=kind.discarded_with_it)
        discarded = left.update(state=kind.discarded, **of_rows)
        audit.record(by=by, action=DISCARDED, on=batch, reason=reason, rows=discarded)
        if batch.state != kind.applying:
            batch.state, batch.finished_at = ImportState.DISCARDED, clock.now()
            batch.content = None
            batch.save(update_fields=["state", "finished_at", "content"])
            jobs.end_all(batch)
        return batch


def may_be_discarded(kind: ImportKind[B, R], batch: FileImport) -> bool:
    """Whether it makes sense to offer it; ``discard`` looks again."""
    return batch.state in {ImportState.CHECKING, ImportState.CHECKED, kind.applying}


# --- What a person sees of it


def counts(kind: ImportKind[B, R], batch: FileImport) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(kind.rows_of(batch).values_list("state").annotate(Count("pk")))


def problem_rows(kind: ImportKind[B, R], batch: FileImport) -> QuerySet[R]:
    """Rows that somebody has to look at, in the order of the file."""
    return kind.rows_of(batch).exclude(problem="").exclude(state=kind.there_already).order_by("line")


def rows_there_already(kind: ImportKind[B, R], batch: FileImport) -> QuerySet[R]:
    """Rows that change nothing, in the order of the file: they are no problem."""
    return kind.rows_of(batch, state=kind.there_already).order_by("line")


def file_of_problems(
    header: Sequence[str],
    rows: QuerySet[R],
    given: Callable[[R], Sequence[str]],
    reason: Callable[[R], str],
) -> Iterator[list[str]]:
    """The rows as they were given, for the file that goes back, each with its line and its reason."""
    yield list(header)
    for row in rows.iterator(chunk_size=CHECKED_AT_ONCE):
        yield [str(row.line or ""), *given(row), reason(row)]
