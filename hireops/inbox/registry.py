"""Which function handles which event type. The business apps register; the inbox names none of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model
from django.utils.functional import Promise

from hireops.inbox.models import Event

Handler = Callable[[Event], None]
BatchHandler = Callable[[Sequence[Event]], None]

Rows = Callable[[Event], Iterable[Model]]
Text = Callable[[Event], str]


class CannotHandleError(Exception):
    """What a handler raises to tell staff why; its text is shown to them, so it repeats no values."""


_handlers: dict[str, BatchHandler] = {}
_labels: dict[str, str | Promise] = {}
_changed: dict[str, Rows] = {}
_followed: dict[str, Rows] = {}
_in_words: dict[str, Text] = {}
_permissions: dict[str, str] = {}


def handles(event_type: str, *, label: str | Promise, **of_its_page: Any) -> Callable[[Handler], Handler]:
    """Register the function for one event of ``event_type``; otherwise as ``handles_batch``."""

    def register(handler: Handler) -> Handler:
        def handle_each(events: Sequence[Event]) -> None:
            for event in events:
                handler(event)

        handles_batch(event_type, label=label, **of_its_page)(handle_each)
        return handler

    return register


def handles_batch(
    event_type: str,
    *,
    label: str | Promise,
    changed: Rows | None = None,
    followed: Rows | None = None,
    in_words: Text | None = None,
    permission: str = "",
) -> Callable[[BatchHandler], BatchHandler]:
    """Register the function for events of ``event_type``, which staff know as ``label``.

    For the event's page: ``changed(event)`` gives the rows that it made or changed, ``followed(event)`` the
    calls to Feishu that came of it, ``in_words(event)`` what it says, in a sentence without personal data.
    ``permission`` is what staff need to see more of such an event than that it came, and to replay it.

    It is given the events that wait, in the order of their arrival, and runs inside the transaction that
    marks them handled: what it writes is there if and only if they are. If it raises, all that it wrote is
    rolled back and it is given fewer of them, down to one; so it may be called again for the same event, also
    later, and must then change nothing. Raising over one event means that this one could not be handled; it
    is tried again, and ends as failed with the text of the error.

    Two workers may run it at once for different events: what it locks, it locks in one order.
    """

    def register(handler: BatchHandler) -> BatchHandler:
        if event_type in _handlers:
            raise ValueError(f"{event_type} has a handler already: {_handlers[event_type].__qualname__}")
        _handlers[event_type] = handler
        _labels[event_type] = label
        for functions, function in ((_changed, changed), (_followed, followed)):
            if function:
                functions[event_type] = function
        if in_words:
            _in_words[event_type] = in_words
        if permission:
            _permissions[event_type] = permission
        return handler

    return register


def handler_for(event_type: str) -> BatchHandler | None:
    return _handlers.get(event_type)


def changed_by(event: Event) -> list[Model]:
    """The rows that the event made or changed, as far as its app can tell."""
    changed = _changed.get(event.event_type)
    return list(changed(event)) if changed else []


def followed_by(event: Event) -> list[Model]:
    """The calls that came of the event, as far as its app can tell."""
    followed = _followed.get(event.event_type)
    return list(followed(event)) if followed else []


def in_words(event: Event) -> str:
    """What the event says, as its app puts it; empty if the app has no words for it."""
    words = _in_words.get(event.event_type)
    return words(event) if words else ""


def hidden_from(user: User | AnonymousUser) -> set[str]:
    """The event types of which ``user`` sees only that they came."""
    return {event_type for event_type, needed in _permissions.items() if not user.has_perm(needed)}


def labels() -> dict[str, str]:
    """The event types that are handled here, with what staff call them."""
    return {event_type: str(label) for event_type, label in _labels.items()}
