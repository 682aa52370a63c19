"""Which sheet of an Excel file is meant, and what else is in it."""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from openpyxl.packaging.relationship import get_dependents, get_rels_path

from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.header import Wanted, find_header
from hireops.spreadsheets.remarks import Remark, names, remark

CHUNK = 1024 * 1024
TAG = re.compile(rb"<(?:\w+:)?(row|col|f|autoFilter|mergeCell)\b([^>]*)>")
WITHOUT_VALUE = re.compile(
    rb"<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
ATTRIBUTE = re.compile(rb'\b(min|ref)="(?:[A-Z]+)?(\d+)')

Sample = Callable[[Any], Sequence[Sequence[str]]]


def choose_sheet(sheets: Sequence[Any], wanted: Wanted | None, called: str, sample: Sample) -> Any:
    """The sheet that is named, or else the visible one with the header and rows below it, or else the first
    visible one with text. Raises ``UnreadableFileError`` if several have it, or none is called so."""
    if called:
        named = [each for each in sheets if each.title.strip().casefold() == called.strip().casefold()]
        if not named:
            raise UnreadableFileError("no_such_sheet", names=names(each.title for each in sheets))
        return named[0]
    visible = [each for each in sheets if each.sheet_state == "visible"] or list(sheets)
    fitting = [each for each in visible if wanted and find_header(sample(each), wanted)]
    if len(fitting) > 1:
        fitting = [each for each in fitting if wanted and _has_rows(sample(each), wanted)] or fitting[:1]
    if len(fitting) > 1:
        raise UnreadableFileError("several_sheets", names=names(each.title for each in fitting))
    with_text = (each for each in visible if any(any(row) for row in sample(each)))
    return fitting[0] if fitting else next(with_text, visible[0])


def _has_rows(rows: Sequence[Sequence[str]], wanted: Wanted) -> bool:
    header = find_header(rows, wanted)
    return header is not None and any(any(row) for row in rows[header.row :])


# --- What else is in it


@dataclass(slots=True)
class _Marks:
    """What the XML of a sheet says beside its values."""

    hidden_rows: int = 0
    hidden_columns: list[int] = field(default_factory=list)
    has_filter: bool = False
    formulas: int = 0
    formulas_without_value: int = 0
    merged: list[int] = field(default_factory=list)  # the rows in which they begin


def sheet_remarks(
    file: IO[bytes], sheet: Any, header_row: int, sample: Sequence[Sequence[str]]
) -> Iterator[Remark]:
    """Of the sheet whose header is in that row (0 without one)."""
    path = sheet._worksheet_path  # noqa: SLF001 - openpyxl has no public name for it
    with zipfile.ZipFile(file) as archive:
        with archive.open(path) as part:
            marks = _marks(part)
        yield from _remarks_on_cells(marks, header_row, max(map(len, sample), default=0))
        yield from _remarks_on_parts(archive, path)


def _marks(part: IO[bytes]) -> _Marks:
    marks = _Marks()
    for piece in _pieces(part):
        marks.formulas_without_value += sum(1 for _found in WITHOUT_VALUE.finditer(piece))
        for found in TAG.finditer(piece):
            _note(marks, found[1], found[2])
    return marks


def _note(marks: _Marks, tag: bytes, attributes: bytes) -> None:
    match tag:
        case b"row":
            marks.hidden_rows += bool(HIDDEN.search(attributes))
        case b"col" if HIDDEN.search(attributes):
            marks.hidden_columns.append(_number(attributes))
        case b"f":
            marks.formulas += 1
        case b"autoFilter":
            marks.has_filter = True
        case b"mergeCell":
            marks.merged.append(_number(attributes))


def _pieces(part: IO[bytes]) -> Iterator[bytes]:
    """The XML, never cut within a cell."""
    rest = b""
    while chunk := part.read(CHUNK):
        text = rest + chunk
        end = text.rfind(b"</c>") + 4 if b"</c>" in text else text.rfind(b">") + 1
        yield text[:end]
        rest = text[end:]
    yield rest


def _number(attributes: bytes) -> int:
    found = ATTRIBUTE.search(attributes)
    return int(found[2]) if found else 0


def _remarks_on_cells(marks: _Marks, header_row: int, width: int) -> Iterator[Remark]:
    if marks.hidden_rows:
        yield remark("filtered_rows" if marks.has_filter else "hidden_rows", count=marks.hidden_rows)
    if any(column <= width for column in marks.hidden_columns):
        yield remark("hidden_columns")
    if with_value := marks.formulas - marks.formulas_without_value:
        yield remark("formulas", count=with_value)
    if marks.formulas_without_value:
        yield remark("formulas_without_value", count=marks.formulas_without_value)
    if merged := sum(row > header_row for row in marks.merged):
        yield remark("merged", count=merged)


def _remarks_on_parts(archive: zipfile.ZipFile, path: str) -> Iterator[Remark]:
    kinds = _kinds_of_parts(archive, path)
    drawn = [
        kind for drawing in kinds.get("drawing", []) for kind in _kinds_of_parts(archive, drawing).items()
    ]
    pictures = sum(len(targets) for kind, targets in drawn if kind == "image")
    charts = sum(len(targets) for kind, targets in drawn if kind == "chart")
    if pictures:
        yield remark("pictures", count=pictures)
    if charts:
        yield remark("charts", count=charts)
    if kinds.get("drawing") and not (pictures or charts):
        yield remark("drawings")
    if kinds.get("comments") or kinds.get("threadedComment"):
        yield remark("comments")


def _kinds_of_parts(archive: zipfile.ZipFile, path: str) -> dict[str, list[str]]:
    """What a part refers to: the last word of each kind, and where."""
    relations = get_rels_path(path)
    found: dict[str, list[str]] = {}
    if relations in archive.namelist():
        for each in get_dependents(archive, relations):
            found.setdefault(each.Type.rpartition("/")[2], []).append(each.target)
    return found
