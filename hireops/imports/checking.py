"""Reading the file of an import and comparing its rows with what is known, 500 at a time.

One that is taken up again reads on after the rows that were kept (``FileImport.rows``).
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import islice
from typing import Any

from django.utils.translation import gettext_noop

from hireops.imports import problems
from hireops.imports.kinds import B, ImportKind, R
from hireops.imports.models import REMARKS, SHEET, FileImport, ImportState
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Part, Step
from hireops.spreadsheets import tables
from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.header import ColumnNames, Columns, Wanted
from hireops.spreadsheets.reading import Table
from hireops.spreadsheets.tables import Line

CHECKED_AT_ONCE = 500
MOST_ROWS = 50_000


# --- Reading


def lines(
    batch: FileImport,
    opened: Callable[[], Table],
    *,
    most_rows: int = MOST_ROWS,
    without_header: Columns | None = None,
) -> Iterator[Line]:
    """The rows of the table below its header; at the end ``batch`` has what was noticed in it.

    Too many of them are counted before the first is kept. Raises ``UnreadableFileError``, as
    ``tables.lines``.
    """
    read = partial(tables.lines, most=most_rows, without_header=without_header)
    if not batch.rows:
        deque(read(opened()), maxlen=0)
    table = opened()
    yield from read(table)
    batch.problem_details = batch.problem_details | {REMARKS: [each.as_json() for each in table.remarks]}


def sheet_of(batch: FileImport) -> str:
    """The sheet that was named with the file; "" if none was."""
    return str(batch.problem_details.get(SHEET, ""))


def needs(names: ColumnNames, needed: AbstractSet[str]) -> Wanted:
    """A header is what names all the columns that are needed."""
    return Wanted(names, lambda columns: all(column in columns for column in needed))


# --- In parts


def parts(
    kind: ImportKind[B, R],
    job: Job,
    batch: B,
    found: Iterator[Line],
    *,
    row_of: Callable[[Line], R],
    compare: Callable[[Sequence[R]], None],
) -> Iterator[Part]:
    """Keep the rows that are not kept yet, then say that the import is checked, or why it can't be read."""
    try:
        left = islice(found, batch.rows, None)
        while given := list(islice(left, CHECKED_AT_ONCE)):
            yield partial(_keep, kind, job, batch, [_row(each, row_of) for each in given], compare)
        yield partial(_end, batch)
    except UnreadableFileError as why:
        yield partial(_end_as_unreadable, kind, batch, problem=why.key, problem_details=why.details)


def _row(line: Line, row_of: Callable[[Line], R]) -> R:
    """INVALID, too, if a cell of it holds nothing that could be a value."""
    row = row_of(line)
    for key, columns in line.faults().items():
        problems.note(row, key, **{key: columns})
    return row


def _keep(
    kind: ImportKind[B, R], job: Job, batch: B, rows: Sequence[R], compare: Callable[[Sequence[R]], None]
) -> Step:
    compare(rows)
    batch.rows += len(rows)
    batch.save(update_fields=["rows"])
    kind.rows._default_manager.bulk_create(rows)  # noqa: SLF001  public API
    job.done = batch.rows
    return GO_ON


def _end(batch: B) -> Step:
    batch.state, batch.content = ImportState.CHECKED, None
    batch.save(update_fields=["state", "content", "problem_details"])
    return DONE


def _end_as_unreadable(kind: ImportKind[B, R], batch: B, **problem: Any) -> Step:
    ended = {"state": ImportState.UNREADABLE, "content": None, "rows": 0, **problem}
    kind.in_state(ImportState.CHECKING).filter(pk=batch.pk).update(**ended)
    kind.rows_of(batch).delete()
    return Step(outcome=Job.State.FAILED, reason=gettext_noop("The file can't be read."))
