"""Which types of events there are, whose they are, and how they are handled. The inbox names none:

the business apps register theirs, also those that they do nothing with yet.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model
from django.utils.functional import Promise

from hireops.desk.ownership import Kinds, Seen
from hireops.desk.staff import Reader
from hireops.feishu.callbacks import Unreadable
from hireops.inbox.models import Event

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Received(Generic[Content]):
    """An event, and what it says."""

    event: Event
    content: Content


Handler = Callable[[Sequence[Received[Any]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType(Generic[Content]):
    """One type of event. ``name`` is Feishu's, ``label`` what staff call it.

    ``read(payload)`` gives what the envelope says, or ``Unreadable`` with a reason for staff: such an event
    fails, and ``handle`` does not see it. It raises nothing.

    ``handle(received)`` is given events that wait, in the order of their arrival, and runs inside the
    transaction that marks them handled: what it writes is there if and only if they are. If it raises, all
    that it wrote is rolled back and it is given fewer of them, down to one; so it may be called again for the
    same event, also later, and must then change nothing. Raising over one event means that this one could not
    be handled: it is tried again, and its row names the error and its place, not its text. Two workers may
    run it at once for different events: what it locks, it locks in one order. Without ``handle`` such events
    are kept until a release knows what to do with them.

    For the event's page: ``changed(event)`` gives the rows that it made or changed, ``followed(event)`` the
    calls to Feishu that came of it, ``in_words(content)`` what it says, in a sentence without personal data.
    ``permission`` is what staff need to see more of such an event than that it came, and to replay it.

    ``of_a_tenant``: it is about one tenant, so one that names none can't be handled for a store app.
    """

    name: str
    label: str | Promise
    read: Callable[[Any], Content | Unreadable]
    handle: Callable[[Sequence[Received[Content]]], None] | None = None
    changed: Callable[[Event], Iterable[Model]] | None = None
    followed: Callable[[Event], Iterable[Model]] | None = None
    in_words: Callable[[Content], str] | None = None
    permission: str = ""
    of_a_tenant: bool = True


_event_types: Kinds[EventType[Any]] = Kinds()


def register(event_type: EventType[Any]) -> None:
    """Make the type known; called while Django starts."""
    _event_types.add(event_type)


def get(name: str) -> EventType[Any] | None:
    """The type of this name; None if no app knows such events."""
    return _event_types.get(name)


def each(handle_one: Callable[[Received[Content]], None]) -> Callable[[Sequence[Received[Content]]], None]:
    """A ``handle`` out of a function for one event."""

    def handle(received: Sequence[Received[Content]]) -> None:
        for one in received:
            handle_one(one)

    return handle


def changed_by(event: Event) -> list[Model]:
    """The rows that the event made or changed, as far as its app can tell."""
    event_type = get(event.event_type)
    return list(event_type.changed(event)) if event_type and event_type.changed else []


def followed_by(event: Event) -> list[Model]:
    """The calls that came of the event, as far as its app can tell."""
    event_type = get(event.event_type)
    return list(event_type.followed(event)) if event_type and event_type.followed else []


def in_words(event: Event) -> str:
    """What the event says; empty if its app has no words for it, or it cannot be read, or not any more."""
    event_type = get(event.event_type)
    if event_type is None or event_type.in_words is None:
        return ""
    content = event_type.read(event.payload)
    return "" if isinstance(content, Unreadable) else event_type.in_words(content)


def seen_by(reader: Reader) -> Seen:
    """The types of events of which ``reader`` sees more than that they came."""
    return _event_types.seen_by(reader)


def labels() -> dict[str, str]:
    """The types of events that are known here, with what staff call them."""
    return {event_type.name: str(event_type.label) for event_type in _event_types.values()}


def is_handled(name: str) -> bool:
    return name in _event_types and _event_types[name].handle is not None
