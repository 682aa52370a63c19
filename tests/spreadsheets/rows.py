"""The rows of a file as a list, for tests of what is written and of what is read."""

from collections.abc import Iterator
from typing import IO

from hireops.spreadsheets.reading import open_table


def read_rows(file: IO[bytes], file_name: str) -> Iterator[list[str]]:
    """Each row in its place; one that is left out is empty."""
    last = 0
    for number, cells in open_table(file, file_name).rows:
        yield from ([] for _empty in range(last + 1, number))
        yield cells
        last = number
