"""The rows of a table below its header."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hireops.spreadsheets.cells import (
    DATE_CELL,
    ERROR_CELL,
    LONG_CELL,
    clean,
    clean_id,
    is_error,
    is_made_a_date,
)
from hireops.spreadsheets.closing import is_note, is_total
from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.header import LONGEST_VALUE, Columns
from hireops.spreadsheets.reading import Table
from hireops.spreadsheets.remarks import Remark, names, numbers, remark


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it stands in the file."""

    number: int
    cells: Sequence[str]
    columns: Columns

    def cell(self, column: str) -> str:
        """The value in this column, cleaned; "" if there is none. One that is too long is cut to what can be
        kept of it, and ``faults`` says so."""
        most = self.columns.limit(column)
        return self._whole(column)[: most + 1 if most > LONGEST_VALUE else LONGEST_VALUE]

    def faults(self) -> Mapping[str, Sequence[str]]:
        """By the keys of ``cells.FAULTS`` the columns in which no value stands that could be read."""
        found: dict[str, list[str]] = {}
        for column in self.columns.places:
            if key := self._fault(column):
                most = f" (≤ {self.columns.limit(column)})" if key == LONG_CELL else ""
                found.setdefault(key, []).append(self.columns.title(column) + most)
        return found

    def _fault(self, column: str) -> str:
        cell, most = self.columns.value(self.cells, column), self.columns.limit(column)
        if is_error(cell):
            return ERROR_CELL
        if column in self.columns.ids and is_made_a_date(cell):
            return DATE_CELL
        return LONG_CELL if len(cell) > most and len(self._whole(column)) > most else ""

    def _whole(self, column: str) -> str:
        cell = self.columns.value(self.cells, column)
        return clean_id(cell) if column in self.columns.ids else clean(cell)


def lines(table: Table, *, most: int, without_header: Columns | None = None) -> Iterator[Line]:
    """Each row below the header. Empty ones, totals and notes are left out; at the end the remarks of the
    table say so, and what there is to be said of its header.

    Without a header the columns are those of ``without_header``. Raises ``UnreadableFileError``, also for
    more than ``most`` rows, and for none.
    """
    columns = table.header.columns if table.header else without_header
    below = table.header.row if table.header else 0
    left_out, found = _LeftOut(columns, below), 0
    for number, cells in table.rows:
        if number <= below or left_out.takes(number, cells):
            continue
        if columns is None:
            raise UnreadableFileError("no_header")
        found += 1
        if found > most:
            raise UnreadableFileError("too_many_rows", most=most)
        yield Line(number, cells, columns)
    if not found:
        raise UnreadableFileError("no_rows")
    table.remarks.extend([*_remarks_on_header(table), *left_out.remarks()])


@dataclass(slots=True)
class _LeftOut:
    """Empty rows count if there are other rows above and below them."""

    columns: Columns | None
    last: int  # row with text
    gap: int = 0
    empty: int = 0
    totals: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    has_begun: bool = False

    def takes(self, number: int, cells: Sequence[str]) -> bool:
        if not any(cell.strip() for cell in cells):
            return True
        self.gap, self.last = self.gap + number - self.last - 1, number
        if is_total(cells, self._ids(cells)):
            self.totals.append(number)
            return True
        if is_note(cells):
            self.notes.append(number)
            return True
        self.empty, self.gap, self.has_begun = self.empty + self.gap * self.has_begun, 0, True
        return False

    def _ids(self, cells: Sequence[str]) -> list[str]:
        columns = self.columns
        return [columns.value(cells, column) for column in columns.ids] if columns else []

    def remarks(self) -> Iterator[Remark]:
        if self.empty:
            yield remark("empty_rows", count=self.empty)
        if self.totals:
            yield remark("totals", rows=numbers(self.totals))
        if self.notes:
            yield remark("notes", rows=numbers(self.notes))


def _remarks_on_header(table: Table) -> Iterator[Remark]:
    """Where it was found, and which of its columns nobody reads."""
    header = table.header
    if header is None:
        yield remark("no_header")
        return
    if header.begins != header.row:
        yield remark("header_of_two", begins=header.begins, row=header.row)
    elif header.row > 1:
        yield remark("header_row", row=header.row)
    if unknown := [name for name in header.unread if not header.names.named(name)]:
        yield remark("unknown_columns", names=names(unknown))
    if doubled := [name for name in header.unread if header.names.named(name)]:
        yield remark("double_columns", names=names(doubled))
