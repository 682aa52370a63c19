"""The rows of a table below its header."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hireops.spreadsheets.closing import is_note, is_total
from hireops.spreadsheets.reading import Table
from hireops.spreadsheets.remarks import Remark, names, numbers, remark


def body(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number in the file. Empty ones, totals and notes are left out; at the end the remarks
    of the table say so, and what there is to be said of its header. Raises ``UnreadableFileError``."""
    left_out = _LeftOut()
    for number, cells in enumerate(table.rows, start=1):
        if not (table.header and number <= table.header.row) and not left_out.takes(number, cells):
            yield number, cells
    table.remarks.extend([*_remarks_on_header(table), *left_out.remarks()])


@dataclass(slots=True)
class _LeftOut:
    """Empty rows count if there is another row below them."""

    empty: int = 0
    gap: int = 0
    totals: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    has_begun: bool = False

    def takes(self, number: int, cells: Sequence[str]) -> bool:
        if not any(cell.strip() for cell in cells):
            self.gap += self.has_begun
            return True
        if is_total(cells):
            self.totals.append(number)
            return True
        if is_note(cells):
            self.notes.append(number)
            return True
        self.empty, self.gap, self.has_begun = self.empty + self.gap, 0, True
        return False

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
