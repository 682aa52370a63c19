"""Tables of any length as CSV or XLSX, written piece by piece: each piece is compressed as it is made.

A piece depends on none before it but for a few figures (``Written``), so whoever goes on with a file needs
no more than these, and nobody ever holds all of it. No cell is one that Excel would take for a formula.
"""

import codecs
import csv
import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Protocol

from openpyxl.utils import get_column_letter

from hireops.invisible import without_invisible
from hireops.spreadsheets.cells import escape_xstring
from hireops.spreadsheets.excel import MOST_DIGITS, escape_formula
from hireops.spreadsheets.writing import width_of

Value = str | int | Decimal | date | datetime | None
Row = Sequence[Value]

MOST_ROWS_OF_A_SHEET = 1_048_576  # with its header
MOST_BYTES_OF_A_SHEET = 2**32 - 1
LONGEST_CELL = 32_767
LONGEST_TITLE = 31
NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")
# What XML cannot say; control characters have gone with what is invisible.
NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  Excel knows no time zones
SECONDS_OF_A_DAY = 86_400
LEVEL = 6


@dataclass(frozen=True, slots=True)
class Written:
    """How far a table is: its rows with their header, and its bytes before they were compressed."""

    rows: int = 0
    length: int = 0
    checksum: int = 0


class Table(Protocol):
    """How the pieces of a format read."""

    def begins(self, header: Sequence[str], first: Sequence[Row]) -> str:
        """All before the header."""

    def header(self, header: Sequence[str]) -> str: ...

    def rows(self, rows: Sequence[Row], before: int) -> str:
        """``before`` rows stand above these."""

    def ends(self, rows: int, columns: int) -> str: ...


def first_piece(
    table: Table, header: Sequence[str], rows: Sequence[Row], written: Written
) -> tuple[bytes, Written]:
    """Columns are as wide as what is in these rows."""
    text = table.begins(header, rows) + table.header(header) + table.rows(rows, 1)
    return _packed(text, written, 1 + len(rows))


def next_piece(table: Table, rows: Sequence[Row], written: Written) -> tuple[bytes, Written]:
    return _packed(table.rows(rows, written.rows), written, len(rows))


def last_piece(table: Table, columns: int, written: Written) -> tuple[bytes, Written]:
    return _packed(table.ends(written.rows, columns), written, 0, is_last=True)


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The table as it was before it was compressed."""
    for piece in pieces:
        yield zlib.decompressobj(-zlib.MAX_WBITS).decompress(piece)


def _packed(text: str, written: Written, rows: int, *, is_last: bool = False) -> tuple[bytes, Written]:
    """Pieces one after the other are one stream: each but the last ends on a byte, and none looks back."""
    content = text.encode("utf-8", errors="replace")
    packing = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packing.compress(content) + packing.flush(zlib.Z_FINISH if is_last else zlib.Z_FULL_FLUSH)
    now = Written(written.rows + rows, written.length + len(content), zlib.crc32(content, written.checksum))
    return piece, now


# --- CSV ---------------------------------------------------------------------------------------------------


class CsvTable:
    """For Excel: UTF-8 with its mark, every text quoted, formulas escaped; amounts are plain numbers."""

    def begins(self, header: Sequence[str], first: Sequence[Row]) -> str:
        return codecs.BOM_UTF8.decode()

    def header(self, header: Sequence[str]) -> str:
        return self.rows([header], 0)

    def rows(self, rows: Sequence[Row], before: int) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows([_plain(value) for value in row] for row in rows)
        return text.getvalue()

    def ends(self, rows: int, columns: int) -> str:
        return ""


def _plain(value: Value) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case Decimal():
            return f"{value:f}"
        case int() | date():
            return str(value)
    return escape_formula(without_invisible(value))


# --- XLSX --------------------------------------------------------------------------------------------------

PLACES = range(7)
TEXT, BOLD, DAY, MOMENT, NUMBER = 1, 2, 3, 4, 5  # styles; NUMBER + n has n decimals
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OF_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OF_PACKAGES = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"
TABLE_ENTRY = "xl/worksheets/sheet1.xml"


class SheetTable:
    """A sheet whose header stays and has filters. Text stays text; an amount is a number with its decimals,
    or text if it has more digits than Excel keeps."""

    def begins(self, header: Sequence[str], first: Sequence[Row]) -> str:
        widths = [
            max(width_of(_plain(each)) for each in column) for column in zip(header, *first, strict=True)
        ]
        columns = "".join(
            f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
            for number, width in enumerate(widths, start=1)
        )
        return (
            f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
            f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
        )

    def header(self, header: Sequence[str]) -> str:
        cells = "".join(_text(letter, text, BOLD) for letter, text in _lettered(header, 1))
        return f'<row r="1">{cells}</row>'

    def rows(self, rows: Sequence[Row], before: int) -> str:
        return "".join(_row(row, number) for number, row in enumerate(rows, start=before + 1))

    def ends(self, rows: int, columns: int) -> str:
        last = f"{get_column_letter(columns)}{rows}"
        return f'</sheetData><autoFilter ref="A1:{last}"/></worksheet>'


def _row(row: Row, number: int) -> str:
    cells = "".join(_written(place, value) for place, value in _lettered(row, number))
    return f'<row r="{number}">{cells}</row>'


def _lettered(row: Sequence[Value], number: int) -> Iterator[tuple[str, Value]]:
    return ((f"{get_column_letter(at)}{number}", value) for at, value in enumerate(row, start=1))


def _written(place: str, value: Value) -> str:
    match value:
        case None | "":
            return ""
        case datetime():
            return _number(place, _day(value.replace(tzinfo=None)), MOMENT)
        case date():
            return _number(place, f"{(value - DAY_ZERO.date()).days}", DAY)
        case Decimal() | int():
            return _amount(place, Decimal(value))
    return _text(place, value, TEXT)


def _day(at: datetime) -> str:
    since = at - DAY_ZERO
    return f"{since.days + since.seconds / SECONDS_OF_A_DAY:.8f}"


def _amount(place: str, amount: Decimal) -> str:
    places = max(-int(amount.as_tuple().exponent), 0)
    if len(amount.as_tuple().digits) > MOST_DIGITS or places not in PLACES:
        return _text(place, f"{amount:f}", TEXT)
    return _number(place, f"{amount:f}", NUMBER + places)


def _number(place: str, number: str, style: int) -> str:
    return f'<c r="{place}" s="{style}"><v>{number}</v></c>'


def _text(place: str, value: Value, style: int) -> str:
    text = NOT_IN_XML.sub("", without_invisible(str(value)))[:LONGEST_CELL]
    shown = escape(escape_xstring(text), quote=False)
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def around_the_sheet(
    table: Written, compressed: int, title: str, about: tuple[str, Sequence[Row]]
) -> tuple[bytes, bytes]:
    """What stands before and after the pieces of a sheet for both to be an XLSX file.

    ``compressed`` is their length; ``about`` a second sheet, its title and its rows.
    """
    titles = [_sheet_title(title), _sheet_title(about[0])]
    small = [_Entry.of(name, text) for name, text in _parts(titles, about[1]).items()]
    sheet = _Entry(TABLE_ENTRY, table.checksum, compressed, table.length, b"")
    before = b"".join(each.header() + each.content for each in small) + sheet.header()
    places, at = [], 0
    for each in small:
        places.append(at)
        at += len(each.header()) + each.compressed
    directory = b"".join(
        each.listed(place) for each, place in zip([*small, sheet], [*places, at], strict=True)
    )
    count, starts = len(small) + 1, len(before) + compressed
    ends = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), starts, 0)
    return before, directory + ends


def _sheet_title(title: str) -> str:
    return NOT_IN_TITLES.sub(" ", without_invisible(title)).strip()[:LONGEST_TITLE] or "1"


@dataclass(frozen=True, slots=True)
class _Entry:
    """Of the ZIP archive that an XLSX file is. Its time is always the same, and so is the file."""

    name: str
    checksum: int
    compressed: int
    length: int
    content: bytes

    @classmethod
    def of(cls, name: str, text: str) -> "_Entry":
        content, written = _packed(text, Written(), 0, is_last=True)
        return cls(name, written.checksum, len(content), written.length, content)

    def header(self) -> bytes:
        return struct.pack("<4s5H3L2H", b"PK\3\4", *self._common()) + self.name.encode()

    def listed(self, place: int) -> bytes:
        rest = (0, 0, 0, 0, place)
        return struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *self._common(), *rest) + self.name.encode()

    def _common(self) -> tuple[int, ...]:
        """Version 2.0, names in UTF-8, deflated, midnight of 1 January 1980."""
        return 20, 0x800, 8, 0, 0x21, self.checksum, self.compressed, self.length, len(self.name), 0


def _parts(titles: Sequence[str], about: Sequence[Row]) -> Mapping[str, str]:
    sheets = "".join(
        f'<sheet name="{escape(title)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in enumerate(titles, start=1)
    )
    kinds = ["worksheet", "worksheet", "styles"]
    targets = ["worksheets/sheet1.xml", "worksheets/sheet2.xml", "styles.xml"]
    overrides = "".join(
        f'<Override PartName="/xl/{name}" ContentType="{TYPE}.{kind}+xml"/>'
        for name, kind in zip(["workbook.xml", *targets], ["sheet.main", *kinds], strict=True)
    )
    return {
        "[Content_Types].xml": (
            f'{XML}<Types xmlns="{OF_PACKAGES}/content-types">'
            f'<Default Extension="rels" ContentType="{RELATIONSHIPS}"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        ),
        "_rels/.rels": _relationships(["officeDocument"], ["xl/workbook.xml"]),
        "xl/workbook.xml": (
            f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OF_OFFICE}"><sheets>{sheets}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relationships(kinds, targets),
        "xl/styles.xml": _styles(),
        "xl/worksheets/sheet2.xml": _sheet_about(about),
    }


def _sheet_about(rows: Sequence[Row]) -> str:
    return (
        f'{XML}<worksheet xmlns="{MAIN}"><cols><col min="1" max="1" width="24" customWidth="1"/>'
        '<col min="2" max="2" width="60" customWidth="1"/></cols>'
        f"<sheetData>{SheetTable().rows(rows, 0)}</sheetData></worksheet>"
    )


def _relationships(kinds: Sequence[str], targets: Sequence[str]) -> str:
    each = "".join(
        f'<Relationship Id="rId{number}" Type="{OF_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(zip(kinds, targets, strict=True), start=1)
    )
    return f'{XML}<Relationships xmlns="{OF_PACKAGES}/relationships">{each}</Relationships>'


def _styles() -> str:
    """By the numbers above: general, text, bold text, day, moment, and amounts by their decimals."""
    formats = ["yyyy\\-mm\\-dd", "yyyy\\-mm\\-dd\\ hh:mm:ss"]
    formats += [f"0.{'0' * places}" if places else "0" for places in PLACES]
    own = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{each}"/>' for at, each in enumerate(formats))
    fonts = "".join(f'<font>{bold}<sz val="11"/><name val="Calibri"/></font>' for bold in ("", "<b/>"))
    used = [(0, 0), (49, 0), (49, 1), *((164 + at, 0) for at in range(len(formats)))]
    cells = "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="0" xfId="0" '
        'applyNumberFormat="1" applyFont="1"/>'
        for number, font in used
    )
    return (
        f'{XML}<styleSheet xmlns="{MAIN}"><numFmts count="{len(formats)}">{own}</numFmts>'
        f'<fonts count="2">{fonts}</fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(used)}">{cells}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
