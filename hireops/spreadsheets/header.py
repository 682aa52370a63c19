"""Which column of a table is which, by the names that people write above them."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known column stands, counted from 0."""

    places: Mapping[str, int]

    def __contains__(self, column: str) -> bool:
        return column in self.places

    def value(self, cells: Sequence[str], column: str) -> str:
        """The row's cell of this column; "" where the table or the row has none."""
        place = self.places.get(column)
        return cells[place] if place is not None and place < len(cells) else ""


class ColumnNames:
    """The names of each column that we know, separated by commas. What is not here is not read."""

    def __init__(self, **names: str) -> None:
        self._column_of = {
            _as_compared(name): column for column, known in names.items() for name in known.split(",")
        }

    def find(self, header: Sequence[str]) -> Columns:
        """The columns that the row names, none if it is no header; the first of two of one name counts."""
        places: dict[str, int] = {}
        for place, cell in enumerate(header):
            if column := self.named(cell):
                places.setdefault(column, place)
        return Columns(places)

    def named(self, cell: str) -> str:
        """The column of this name; "" if none is called so."""
        return self._column_of.get(_as_compared(cell), "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which columns a table may have, and whether those that a row names make it the header."""

    names: ColumnNames
    fits: Callable[[Columns], bool]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header of a table stands: its first and its last row, counted from 1, which differ where it
    has two. ``cells`` are what both of them say."""

    names: ColumnNames
    cells: Sequence[str]
    begins: int
    row: int

    @property
    def columns(self) -> Columns:
        return self.names.find(self.cells)

    @property
    def unread(self) -> list[str]:
        """What it says beside the columns."""
        read = set(self.columns.places.values())
        return [cell for place, cell in enumerate(self.cells) if cell.strip() and place not in read]


MOST_ABOVE = 20  # rows with text, among which the header is looked for


def find_header(rows: Sequence[Sequence[str]], wanted: Wanted) -> Header | None:
    """The first row that names what is wanted. A second one below it that only names more belongs to it."""
    filled = [(number, cells) for number, cells in enumerate(rows, start=1) if _has_text(cells)]
    for place, (number, cells) in enumerate(filled[:MOST_ABOVE]):
        if wanted.fits(wanted.names.find(cells)):
            header = Header(wanted.names, cells, number, number)
            below = filled[place + 1 : place + 2]
            return _with_second_row(header, *below[0]) if below else header
    return _header_of_two(filled[: MOST_ABOVE + 1], wanted)


def _with_second_row(header: Header, number: int, cells: Sequence[str]) -> Header:
    if number != header.row + 1 or not all(header.names.named(cell) for cell in cells if cell.strip()):
        return header
    return Header(header.names, _both(header.cells, cells), header.begins, number)


def _header_of_two(filled: Sequence[tuple[int, Sequence[str]]], wanted: Wanted) -> Header | None:
    """Two rows, neither of which says enough alone: a group of columns stands above their names."""
    for (above, first), (number, second) in pairwise(filled):
        both = _both(first, second)
        if number == above + 1 and wanted.fits(wanted.names.find(both)):
            return Header(wanted.names, both, above, number)
    return None


def _both(above: Sequence[str], below: Sequence[str]) -> list[str]:
    return [second if second.strip() else first for first, second in zip_longest(above, below, fillvalue="")]


def _has_text(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _as_compared(name: str) -> str:
    """``E-mail（必填） *`` is ``email``."""
    outside_brackets = unicodedata.normalize("NFKC", name).casefold().partition("(")[0]
    return "".join(character for character in outside_brackets if character.isalnum())
