"""From the order to what became of it, with a Feishu that runs as a real process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bindings.checks import services
from bindings.checks.tasks import look_after_results
from bindings.models import BackgroundCheck, CheckUpdate
from bindings.orders.updates import Found
from hireops.desk.invariants import broken
from hireops.feishu import tokens
from hireops.inbox.models import Event
from tests.bindings.checks.conftest import handle_events, now_of, states
from tests.bindings.checks.test_pages import page, press, report_result
from tests.bindings.reports.pdfs import pdf
from tests.deliveries import deliver
from tests.in_this_process import drain
from tests.selection import also_on_sqlite
from tests.simulator_process import Simulator, running_simulator

pytestmark = also_on_sqlite

ACCOUNT = "6931286400470354183"
PROGRESS = "/open-apis/hire/v1/eco_background_checks/update_progress"
EXAMPLES = Path(__file__).parents[2] / "simulator" / "data"
State = BackgroundCheck.State


@pytest.fixture(scope="session")
def feishu_process() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def customer(transactional_db: None, feishu_process: Simulator, settings: Any) -> Iterator[Simulator]:
    """The customer's side, whose events are delivered by ``arrive``. In the end every promise holds."""
    feishu_process.reset()
    feishu_process.switch(quota_enforced=False, delivery_paused=True)
    settings.FEISHU_BASE_URL = feishu_process.url
    for name in ("FEISHU_APP_ID", "FEISHU_APP_SECRET", "FEISHU_ENCRYPT_KEY", "FEISHU_VERIFICATION_TOKEN"):
        setattr(settings, name, feishu_process.environment[name])
    settings.PUBLIC_URL, settings.PUBLIC_URL_CHECK = "https://hireops.example.com", False
    tokens._cache.clear()  # what this process remembers is another simulator's
    feishu_process.add_account(scope=1, account_id=ACCOUNT)
    yield feishu_process
    assert list(broken()) == []


def arrive(customer: Simulator, client: Any) -> None:
    """All events that the customer has caused arrive at the webhook, and are handled."""
    for event in customer.state("events")["events"]:
        content = json.loads(event["body"])
        if "schema" in content:
            assert deliver(client, content).status_code == 200
    handle_events()


def order_of(customer: Simulator, order_id: str) -> dict[str, Any]:
    return dict(customer.state("orders")["orders"][order_id])


@pytest.mark.slow
def test_an_order_from_its_event_to_a_corrected_result(customer, client, vendor, vera):
    customer.switch(approval_required=True)
    order_id = customer.order_check(ACCOUNT, custom_field_list=[{"key": "note", "value": "急"}])
    arrive(customer, client)
    arrive(customer, client)  # Feishu tells of everything at least once
    check = BackgroundCheck.objects.get(background_check_id=order_id)

    vendor.post(page("stage", check), {"name": "学历核实"})
    drain()
    report = SimpleUploadedFile("报告.pdf", pdf(), content_type="application/pdf")
    vendor.post(page("stage", check), {"name": "中期", "result": "暂无差异", "report": report})
    drain()
    report = SimpleUploadedFile("终.pdf", pdf(title="2"), content_type="application/pdf")
    report_result(vendor, check, {"result": "无差异", "report": report})
    drain()

    there = order_of(customer, order_id)
    assert [stage["stage_name"] for stage in there["stages"]] == ["学历核实", "中期"]
    sent = there["result"]["report_file_list"][0]
    assert sent["report_url"].startswith("https://hireops.example.com/")
    assert now_of(check).state == State.RESULT_SENT

    customer.decide_check(order_id, approved=False)
    look_after_results()
    assert now_of(check).to_look_at == "sent_back"
    report_result(vendor, check, {"result": "有差异", "reason": "学校来信"})
    drain()
    assert states(check) == ["delivered"] * 3 + ["refused"]  # this Feishu takes no second result
    corrected = CheckUpdate.objects.get(background_check=check, number=4)
    services.settle(corrected, Found.LEAVE, by=vera, reason="sent by mail")

    shown = vendor.get(page("change", check))
    current = [each for each in shown.context["updates"] if each.current]
    assert [each.update.number for each in current] == [3]


@pytest.mark.slow
def test_a_stage_whose_answer_is_cut_is_there_once(customer, client, vera, clock):
    order_id = customer.order_check(ACCOUNT)
    arrive(customer, client)
    check = BackgroundCheck.objects.get(background_check_id=order_id)
    services.report_stage(check, by=vera, name="一")
    drain()
    customer.add_fault("cut", path=PROGRESS, when="after")
    services.report_stage(check, by=vera, name="二")
    services.report_stage(check, by=vera, name="三")
    drain()
    assert states(check) == ["delivered", "in_doubt", "queued"]

    for _round in range(3):
        clock.advance(minutes=2)
        drain()

    assert [stage["stage_name"] for stage in order_of(customer, order_id)["stages"]] == ["一", "二", "三"]
    assert states(check) == ["delivered"] * 3


@pytest.mark.slow
def test_a_customer_ends_an_order_and_nothing_more_leaves(customer, client, vendor, vera):
    order_id = customer.order_check(ACCOUNT)
    arrive(customer, client)
    check = BackgroundCheck.objects.get(background_check_id=order_id)
    services.report_stage(check, by=vera, name="一")
    customer.cancel_check(order_id, "候选人撤回")
    arrive(customer, client)

    drain()

    assert order_of(customer, order_id)["stages"] == []
    assert states(check) == ["stopped"]
    assert "This order has ended" in press(vendor, "next_stage", check).text


@pytest.mark.slow
def test_the_contracts_own_examples_make_an_order_and_end_it(customer, client):
    for number, name in enumerate(["canceled", "created", "created"]):
        example = json.loads((EXAMPLES / f"hire.eco_background_check.{name}_v1.json").read_text())
        example["header"] |= {
            "app_id": customer.environment["FEISHU_APP_ID"],
            "token": customer.environment["FEISHU_VERIFICATION_TOKEN"],
            "event_id": f"{number} {name}",  # the examples share one
        }
        assert deliver(client, example).status_code == 200
        handle_events()

    check = BackgroundCheck.objects.get()
    assert (check.state, check.candidate_name) == (State.CANCELED_BY_CUSTOMER, "王二")
    assert set(Event.objects.values_list("state", flat=True)) == {"handled"}
