"""Which function handles which event type. The business apps register; the inbox names none of them."""

from collections.abc import Callable, Iterable

from django.db.models import Model
from django.utils.functional import Promise

from hireops.inbox.models import Event

Handler = Callable[[Event], None]

Changed = Callable[[Event], Iterable[Model]]


class CannotHandleError(Exception):
    """What a handler raises to tell staff why; its text is shown to them, so it repeats no values."""


_handlers: dict[str, Handler] = {}
_labels: dict[str, str | Promise] = {}
_changed: dict[str, Changed] = {}


def handles(
    event_type: str, *, label: str | Promise, changed: Changed | None = None
) -> Callable[[Handler], Handler]:
    """Register the function for events of ``event_type``, which staff know as ``label``.

    ``changed(event)`` gives the rows that the event made or changed, to link to from its page.

    It runs inside the transaction that marks the event handled: what it writes is there if and only if the
    event is handled. It may be called again for the same event and must then change nothing. Raising means
    that the event could not be handled; it is tried again, and ends as failed with the text of the error.
    """

    def register(handler: Handler) -> Handler:
        if event_type in _handlers:
            raise ValueError(f"{event_type} has a handler already: {_handlers[event_type].__qualname__}")
        _handlers[event_type] = handler
        _labels[event_type] = label
        if changed:
            _changed[event_type] = changed
        return handler

    return register


def handler_for(event_type: str) -> Handler | None:
    return _handlers.get(event_type)


def changed_by(event: Event) -> list[Model]:
    """The rows that the event made or changed, as far as its app can tell."""
    changed = _changed.get(event.event_type)
    return list(changed(event)) if changed else []


def labels() -> dict[str, str]:
    """The event types that are handled here, with what staff call them."""
    return {event_type: str(label) for event_type, label in _labels.items()}
