"""How to have people import a kind of file. Three rooms do: referrers, customers, messages about orders.

1. Tables: ``class CustomerImport(FileImport)`` and ``class CustomerImportRow(ImportedRow)`` (``models``), the
   row with ``batch``, a foreign key to the import with ``related_name="+"``, with the columns of the file as
   they were given, and with a unique constraint on ``batch`` and ``line``, and an index on ``batch``,
   ``state``, ``line``. States are ``ImportState`` and ``RowState``, unless the room has names of its own.
2. One ``ImportKind`` says what ``services`` and the pages need to know. The room's own ``upload`` calls
   ``services.upload(KIND, …)``, its ``confirm`` and ``discard`` likewise.
3. Long work (``jobs.py`` of the room, see ``hireops.jobs.registry``): ``check_job`` with ``parts=check``,
   ``one_at_a_time=True`` and ``under_way=lambda: KIND.in_state(ImportState.CHECKING)``, where

       def check(job: Job) -> Iterator[Part]:
           batch = KIND.batch(job)
           content, sheet = io.BytesIO(batch.content or b""), checking.sheet_of(batch)
           wanted = checking.needs(COLUMNS, {"code"})
           lines = checking.lines(batch, partial(open_table, content, batch.file_name, wanted, sheet=sheet))
           return checking.parts(KIND, job, batch, lines, row_of=row_of, compare=compare)

   ``row_of(line)`` makes a row of a line (``line.cell("code")``): READY, or INVALID with a problem.
   ``compare(rows)`` is called with up to 500 of them, in the transaction that keeps them: it compares them
   with what the database knows, earlier lines of the file included. So memory stays flat for any file.
   ``apply_job`` has ``repeated(partial(applying.apply_next, KIND, apply))`` and ``under_way`` of APPLYING:
   ``apply(batch, rows)`` does what READY rows ask for, in the transaction that counts them as done, and
   gives each its state (APPLIED, or INVALID with a problem that was none when it was checked).
4. Problems are keys with details (``problem``, ``problem_details``); ``problems.in_words`` makes sentences of
   them in the reader's language, from the texts of the room.
5. Pages: ``class CustomerImportAdmin(FileImportAdmin)`` (``admin``), with two staff actions named ``confirm``
   and ``discard``, and templates that extend ``upload.html`` and ``change_form.html`` of ``admin/imports``.
6. ``trimming.register(KIND)`` has the rows' personal data emptied some time after the import has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.utils.functional import Promise

from hireops.imports.models import FileImport, ImportedRow, ImportState, RowState
from hireops.jobs.models import Job

B = TypeVar("B", bound=FileImport)
R = TypeVar("R", bound=ImportedRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportKind(Generic[B, R]):
    """``uploaded`` is the action in the audit, marked with ``gettext_noop``; ``nothing_ready`` says what to
    do where no row can be confirmed. ``discarded_with_it`` are the states of rows that a discarded import
    takes along, ``applying`` is its state while the rows take effect.
    """

    batches: type[B]
    rows: type[R]
    check_job: str
    apply_job: str
    uploaded: str
    nothing_ready: str | Promise
    applying: str = ImportState.APPLYING
    ready: str = RowState.READY
    applied: str = RowState.APPLIED
    there_already: str = RowState.DUPLICATE
    discarded: str = RowState.DISCARDED
    discarded_with_it: Sequence[str] = (RowState.READY, RowState.INVALID, RowState.DUPLICATE)

    def batch(self, job: Job) -> B:
        """The import that long work is about, with the content of its file."""
        return self._batches().get(pk=job.subject_pk)

    def locked(self, pk: int) -> B:
        return self._batches().select_for_update().defer("content").get(pk=pk)

    def in_state(self, *states: str) -> QuerySet[B]:
        return self._batches().filter(state__in=states)

    def rows_of(self, batch: FileImport, **wanted: Any) -> QuerySet[R]:
        rows: QuerySet[R] = self.rows._default_manager.filter(batch=batch, **wanted)  # noqa: SLF001  public API
        return rows.order_by()

    def _batches(self) -> QuerySet[B]:
        batches: QuerySet[B] = self.batches._default_manager.all()  # noqa: SLF001  public API
        return batches
