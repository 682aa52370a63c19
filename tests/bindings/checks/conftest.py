"""Orders as events bring them, staff who tell of them, and workers that do what is due."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from django.conf import settings as django_settings

from bindings.models import BackgroundCheck, CheckUpdate
from hireops.feishu.hire import background_check, orders
from hireops.inbox import dispatch
from hireops.inbox.models import Event
from hireops.outbox import sending, timing
from hireops.outbox.recording import end_lost_tries
from tests.bindings.checks.feishu_side import FeishuSide
from tests.in_this_process import one_sender_that_does_not_wait
from tests.kept_events import keep_event

__all__ = ["one_sender_that_does_not_wait"]

NUMBERS = count(1)
MORNING = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
CANDIDATE = {"name": "王小二", "mobile": {"code": "86", "number": "18900001111"}, "email": "er@example.com"}


@pytest.fixture
def feishu(monkeypatch: pytest.MonkeyPatch) -> FeishuSide:
    side = FeishuSide()
    monkeypatch.setattr(background_check, "call", side.call)
    monkeypatch.setattr(orders, "call", side.call)
    return side


def tell(event_type: str, body: dict[str, Any], *, tenant_key: str = "tenant_a", **event: Any) -> Event:
    """An event of Feishu arrives and is handled."""
    values = {
        "app_id": django_settings.FEISHU_APP_ID,
        "event_id": f"check-event-{next(NUMBERS)}",
        "event_type": event_type,
        "tenant_key": tenant_key,
        "created_at": MORNING,
        "subject": str(body.get("background_check_id")),
        "payload": {"schema": "2.0", "header": {}, "event": body},
        **event,
    }
    told = keep_event(**values)
    handle_events()
    told.refresh_from_db()
    return told


def handle_events() -> None:
    while batch := dispatch.claim():
        dispatch.handle(batch)


def tell_ordered(order_id: str = "", **more: Any) -> Event:
    envelope = {name: more.pop(name) for name in ("tenant_key", "event_id") if name in more}
    body = {
        "background_check_id": order_id or f"69312864004703{next(NUMBERS):05}",
        "account_id": "6931286400470000001",
        "package_id": "basic",
        "candidate_info": CANDIDATE,
        **more,
    }
    return tell("hire.eco_background_check.created_v1", body, **envelope)


def tell_canceled(order_id: str, reason: str = "主动拒绝此次背调", **envelope: Any) -> Event:
    body = {"background_check_id": order_id, "termination_reason": reason}
    return tell("hire.eco_background_check.canceled_v1", body, **envelope)


@pytest.fixture
def ordered(db: None) -> Callable[..., BackgroundCheck]:
    """``ordered()``: a customer has ordered a background check."""

    def ordered(order_id: str = "", **more: Any) -> BackgroundCheck:
        return BackgroundCheck.objects.get(event=tell_ordered(order_id, **more))

    return ordered


def let_worker_die(clock: Any, *, before_sending: bool) -> None:
    """A worker takes the next call and dies, before the request or after it; later others find that out."""
    claim = sending.claim()
    if claim and not before_sending:
        sending.send(claim)
    clock.advance(timing.LEASE_S + 1)
    end_lost_tries(clock.now())


def now_of(check: BackgroundCheck) -> BackgroundCheck:
    return BackgroundCheck.objects.get(pk=check.pk)


def states(check: BackgroundCheck) -> list[str]:
    return list(CheckUpdate.objects.filter(background_check=check).values_list("state", flat=True))
