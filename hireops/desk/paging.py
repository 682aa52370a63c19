"""Lists that stay quick on tables of any size, because nothing ever counts a whole table."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

LOOK_AHEAD_PAGES = 10
FARTHEST_PAGE = 1000


class AtLeast(int):
    """A count that stopped early. It reads as ``1,550+`` wherever the admin's templates print it."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


class UncountedPaginator(AnyPaginator):
    """Counts no further than a few pages past the one that is shown.

    So a list of a few hundred rows has its exact total, and one of ten million costs the same as they do:
    it reads ``550+`` and has links to the next ten pages. Pages beyond the 1000th do not exist: reaching
    them would read all rows before them, and a filter finds the row sooner.
    """

    page_asked = 1
    farthest_page = FARTHEST_PAGE

    @cached_property
    def count(self) -> int:
        page = min(max(self.page_asked, 1), self.farthest_page - LOOK_AHEAD_PAGES)
        return self._count_to((page + LOOK_AHEAD_PAGES) * self.per_page)

    def _count_to(self, most: int) -> int:
        rows: Any = self.object_list
        return bounded_count(rows, most)


class OrderedPaginator(UncountedPaginator):
    """Counts along the order of the list, for lists whose order is that of an index.

    Such a list leads on from its last row, so it needs few pages with numbers.

    Without an order PostgreSQL may read the table from its oldest row on, all of it for what is rare and new.
    """

    farthest_page = 100

    def _count_to(self, most: int) -> int:
        rows: Any = self.object_list
        return at_most(rows.values("pk")[: most + 1].count(), most)


def bounded_count(rows: QuerySet[Any], most: int) -> int:
    """How many rows there are; ``AtLeast(most)`` where there are more, without counting on."""
    return at_most(rows.order_by()[: most + 1].count(), most)


def at_most(found: int, most: int) -> int:
    """``found``, or ``AtLeast(most)`` where there are more."""
    return found if found <= most else AtLeast(most)


def page_asked(text: str | None) -> int:
    """The page number of a query string; 1 if there is none to be read."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < len("1000000") else 1
