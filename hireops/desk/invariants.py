"""The promises that a query can prove. ``manage.py check_invariants`` asks all of them."""

from collections.abc import Callable, Iterable, Iterator

Invariant = Callable[[], Iterable[str]]
Remark = Callable[[], str]

_invariants: list[Invariant] = []
_remarks: list[Remark] = []


def register(function: Invariant) -> Invariant:
    """Have ``function`` asked; it yields one English sentence for each broken row, none if all is well."""
    _invariants.append(function)
    return function


def register_remark(function: Remark) -> Remark:
    """Have the command print what ``function`` says: one English sentence that is no row's fault, or ""."""
    _remarks.append(function)
    return function


def remarks() -> Iterator[str]:
    return filter(None, (remark() for remark in _remarks))


def broken() -> Iterator[tuple[str, str]]:
    """(name of the invariant, sentence) for every broken row."""
    for invariant in _invariants:
        name = f"{invariant.__module__}.{invariant.__name__}"
        yield from ((name, sentence) for sentence in invariant())


def count() -> int:
    return len(_invariants)
