"""The page's two other views: rewards, and orders."""

import re

import pytest

from tests.simulator.browser import Browser
from tests.simulator.receiver import Receiver
from tests.simulator.scene import CHECK_ACCOUNT, EXAM_ACCOUNT, FORM, PACKAGES, PAPERS, REFERRAL, set_scene
from tests.simulator_process import APP, Simulator, running_simulator

KEY = APP["FEISHU_ENCRYPT_KEY"]
CANDIDATE = {"candidate": "孙七", "mobile": "18900007777", "email": "sun@example.com"}
ZHANG = {"name": "张三", "mobile_code": "86", "mobile_number": "18900001111", "email": ""}


@pytest.fixture
def published(simulator: Simulator) -> None:
    """One package, one item, one field of the order form; one paper."""
    set_scene(simulator)
    field = {"type": "text", "key": "note", "name": {"en_us": "Note"}, "is_required": True}
    simulator.call("POST", FORM, {"account_id": CHECK_ACCOUNT, "custom_field_list": [field]})
    package = {
        "package_list": [{"id": "p1", "name": "Basic"}],
        "additional_item_list": [{"id": "i1", "name": "More"}],
    }
    simulator.call("POST", PACKAGES, {"account_id": CHECK_ACCOUNT, **package})
    paper = {"account_id": EXAM_ACCOUNT, "paper_list": [{"id": "a", "name": "Spring"}]}
    simulator.call("POST", PAPERS, paper)


def test_an_employee_is_added_and_rewarded_to_the_cent(simulator: Simulator, browser: Browser) -> None:
    tenant = {"tenant_key": "2ca1d211f64f6438", "view": "referrals"}
    assert "张三 works here now." in browser.submit("/employees", **ZHANG, **tenant).text
    reward = {"employee": "张三", "points": "5", "amount": "0.10", "currency": "CNY", "view": "referrals"}
    page = browser.submit("/rewards", **reward).text

    assert "The reward for 张三 is confirmed." in page
    assert "not registered" in page
    assert "5 points · 0.10 CNY" in page
    (employee,) = simulator.state("employees")["employees"]
    assert (employee["points"], employee["cash_cents"]) == (5, {"CNY": 10})


def test_withdrawals_are_shown_with_how_often_they_were_asked_for(
    simulator: Simulator, browser: Browser
) -> None:
    set_scene(simulator)
    for _ in range(2):
        body = {"withdraw_bonus_type": [1, 2], "external_order_id": "order-1"}
        simulator.call("POST", f"{REFERRAL}/6942778198054125570/withdraw", body)
    page = browser.see("/fragments/employees")

    assert "order-1" in page
    assert "100.00 CNY" in page
    assert "asked again 1×" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"employee": "nobody"}, "No employee matches."),
        ({"points": "", "amount": ""}, "Enter points, cash or both"),
        ({"points": "-101"}, "That would leave a balance below zero."),
        ({"amount": "0.001"}, "no more than 2 decimal places"),
    ],
)
def test_a_wrong_reward_is_explained_and_changes_nothing(
    simulator: Simulator, browser: Browser, wrong: dict[str, str], said: str
) -> None:
    set_scene(simulator)
    reward = {"employee": "张三", "points": "5", "amount": "", "currency": "CNY", "view": "referrals"}
    answer = browser.submit("/rewards", **{**reward, **wrong})

    assert answer.status_code == 400
    assert said in answer.text
    assert simulator.state("employees")["employees"][0]["points"] == 100


def test_a_check_is_ordered_with_what_the_partner_published(
    simulator: Simulator, receiver: Receiver, browser: Browser, published: None
) -> None:
    place = {"view": "orders", "account": CHECK_ACCOUNT}
    order = {"package_id": "p1", "item_ids": "i1", "comment": "soon", "field:note": "x", **CANDIDATE}
    before = len(simulator.state("events")["events"])
    page = browser.submit("/orders", **place, **order).text
    event = receiver.wait_for(before + 1)[-1].opened(KEY)["event"]

    assert "Ordered for 孙七; the event is on its way." in page
    assert (event["account_id"], event["package_id"]) == (CHECK_ACCOUNT, "p1")
    assert event["additional_item_id_list"] == ["i1"]
    assert event["custom_field_list"] == [{"key": "note", "value": "x"}]
    browser.submit(f"/checks/{event['background_check_id']}/cancel", **place)
    assert simulator.state("orders")["orders"][event["background_check_id"]]["status"] == 4
    late = browser.submit(f"/checks/{event['background_check_id']}/cancel", **place).text
    assert "That is no longer possible" in late


def test_a_result_is_approved_by_a_button(simulator: Simulator, browser: Browser) -> None:
    set_scene(simulator)
    simulator.switch(approval_required=True)
    (order_id,) = simulator.state("orders")["orders"]
    body = {"background_check_id": order_id, "result": "ok", "result_time": "1660123456789"}
    simulator.call("POST", "/open-apis/hire/v1/eco_background_checks/update_result", body)

    assert "Approve the result" in browser.see("/fragments/orders")
    browser.submit(f"/checks/{order_id}/decide", decision="approve", view="orders")
    assert simulator.state("orders")["orders"][order_id]["status"] == 3


def test_an_exam_is_arranged_and_its_marking_finished(
    simulator: Simulator, browser: Browser, published: None
) -> None:
    place = {"view": "orders", "account": EXAM_ACCOUNT}
    browser.submit("/orders", **place, paper_id="a", **CANDIDATE)
    exam_id = list(simulator.state("exams")["exams"])[-1]
    simulator.call("POST", f"/open-apis/hire/v1/eco_exams/{exam_id}/update_result", {"result": "88"})

    assert "88" in browser.see("/fragments/orders")
    browser.submit(f"/exams/{exam_id}/finish", **place)
    assert simulator.state("exams")["exams"][exam_id]["state"] == "marked"


def test_nothing_can_be_ordered_before_something_is_published(simulator: Simulator, browser: Browser) -> None:
    assert "No account has been added yet" in browser.see("/?view=orders")
    set_scene(simulator)

    assert "has not published papers" in browser.see(f"/?view=orders&account={EXAM_ACCOUNT}")
    assert "has not published packages" in browser.see(f"/?view=orders&account={CHECK_ACCOUNT}")


@pytest.mark.parametrize("view", ["referrals", "orders"])
def test_no_view_needs_anything_inline(
    simulator: Simulator, browser: Browser, published: None, view: str
) -> None:
    page = browser.see(f"/?view={view}")

    assert not re.search(r"<style|style=|<script(?! src)| on\w+=", page)


def test_a_tenant_of_a_store_app_stops_and_leaves_by_buttons() -> None:
    with running_simulator(FEISHU_APP_TYPE="store", SIMULATOR_TENANT_KEYS="t1") as simulator:
        with Browser(simulator.url) as browser:
            for change in ("stop", "uninstall"):
                browser.submit("/tenants/t1", change=change)
            browser.submit("/app_ticket")
        state = simulator.state("events", "tenants")

    assert state["tenants"] == {"t1": "gone"}
    types = [event["event_type"] for event in state["events"]]
    assert types == ["app_status_change", "app_uninstalled", "app_ticket"]


NINE_TYPES = ("text", "textarea", "number", "boolean", "select", "multiselect", "date", "file", "resume")
CHOICES = [{"key": "a", "name": {"en_us": "First"}}, {"key": "b", "name": {"en_us": "Second"}}]


def test_an_order_form_of_all_nine_types_is_filled_in(
    simulator: Simulator, browser: Browser, published: None
) -> None:
    fields = [
        {
            "type": each,
            "key": f"of_{each}",
            "name": {"en_us": f"A {each}"},
            "is_required": True,
            **({"options": CHOICES} if "select" in each else {}),
        }
        for each in NINE_TYPES
    ]
    form = {"account_id": CHECK_ACCOUNT, "custom_field_list": fields}
    assert simulator.call("POST", FORM, form).json()["code"] == 0
    page = browser.see(f"/?view=orders&account={CHECK_ACCOUNT}")
    assert all(f"A {each}" in page for each in NINE_TYPES)

    filled = {
        "field:of_text": "x",
        "field:of_textarea": "x\ny",
        "field:of_number": "3.5",
        "field:of_boolean": "true",
        "field:of_select": "b",
        "field:of_multiselect": "a",
        "field:of_date": "2026-11-02",
        "field:of_file": "https://files.example.com/1",
        "field:of_resume": "https://files.example.com/2",
    }
    order = {**CANDIDATE, "package_id": "p1", "view": "orders", "account": CHECK_ACCOUNT}
    assert "Ordered for 孙七" in browser.submit("/orders", **order, **filled).text
    asked = list(simulator.state("orders")["orders"].values())[-1]["asked"]
    values = {each["key"]: each["value"] for each in asked["custom_field_list"]}
    assert values["of_multiselect"] == '["a"]'
    assert values["of_number"] == "3.5"
    assert values["of_boolean"] == "true"
    assert values["of_date"].isdigit()
    assert len(values) == len(NINE_TYPES)


def test_reports_are_fetched_when_opened_or_at_once_and_never_from_elsewhere(
    simulator: Simulator, browser: Browser, receiver: Receiver, published: None
) -> None:
    order = simulator.order_check(CHECK_ACCOUNT, "p1")
    here, elsewhere = f"{simulator.url}/versions", "https://192.0.2.1/report.pdf"
    report = [
        {"report_name": "here.pdf", "report_url": here, "report_url_type": 1},
        {"report_name": "elsewhere.pdf", "report_url": elsewhere},
        {"report_name": "page", "report_url": elsewhere, "report_url_type": 2},
    ]
    stage = {
        "background_check_id": order,
        "stage_name": "Half",
        "result": "so far",
        "report_file_list": report,
    }
    path = "/open-apis/hire/v1/eco_background_checks/update_progress"
    simulator.call("POST", path, {**stage, "stage_id": "1", "stage_time": "1660123456789"})
    assert simulator.state("downloads")["downloads"] == {}
    browser.submit("/reports/fetch", url=here, view="orders")
    browser.submit("/reports/fetch", url=elsewhere, view="orders")
    browser.submit("/reports/fetch", url=f"{simulator.url}/_control/state", view="orders")  # nobody's report
    downloads = simulator.state("downloads")["downloads"]
    assert {url: (each["status"], each["is_pdf"], each["note"]) for url, each in downloads.items()} == {
        here: (200, False, ""),
        elsewhere: (0, False, "elsewhere"),
    }
    page = browser.see("/fragments/orders?view=orders")
    assert "no PDF (HTTP 200)" in page
    assert "a page to look at" in page

    simulator.reset()
    set_scene(simulator)
    simulator.switch(fetch_reports="at_once")
    stage["background_check_id"] = simulator.order_check(CHECK_ACCOUNT, "p1")
    simulator.call("POST", path, {**stage, "stage_id": "1", "stage_time": "1660123456789"})
    simulator.wait_for(lambda state: here in state["downloads"])


def test_a_rejected_order_takes_another_result_by_a_switch(
    simulator: Simulator, browser: Browser, published: None
) -> None:
    simulator.switch(approval_required=True)
    order = simulator.order_check(CHECK_ACCOUNT, "p1")
    path = "/open-apis/hire/v1/eco_background_checks/update_result"
    result = {"background_check_id": order, "result": "first", "result_time": "1660123456789"}
    simulator.call("POST", path, result)
    browser.submit(f"/checks/{order}/decide", decision="reject")
    again = {**result, "result": "corrected"}
    assert simulator.call("POST", path, again).json()["code"] == 1002858
    simulator.switch(rejected_takes_results=True)
    assert simulator.call("POST", path, again).json()["code"] == 0
    page = browser.see("/fragments/orders?view=orders")
    assert "first" in page
    assert "corrected" in page


def test_the_page_forgets_everything_and_its_switches_stay_as_they_were_set(
    simulator: Simulator, browser: Browser, published: None
) -> None:
    simulator.switch(items_need_a_package=True)
    switches = {
        "rate_limit_status": "429",
        "duplicate_every": "0",
        "shuffle_seconds": "0",
        "currency_as": "iso",
        "fetch_reports": "at_once",
    }
    browser.submit("/switches", **switches)
    assert simulator.state("switches")["switches"]["items_need_a_package"] is True
    assert simulator.state("switches")["switches"]["fetch_reports"] == "at_once"
    assert "has forgotten everything" in browser.submit("/reset").text
    assert simulator.state("accounts")["accounts"] == []
