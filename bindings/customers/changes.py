"""Who wants to know that a customer's tier, or whether it is archived, has changed."""

from collections.abc import Callable, Sequence

from bindings.customers.models import Customer

Listener = Callable[[Sequence[Customer]], None]

_listeners: list[Listener] = []


def register(function: Listener) -> Listener:
    """Call ``function(customers)`` in the transaction that has changed the tier or the archived state of
    these customers, when they are saved. Called when Django starts."""
    _listeners.append(function)
    return function


def tell(customers: Sequence[Customer]) -> None:
    """For the services of this room."""
    if customers:
        for listener in _listeners:
            listener(customers)
