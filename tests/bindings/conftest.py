from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from bindings.models import CustomField, CustomFieldPush
from hireops.database.clock import now
from hireops.inbox import dispatch
from hireops.outbox.models import Attempt, Call
from tests.in_this_process import in_english
from tests.kept_events import keep_event

__all__ = ["in_english"]

NUMBERS = count(1)
MORNING = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def bound(db):
    """``bound({"account_id": "1", ...})``: Feishu tells of an account, and the inbox handles it."""

    def bound(body, *, tenant_key="tenant_a", minutes=0, event_id=None):
        event = keep_event(
            app_id=settings.FEISHU_APP_ID,
            event_id=event_id or f"event-{next(NUMBERS)}",
            event_type="hire.eco_account.created_v1",
            tenant_key=tenant_key,
            created_at=MORNING + timedelta(minutes=minutes),
            subject=str(body.get("account_id"))[:255] if isinstance(body, dict) else None,
            payload={"schema": "2.0", "header": {}, "event": body},
        )
        while batch := dispatch.claim():
            dispatch.handle(batch)
        event.refresh_from_db()
        return event

    return bound


@pytest.fixture
def field(db):
    """``field("token", "令牌")``: a definition in the database, after those made before it."""

    def field(key, name_zh="名称", **values):
        values = {"scope": 1, "position": next(NUMBERS), **values}
        return CustomField.objects.create(key=key, name_zh=name_zh, **values)

    return field


def english(client: Client) -> Client:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


@pytest.fixture
def vendor(vera, client_of):
    """The browser of the vendor operator, in English."""
    return english(client_of(vera))


@pytest.fixture
def auditor(audrey, client_of):
    return english(client_of(audrey))


def push_page(scope=1):
    return reverse("admin:bindings_customfield_push", args=[scope])


def confirm(client, scope=1, *, removals=(), fingerprint=None):
    """Press the button of the push page, as it looks now unless another ``fingerprint`` is given."""
    if fingerprint is None:
        fingerprint = fingerprint_of(client.get(push_page(scope)))
    typed = {f"removal_{number}": key for number, key in enumerate(removals)}
    return client.post(push_page(scope), {"fingerprint": fingerprint, **typed})


def fingerprint_of(page):
    return page.context["preview"].fingerprint


def feishu_says(outcome, push=None):
    """The newest push's call ends: ``accepted``, ``refused``, ``catch_all`` (and somebody gives it up), or
    ``unknown`` (then it stays to be sent)."""
    call = (push or CustomFieldPush.objects.latest("pk")).call
    heard = HEARD.get(outcome, {})
    call.tries += 1
    if outcome == "accepted":
        call.state, call.finished_at, call.answer, call.log_id = Call.State.SUCCEEDED, now(), {}, "LOG123"
    if outcome == "refused":
        call.state, call.finished_at, call.reason = Call.State.REFUSED, now(), "refused"
        call.error_code, call.error_message = heard["code"], heard["message"]
    if outcome == "catch_all":
        call.state, call.finished_at, call.reason = Call.State.CANCELED, now(), "canceled"
    Attempt.objects.create(
        call=call,
        started_at=now(),
        finished_at=now(),
        outcome=OUTCOMES[outcome],
        log_id=call.log_id,
        **heard,
    )
    call.save()
    return call


HEARD: dict[str, dict[str, Any]] = {
    "refused": {"code": 99992402, "message": "field validation failed"},
    "catch_all": {"code": 1002001, "message": "system error"},
}
OUTCOMES = {
    "accepted": Attempt.Outcome.SUCCESS,
    "refused": Attempt.Outcome.REFUSED,
    "catch_all": Attempt.Outcome.REFUSED,
    "unknown": Attempt.Outcome.UNKNOWN,
}


@pytest.fixture
def pushed(vendor, field):
    """``pushed("a", "b")``: those fields are defined, pushed and accepted by Feishu."""

    def pushed(*keys, scope=1):
        fields = [field(key, scope=scope) for key in keys]
        assert confirm(vendor, scope).status_code == 302
        feishu_says("accepted")
        return fields

    return pushed


def says(page, text):
    return escape(text) in page.content.decode()
