"""The rows of a confirmed import take effect, a part of them in each transaction."""

from collections.abc import Callable, Sequence
from typing import Any

from hireops.database import bulk, clock
from hireops.imports.kinds import B, ImportKind, R
from hireops.imports.models import ImportedRow, ImportState
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Step

APPLIED_AT_ONCE = 200
CHANGED = ["state", "problem", "problem_details"]


def apply_next(
    kind: ImportKind[B, R],
    apply: Callable[[B, Sequence[R]], None],
    job: Job,
    *,
    at_once: int = APPLIED_AT_ONCE,
    also: Sequence[str] = (),
) -> Step:
    """Apply the next READY rows of the import, and end it when none is left.

    ``apply(batch, rows)`` does what they ask for and gives each its state and problem, which are saved here,
    with its columns ``also``. A row that stays READY would come again for ever.
    """
    batch = kind.locked(job.subject_pk)
    ready = kind.rows_of(batch, state=kind.ready).order_by("line")
    rows = list(ready.select_for_update(of=("self",))[:at_once])
    if not rows:
        return _end(batch)
    apply(batch, rows)
    bulk.update(kind.rows, [*CHANGED, *also], (_values(row, [*CHANGED, *also]) for row in rows))
    job.done += len(rows)
    return GO_ON


def _values(row: ImportedRow, columns: Sequence[str]) -> list[Any]:
    attributes = [row._meta.get_field(name).attname for name in columns]  # type: ignore[union-attr]  # noqa: SLF001
    return [row.pk, *(getattr(row, name) for name in attributes)]


def _end(batch: B) -> Step:
    batch.state, batch.finished_at = ImportState.DONE, clock.now()
    batch.save(update_fields=["state", "finished_at"])
    return DONE
