"""The long work of an export: its keys are gathered once, then its rows are written, a piece at a time.

Each piece is kept with the progress that it is, so whoever takes the work up again goes on with the next.
"""

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from hireops.database import clock
from hireops.desk.display import moment
from hireops.desk.exporting import texts_of
from hireops.encryption import encrypt_bytes
from hireops.exports import services
from hireops.exports.lists import CannotBeExportedError, ListSeen
from hireops.exports.models import Export, ExportPiece
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Part, Step
from hireops.spreadsheets import in_pieces
from hireops.spreadsheets.in_pieces import CsvTable, SheetTable, Table, Written

ROWS_OF_A_PIECE = 1000
FIRST = 1  # what an XLSX file has before its rows is number 0
PIECES_AT_ONCE = 100
PROGRESS = ["rows", "length", "checksum", "compressed"]
MOST_TRIES = 5

FAILED_AGAIN = gettext_noop(
    "It failed again and again. Whoever looks after hireops finds why in the log of the worker."
)
TOO_MANY_ROWS = gettext_noop(
    "An XLSX file has no room for so many rows. Narrow the list by a filter, or take CSV."
)
TABLES: dict[Export.Format, Table] = {Export.Format.XLSX: SheetTable(), Export.Format.CSV: CsvTable()}


def parts(job: Job) -> Iterator[Part]:
    export = Export.objects.select_related("asked_by").get(pk=job.subject_pk)
    if job.tries > MOST_TRIES:
        yield partial(_fail, export, FAILED_AGAIN)
        return
    try:
        with override(export.language):
            listed = services.list_of(export)
            header = list(texts_of(listed.columns))
        if header != export.header:  # also where a column has come meanwhile: a new currency, say
            yield partial(_begin, job, export, header, _gathered(listed, export))
        yield from _written(job, export, listed)
    except CannotBeExportedError as error:
        yield partial(_fail, export, error.reason)


def _gathered(listed: ListSeen, export: Export) -> list[list[Any]]:
    with override(export.language):
        pieces = list(listed.keys(ROWS_OF_A_PIECE))
    rows = sum(map(len, pieces))
    if export.format == Export.Format.XLSX and rows >= in_pieces.MOST_ROWS_OF_A_SHEET:
        raise CannotBeExportedError(TOO_MANY_ROWS)
    return pieces or [[]]


def _begin(job: Job, export: Export, header: list[str], pieces: list[list[Any]]) -> Step:
    export.pieces.all().delete()
    gathered = (ExportPiece(export=export, number=at, keys=keys) for at, keys in enumerate(pieces, FIRST))
    ExportPiece.objects.bulk_create(gathered, batch_size=PIECES_AT_ONCE)
    export.header = header
    export.rows = export.length = export.checksum = export.compressed = 0
    export.save(update_fields=["header", *PROGRESS])
    job.done, job.total = 0, sum(map(len, pieces))
    return GO_ON


# --- Rows


def _written(job: Job, export: Export, listed: ListSeen) -> Iterator[Part]:
    while piece := export.pieces.filter(is_written=False).order_by("number").first():
        content, written = _piece(export, listed, piece)
        yield partial(_keep, job, export, piece, content, written)
    if export.format == Export.Format.XLSX and export.length > in_pieces.MOST_BYTES_OF_A_SHEET:
        raise CannotBeExportedError(TOO_MANY_ROWS)
    yield partial(_finish, export, *_whole(export))


def _piece(export: Export, listed: ListSeen, piece: ExportPiece) -> tuple[bytes, Written]:
    table = TABLES[Export.Format(export.format)]
    with override(export.language):
        rows = listed.rows(piece.keys, in_the_clear=export.in_the_clear)
    if piece.number == FIRST:
        return in_pieces.first_piece(table, export.header, rows, Written())
    return in_pieces.next_piece(table, rows, _so_far(export))


def _so_far(export: Export) -> Written:
    return Written(export.rows + 1, export.length, export.checksum)


def _keep(job: Job, export: Export, piece: ExportPiece, content: bytes, written: Written) -> Step:
    job.done += len(piece.keys)
    piece.content, piece.keys, piece.is_written = encrypt_bytes(content), [], True
    piece.save(update_fields=["content", "keys", "is_written"])
    export.rows, export.length, export.checksum = written.rows - 1, written.length, written.checksum
    export.compressed += len(content)
    export.save(update_fields=PROGRESS)
    return GO_ON


# --- The end


def _whole(export: Export) -> tuple[dict[int, bytes], str, int]:
    """By number the pieces that are still missing; SHA-256 and length of the file with them."""
    table, number = TABLES[Export.Format(export.format)], export.pieces.count() + FIRST
    last, written = in_pieces.last_piece(table, len(export.header), _so_far(export))
    pieces = chain(services.pieces_of(export), [last])
    if export.format == Export.Format.CSV:
        return {number: last}, *_digest(in_pieces.unpacked(pieces))
    with override(export.language):
        about = _("About this file"), _about(export)
        compressed = export.compressed + len(last)
        before, after = in_pieces.around_the_sheet(written, compressed, export.list_name, about)
    missing = {FIRST - 1: before, number: last, number + 1: after}
    return missing, *_digest(chain([before], pieces, [after]))


def _digest(contents: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for content in contents:
        digest.update(content)
        size += len(content)
    return digest.hexdigest(), size


def _finish(export: Export, missing: dict[int, bytes], sha256: str, size: int) -> Step:
    ExportPiece.objects.bulk_create(
        ExportPiece(export=export, number=number, is_written=True, content=encrypt_bytes(content))
        for number, content in missing.items()
    )
    export.sha256, export.size = sha256, size
    export.state, export.finished_at = Export.State.READY, clock.now()
    export.save(update_fields=["sha256", "size", "state", "finished_at"])
    return DONE


def _about(export: Export) -> list[list[Any]]:
    """Whoever finds the file knows what it is."""
    people = _("in the clear") if export.in_the_clear else _("masked")
    return [
        [_("List"), export.list_name],
        *[[label, text] for label, text in export.narrowed],
        [_("Rows"), export.rows],
        [_("Personal data"), people],
        [capfirst(_("asked for by")), str(export.asked_by)],
        [capfirst(_("asked for")), f"{moment(export.asked_at)} ({settings.TIME_ZONE})"],
    ]


def _fail(export: Export, reason: str) -> Step:
    services.end(export, Export.State.FAILED, reason)
    return Step(outcome=Job.State.FAILED, reason=reason)
