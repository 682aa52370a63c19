"""Events as they are once they have come, without their way in."""

from typing import Any

from hireops.inbox.models import Event, EventContent


def keep_event(*, payload: Any = None, raw: Any = b"", **values: Any) -> Event:
    event = Event.objects.create(**values)
    EventContent.objects.create(event=event, raw=raw, payload=payload)
    return event
