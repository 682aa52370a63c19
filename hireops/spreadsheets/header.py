"""Which column of a table is which, by the names that people write above them."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise, zip_longest

LONGEST_VALUE = 255  # of a column for which no other limit is set

NumberedRow = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known column stands, counted from 0.

    ``ids`` are the columns of IDs, codes and numbers by which something is recognised; ``longest`` has the
    columns whose values may be longer or shorter than ``LONGEST_VALUE``. ``titles`` is what stands above
    the columns. ``unclear`` are titles that mean one column and of which none is the right one.
    """

    places: Mapping[str, int]
    ids: AbstractSet[str] = frozenset()
    longest: Mapping[str, int] | None = None
    titles: Mapping[str, str] | None = None
    unclear: Sequence[str] = ()

    def __contains__(self, column: str) -> bool:
        return column in self.places

    def value(self, cells: Sequence[str], column: str) -> str:
        """The row's cell of this column; "" where the table or the row has none."""
        place = self.places.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    def limit(self, column: str) -> int:
        """How many characters a value of this column may have."""
        return (self.longest or {}).get(column, LONGEST_VALUE)

    def title(self, column: str) -> str:
        """What stands above this column; its name in the code where nothing does."""
        return (self.titles or {}).get(column, column)


class ColumnNames:
    """The names of each column that we know. What is not here is not read.

    Names are separated by commas. Those in front of ``|`` are the ones that our own files have: of two
    columns that mean the same, that with such a name is read. ``ids`` and ``longest`` as in ``Columns``.
    """

    def __init__(
        self,
        *,
        ids: AbstractSet[str] = frozenset(),
        longest: Mapping[str, int] | None = None,
        **names: str,
    ) -> None:
        self.ids, self.longest = ids, longest or {}
        self._column_of: dict[str, str] = {}
        self._own: set[str] = set()
        self._own_exactly: set[str] = set()
        for column, known in names.items():
            own, _bar, others = known.partition("|")
            self._own.update(map(_as_compared, own.split(",")))
            self._own_exactly.update(map(_without_spaces, own.split(",")))
            for name in filter(None, [*own.split(","), *others.split(",")]):
                self._column_of[_as_compared(name)] = column

    def find(self, header: Sequence[str]) -> Columns:
        """The columns that the row names, none if it is no header."""
        meant: dict[str, list[int]] = {}
        for place, cell in enumerate(header):
            if column := self.named(cell):
                meant.setdefault(column, []).append(place)
        best = {column: self._best(header, places) for column, places in meant.items()}
        return Columns(
            {column: places[0] for column, places in best.items()},
            self.ids,
            self.longest,
            {column: header[places[0]].strip() for column, places in best.items()},
            [header[place] for places in best.values() if len(places) > 1 for place in places],
        )

    def in_order(self, *columns: str) -> Columns:
        """The columns of a table without a header."""
        return Columns({column: place for place, column in enumerate(columns)}, self.ids, self.longest)

    def named(self, cell: str) -> str:
        """The column of this name; "" if none is called so."""
        return self._column_of.get(_as_compared(cell), "")

    def _best(self, header: Sequence[str], places: list[int]) -> list[int]:
        """Of columns of one meaning those with our own name: as it is written, else as it is compared."""
        exactly = [place for place in places if _without_spaces(header[place]) in self._own_exactly]
        return exactly or [place for place in places if _as_compared(header[place]) in self._own] or places


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


def find_header(rows: Sequence[NumberedRow], wanted: Wanted) -> Header | None:
    """The first row that names what is wanted. A second one below it that only names more belongs to it."""
    filled = [(number, cells) for number, cells in rows if _has_text(cells)]
    for place, (number, cells) in enumerate(filled):
        if wanted.fits(wanted.names.find(cells)):
            header = Header(wanted.names, cells, number, number)
            below = filled[place + 1 : place + 2]
            return _with_second_row(header, *below[0]) if below else header
    return _header_of_two(filled, wanted)


def _with_second_row(header: Header, number: int, cells: Sequence[str]) -> Header:
    if number != header.row + 1 or not all(header.names.named(cell) for cell in cells if cell.strip()):
        return header
    return Header(header.names, _both(header.cells, cells), header.begins, number)


def _header_of_two(filled: Sequence[NumberedRow], wanted: Wanted) -> Header | None:
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


def _without_spaces(name: str) -> str:
    return "".join(name.split()).casefold()
