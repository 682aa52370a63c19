from datetime import datetime
from itertools import count

import pytest
from django.conf import settings
from django.urls import reverse

from bindings.models import AdditionalItem, BackgroundCheck, CheckPackage, Exam, ExamPaper
from hireops.inbox import dispatch
from hireops.inbox.models import Event
from tests.kept_events import keep_event

NUMBERS = count(1)
CANDIDATE = {"name": "王小二", "mobile": {"code": "86", "number": "18900001111"}, "email": "er@example.com"}


@pytest.fixture
def catalogue(db):
    CheckPackage.objects.create(code="basic", name="基础", working_days=5)
    AdditionalItem.objects.create(code="court", name="诉讼", extra_working_days=2)
    ExamPaper.objects.create(code="java", name="Java", working_days=2)


@pytest.fixture
def ordered(catalogue):
    """``ordered("2026-09-18T10:00")``: a background check has come then, by the clock of Shanghai."""

    def ordered(at, *, package="basic", items=(), **more):
        number = f"69312864004{next(NUMBERS):08}"
        body = {
            "background_check_id": number,
            "account_id": "1",
            "package_id": package,
            "additional_item_id_list": [*items],
            "candidate_info": CANDIDATE,
            **more,
        }
        tell("hire.eco_background_check.created_v1", number, body, at)
        return BackgroundCheck.objects.get(background_check_id=number)

    return ordered


@pytest.fixture
def arranged(catalogue):
    """The same of an exam."""

    def arranged(at, *, paper="java"):
        number = f"71479982415{next(NUMBERS):08}"
        body = {"exam_id": number, "account_id": "1", "paper_id": paper, "candidate_info": CANDIDATE}
        tell("hire.eco_exam.created_v1", number, body, at)
        return Exam.objects.get(exam_id=number)

    return arranged


def tell(event_type, number, body, at):
    event = keep_event(
        app_id=settings.FEISHU_APP_ID,
        event_id=f"order-event-{next(NUMBERS)}",
        event_type=event_type,
        tenant_key="tenant_a",
        created_at=shanghai(at),
        subject=number,
        payload={"schema": "2.0", "header": {}, "event": body},
    )
    Event.objects.filter(pk=event.pk).update(received_at=shanghai(at))
    while batch := dispatch.claim():
        dispatch.handle(batch)


def shanghai(at):
    return datetime.fromisoformat(f"{at}+08:00")


def promise_page(order):
    return reverse(f"admin:bindings_{order._meta.model_name}_promise", args=[order.pk])


def page_of(order):
    return reverse(f"admin:bindings_{order._meta.model_name}_change", args=[order.pk])
