"""A Feishu that says what the test wants, and a clock that the test moves."""

from collections import deque
from typing import Any

import pytest
from django.db import transaction

from hireops.feishu.client import Answer
from hireops.feishu.endpoints import Endpoint
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.outbox import registry, sending, services, timing
from hireops.outbox.models import Call
from hireops.outbox.recording import Claim
from hireops.outbox.registry import Operation


@pytest.fixture(autouse=True)
def _one_sender_that_does_not_wait(settings, monkeypatch):
    """Tests move the clock themselves, and most of them look into the transaction they run in."""
    settings.OUTBOX_SENDERS = 1
    monkeypatch.setattr(timing, "WATCH_S", -1.0)


class Feishu:
    """What was sent to it, in order, and what it says next; yes, where nothing was prepared."""

    def __init__(self):
        self.sent = []
        self.says: deque[Any] = deque()

    def __call__(self, tenant_key, **payload):
        self.sent.append((tenant_key, payload))
        word = self.says.popleft() if self.says else {}
        if callable(word):
            word = word()
        if isinstance(word, Exception):
            raise word
        return Answer(data=word, log_id=f"log-{len(self.sent)}", http_status=200, duration_ms=3)

    @property
    def sent_numbers(self):
        return [payload["number"] for _, payload in self.sent]


@pytest.fixture
def feishu():
    return Feishu()


def endpoint_of(name, *, safe_to_repeat):
    return Endpoint(name, "POST", "/", limits=(), meanings={}, safe_to_repeat=safe_to_repeat, doc="")


@pytest.fixture
def registered(monkeypatch, feishu):
    """``registered("name", safe_to_repeat=False)``: an operation for one test that goes to ``feishu``."""

    def register(name, **options):
        endpoint = endpoint_of(name, safe_to_repeat=options.pop("safe_to_repeat", True))
        known = {"name": name, "label": f"Label of {name}", "endpoint": endpoint, "send": feishu}
        operation = Operation(**{**known, **options})
        monkeypatch.setitem(registry._operations, name, operation)
        return operation

    register("test.safe")
    register("test.other")
    register("test.unsafe", safe_to_repeat=False)
    return register


@pytest.fixture
def enqueue(registered):
    """``enqueue(1, target="a")`` owes a call with the payload ``{"number": 1}`` and commits."""

    def enqueue(number=1, **options):
        call = {"operation": "test.safe", "target": "a", "tenant": None, "by": None, **options}
        with transaction.atomic():
            return services.enqueue(**{"payload": {"number": number}, **call})

    return enqueue


@pytest.fixture
def states():
    """``states()``: the state of every call by its number."""

    def states():
        return {call.payload["number"]: call.state for call in Call.objects.order_by("id")}

    return states


def claim() -> Claim:
    """What a worker holds that has taken the next due call."""
    found = sending.claim()
    assert found is not None
    return found


def refused(code=1002002, advice=None, **options):
    return FeishuError(
        Outcome.REFUSED, "no", code=code, log_id="log-no", http_status=400, advice=advice, **options
    )


def busy(retry_after_s=None):
    return FeishuError(
        Outcome.REFUSED,
        "request trigger frequency limit",
        code=99991400,
        log_id="log-busy",
        http_status=429,
        retry_after_s=retry_after_s,
    )


def not_sent(advice=Advice.RETRY_LATER):
    return FeishuError(Outcome.NOT_SENT, "no connection (ConnectionRefusedError)", advice=advice)


def unknown():
    return FeishuError(Outcome.UNKNOWN, "no answer (ReadTimeout)", advice=Advice.RETRY_LATER)


def system_error():
    """The catch-all with HTTP 400: Feishu has not done it."""
    return FeishuError(Outcome.REFUSED, "system error", code=1002001, log_id="log-sys", http_status=400)


def internal_error(code=1002001):
    """The catch-all with HTTP 500, or another internal error: Feishu may have done it before it broke."""
    advice = Advice.RETRY_LATER
    return FeishuError(
        Outcome.UNKNOWN, "system error", code=code, log_id="log-sys", http_status=500, advice=advice
    )
