"""XLSX files, read with openpyxl.

openpyxl has no public way to read a sheet's rows without filling up gaps, to know the number format of each
cell at little cost, or to read a file as *Strict Open XML*. What is taken of its inside is in this module.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any
from xml.etree import ElementTree

from openpyxl.cell.text import Text
from openpyxl.packaging.manifest import Override
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS

from hireops.spreadsheets.cells import as_text
from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.excel import unescape_formula

MOST_COLUMNS = 256
SHEETS = "xl/worksheets/"
HEAD = 64 * 1024  # of a part, in which its namespaces are named
RELATIONS = "_rels/.rels"
# A file that is saved as Strict Open XML names all the same with other words.
STRICT = b"http://purl.oclc.org/ooxml/"
TRANSITIONAL = {
    STRICT + b"spreadsheetml/main": b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    STRICT + b"officeDocument/": b"http://schemas.openxmlformats.org/officeDocument/2006/",
}
STRING, FORMULA, FILL = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "f", "fill"))
PATTERN_FILL = f"{{{SHEET_MAIN_NS}}}patternFill"


class _Archive(zipfile.ZipFile):
    """An archive whose parts read as openpyxl expects them."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self._is_strict = False
        self._is_strict = RELATIONS in self.namelist() and STRICT in super().read(RELATIONS)

    def open(self, name: Any, *how: Any, **options: Any) -> Any:
        part: Any = super().open(name, *how, **options)
        called = str(getattr(name, "filename", name))
        if self._is_strict and called.endswith((".xml", ".rels")):
            is_sheet = called.startswith(SHEETS) and called.endswith(".xml")
            part = _Continued(_transitional(part.read(HEAD if is_sheet else -1)), part)
        return _with_whole_fills(part) if called == ARC_STYLE else part


class _Continued(io.RawIOBase):
    """``head``, then the rest of ``part``."""

    def __init__(self, head: bytes, part: IO[bytes]) -> None:
        self._head, self._part = io.BytesIO(head), part

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size is None or size < 0:
            return self._head.read() + self._part.read()
        return self._head.read(size) or self._part.read(size)


def _transitional(content: bytes) -> bytes:
    for strict, usual in TRANSITIONAL.items():
        content = content.replace(strict, usual)
    return content


def _with_whole_fills(part: IO[bytes]) -> IO[bytes]:
    """Some programs write a fill without saying of what kind, which openpyxl does not take."""
    styles = ElementTree.fromstring(part.read())  # noqa: S314  expat bounds entities, as for openpyxl
    for fill in styles.iter(FILL):
        if not len(fill):
            ElementTree.SubElement(fill, PATTERN_FILL)
    return io.BytesIO(ElementTree.tostring(styles))


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive = _Archive(file)

    def read_strings(self) -> None:
        """As they stand in the file: openpyxl drops ``x005F_``, so that it can't be decoded any more."""
        found: Override | None = self.package.find(SHARED_STRINGS)
        if found is None:
            return
        with self.archive.open(found.PartName[1:]) as part:
            for _event, element in ElementTree.iterparse(part):  # noqa: S314  as above
                if element.tag == STRING:
                    self.shared_strings.append(Text.from_tree(element).content)
                    element.clear()


def open_workbook(file: IO[bytes]) -> Any:
    reader = _Reader(file)
    reader.read()
    return reader.wb


# --- The rows of a sheet


@dataclass(slots=True)
class Marks:
    """What stands in a sheet beside its values."""

    hidden_rows: int = 0
    hidden_columns: list[int] = field(default_factory=list)
    has_filter: bool = False
    formulas: int = 0
    formulas_without_value: int = 0
    merged: list[int] = field(default_factory=list)  # the rows in which they begin
    has_far_columns: bool = False


class SheetParser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    """The rows of a sheet that are in the file, with their numbers, and at the end its ``marks``."""

    def __init__(self, sheet: Any, part: IO[bytes]) -> None:
        book = sheet.parent
        super().__init__(
            part,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        self._formats: dict[int, str] = {}
        self._book = book
        self.marks = Marks()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        last = 0
        for number, cells in self.parse():
            if number <= last:
                raise UnreadableFileError("broken_xlsx")
            last = number
            hidden = self.row_dimensions.pop(str(number), {}).get("hidden")
            self.marks.hidden_rows += hidden in {"1", "true"}
            yield number, self._texts(cells)
        self._note_the_rest()

    def parse_cell(self, element: Any) -> Any:
        cell = super().parse_cell(element)
        if element.find(FORMULA) is not None:
            self.marks.formulas += 1
            self.marks.formulas_without_value += cell["value"] is None
        return cell

    def _texts(self, cells: list[dict[str, Any]]) -> list[str]:
        row: list[str] = []
        for cell in cells:
            text = as_text(cell["value"], self._format(cell["style_id"]))
            if not text:
                continue
            if cell["column"] <= len(row):
                raise UnreadableFileError("broken_xlsx")
            if cell["column"] > MOST_COLUMNS:
                self.marks.has_far_columns = True
                break
            row.extend([""] * (cell["column"] - 1 - len(row)))
            row.append(unescape_formula(text) if type(text) is str else text)
        return row

    def _format(self, style: int) -> str:
        if style not in self._formats:
            number = self._book._cell_styles[style].numFmtId  # noqa: SLF001
            self._formats[style] = (
                self._book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE]  # noqa: SLF001
                if number >= BUILTIN_FORMATS_MAX_SIZE
                else BUILTIN_FORMATS.get(number, "")
            )
        return self._formats[style]

    def _note_the_rest(self) -> None:
        columns = self.column_dimensions.values()
        self.marks.hidden_columns = [
            int(each["min"]) for each in columns if each.get("hidden") in {"1", "true"}
        ]
        self.marks.has_filter = getattr(self, "auto_filter", None) is not None
        merged = self.merged_cells.mergeCell if self.merged_cells else []
        self.marks.merged = [each.min_row for each in merged]
