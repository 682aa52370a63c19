import pytest

from hireops.inbox import registry


@pytest.fixture
def handles(monkeypatch):
    """Register a handler for one test: ``handles("test.x_v1", function)``."""

    def register(event_type, handler):
        def handle_each(events):
            for event in events:
                handler(event)

        monkeypatch.setitem(registry._handlers, event_type, handle_each)

    return register
