"""Which column of a table is which, by the names that people write above them."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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
            if column := self._column_of.get(_as_compared(cell)):
                places.setdefault(column, place)
        return Columns(places)


def _as_compared(name: str) -> str:
    """``E-mail（必填） *`` is ``email``."""
    outside_brackets = unicodedata.normalize("NFKC", name).casefold().partition("(")[0]
    return "".join(character for character in outside_brackets if character.isalnum())
