"""Exams at a Feishu that runs as a real process, known here by their events, and workers."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from bindings.models import EcoAccount, Exam, ExamUpdate, Scope
from hireops.desk.invariants import broken
from hireops.feishu import tokens
from hireops.feishu.models import Tenant
from hireops.inbox import dispatch
from hireops.inbox.models import Event
from tests.bindings.conftest import MORNING
from tests.in_this_process import one_sender_that_does_not_wait
from tests.kept_events import keep_event
from tests.simulator_process import Simulator, running_simulator

__all__ = ["one_sender_that_does_not_wait"]

NUMBERS = count(1)
ACCOUNT = "6995842370159937999"
LOGIN_INFO = "/open-apis/hire/v1/eco_exams/:exam_id/login_info"
RESULT = "/open-apis/hire/v1/eco_exams/:exam_id/update_result"
CANDIDATE = {
    "name": "王小二",
    "mobile": {"code": "86", "number": "18900001111"},
    "email": "Wang@Example.com",
}
LINK = "https://exam.example.com/s/4711"


@pytest.fixture(scope="session")
def feishu_process() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def feishu(transactional_db: None, feishu_process: Simulator, settings: Any) -> Iterator[Simulator]:
    """An empty simulator that this test's calls go to, with the account of a customer. In the end every
    promise holds."""
    at(feishu_process, settings)
    yield feishu_process
    assert [each for each in broken() if each[0].startswith("bindings.")] == []


def at(simulator: Simulator, settings: Any) -> None:
    simulator.reset()
    tokens._cache.clear()  # what this process remembers is another simulator's
    simulator.switch(quota_enforced=False, delivery_paused=True)
    simulator.add_account(scope=2, account_id=ACCOUNT, name="笔试账号")
    settings.FEISHU_BASE_URL = simulator.url
    settings.FEISHU_APP_ID = simulator.environment["FEISHU_APP_ID"]
    settings.FEISHU_APP_SECRET = simulator.environment["FEISHU_APP_SECRET"]


def told_of(
    exam_id: str = "",
    *,
    account_id: str = ACCOUNT,
    paper_id: str = "paper001",
    handle: bool = True,
    **more: Any,
) -> Event:
    """Feishu's event of an exam arrives, and is handled."""
    body = {
        "exam_id": exam_id or f"71479982415425{next(NUMBERS):05}",
        "account_id": account_id,
        "paper_id": paper_id,
        "candidate_info": CANDIDATE,
        **more,
    }
    event = keep_event(
        app_id=django_settings.FEISHU_APP_ID,
        event_id=f"exam-event-{next(NUMBERS)}",
        event_type="hire.eco_exam.created_v1",
        tenant_key=Tenant.objects.own().tenant_key or "tenant_a",
        created_at=MORNING,
        subject=account_id,
        payload={"schema": "2.0", "header": {}, "event": body},
    )
    if handle:
        handle_events()
        event.refresh_from_db()
    return event


def handle_events() -> None:
    while batch := dispatch.claim():
        dispatch.handle(batch)


def account() -> EcoAccount:
    event = Event.objects.create(
        app_id=django_settings.FEISHU_APP_ID, event_id=f"account-{next(NUMBERS)}", state="set_aside"
    )
    return EcoAccount.objects.create(
        tenant=Tenant.objects.own(), account_id=ACCOUNT, scope=Scope.EXAM, name="笔试账号", event=event
    )


def arranged(feishu: Simulator, **more: Any) -> Exam:
    """A customer has arranged an exam: Feishu has it, and hireops knows of it."""
    exam_id = feishu.arrange_exam(ACCOUNT, **more)
    told_of(exam_id, **more)
    return Exam.objects.get(exam_id=exam_id)


def page(exam: Exam, name: str = "change", *args: Any) -> str:
    return reverse(f"admin:bindings_exam_{name}", args=[exam.pk, *args])


def shown(client: Any, exam: Exam) -> str:
    return str(client.get(page(exam)).content.decode())


def now_of(exam: Exam) -> Exam:
    return Exam.objects.get(pk=exam.pk)


def told(exam: Exam) -> list[tuple[str, str, str]]:
    """(kind, what, state) of each message, oldest first."""
    rows = ExamUpdate.objects.filter(exam=exam).order_by("number")
    return [(row.kind, row.score or str(row.result_code), row.state) for row in rows]


def at_feishu(feishu: Simulator, exam: Exam) -> dict[str, Any]:
    return dict(feishu.state("exams")["exams"][exam.exam_id])


def give_access(client: Any, exam: Exam, **login: str) -> Any:
    return client.post(page(exam, "arrange"), {"exam_url": LINK, "username": "", "password": "", **login})


def give_score(client: Any, exam: Exam, score: str, **more: str) -> Any:
    return client.post(page(exam, "score"), {"score": score, "parts": "", "links": "", **more})
