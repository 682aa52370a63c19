"""Which sheet of an Excel file is meant, and what else is in it."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from openpyxl.packaging.relationship import get_dependents, get_rels_path

from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.header import NumberedRow, Wanted, find_header
from hireops.spreadsheets.remarks import Remark, names, remark
from hireops.spreadsheets.workbooks import MOST_COLUMNS, Marks

Sample = Callable[[Any], Sequence[NumberedRow]]


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
    with_text = (each for each in visible if any(any(row) for _number, row in sample(each)))
    return fitting[0] if fitting else next(with_text, visible[0])


def _has_rows(rows: Sequence[NumberedRow], wanted: Wanted) -> bool:
    header = find_header(rows, wanted)
    return header is not None and any(any(row) for number, row in rows if number > header.row)


# --- What else is in it


def sheet_remarks(sheet: Any, marks: Marks, header_row: int, width: int) -> Iterator[Remark]:
    """Of the sheet whose header is in that row (0 without one) and has so many columns."""
    yield from _remarks_on_cells(marks, header_row, width)
    yield from _remarks_on_parts(sheet.parent._archive, sheet._worksheet_path)  # noqa: SLF001  as in workbooks


def _remarks_on_cells(marks: Marks, header_row: int, width: int) -> Iterator[Remark]:
    if marks.hidden_rows:
        yield remark("filtered_rows" if marks.has_filter else "hidden_rows", count=marks.hidden_rows)
    if any(column <= width for column in marks.hidden_columns):
        yield remark("hidden_columns")
    if marks.has_far_columns:
        yield remark("far_columns", most=MOST_COLUMNS)
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
