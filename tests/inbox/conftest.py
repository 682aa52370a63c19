import pytest

from hireops.inbox import registry
from hireops.inbox.registry import EventType, each


@pytest.fixture
def handles(monkeypatch):
    """Register a type of events for one test: ``handles("test.x_v1", function_of_an_event)``.

    What it says is its whole payload, unless another ``read`` is given; the rest is as in ``EventType``.
    """

    def register(name, handler, **more):
        details = {"label": name, "read": lambda payload: payload, **more}
        event_type = EventType(name=name, handle=each(lambda one: handler(one.event)), **details)
        monkeypatch.setitem(registry._event_types, name, event_type)

    return register
