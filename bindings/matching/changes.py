"""Whom it concerns that an account has become somebody else's. Higher rooms register; this one names none."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils.functional import Promise

from bindings.models import EcoAccount

Told = Callable[[Sequence[EcoAccount]], None]
Consequence = Callable[[EcoAccount, datetime | None], str | Promise | None]

_told_of_customers: list[Told] = []
_told_of_accounts: list[Told] = []
_consequences: list[Consequence] = []


def register(function: Told) -> Told:
    """Have ``function(accounts)`` called in the transaction that has changed their ``customer``.

    The rows are locked and have their new customer, or None.
    """
    _told_of_customers.append(function)
    return function


def register_new(function: Told) -> Told:
    """The same for accounts that have just become known, before anybody asks whose they are."""
    _told_of_accounts.append(function)
    return function


def register_consequence(function: Consequence) -> Consequence:
    """Have the page that releases or rebinds an account say what ``function(account, since)`` says: what has
    happened since it was bound that this does not undo, as a sentence; None if nothing has."""
    _consequences.append(function)
    return function


def tell(accounts: Sequence[EcoAccount]) -> None:
    if accounts:
        for function in _told_of_customers:
            function(accounts)


def tell_of_new(accounts: Sequence[EcoAccount]) -> None:
    if accounts:
        for function in _told_of_accounts:
            function(accounts)


def consequences(account: EcoAccount, since: datetime | None) -> list[str]:
    said = (function(account, since) for function in _consequences)
    return [str(each) for each in said if each]
