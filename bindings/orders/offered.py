"""What orders say that their account offers: what hireops has never put there is kept as not ours."""

from collections.abc import Iterable, Iterator

from bindings.models import BackgroundCheck, EcoAccount, Exam
from bindings.offers import foreign
from bindings.offers.plan import Kind


def note_what_is_foreign(orders: Iterable[BackgroundCheck | Exam]) -> None:
    """In the transaction that has given these orders their account."""
    foreign.note(_named_by(orders))


def _named_by(orders: Iterable[BackgroundCheck | Exam]) -> Iterator[tuple[EcoAccount, Kind, str]]:
    for order in orders:
        if order.account is None:
            continue
        if isinstance(order, Exam):
            yield order.account, Kind.PAPER, order.paper_id
        else:
            yield order.account, Kind.PACKAGE, order.package_id
            yield from ((order.account, Kind.ITEM, item["id"]) for item in order.items)
