import re

import pytest
import requests

from tests.simulator.browser import Browser
from tests.simulator.receiver import Receiver
from tests.simulator_process import APP, FIELDS, Simulator

KEY = APP["FEISHU_ENCRYPT_KEY"]
FORM = {
    "scope": 1,
    "custom_field_list": [
        {
            "key": "account_token",
            "name": {"zh_cn": "账号token", "en_us": "Account token"},
            "is_required": True,
            "description": {"zh_cn": "可联系客服获取", "en_us": "Ask customer service"},
        },
        {"key": "note", "name": {"zh_cn": "备注"}, "is_required": False},
    ],
}


def test_without_fields_the_page_says_what_to_do(browser: Browser) -> None:
    page = browser.see()

    assert "No fields have been pushed for “Background check” yet" in page
    assert 'href="http://127.0.0.1:' in page
    assert "/admin/" in page


def test_the_form_is_made_of_the_pushed_fields(simulator: Simulator, browser: Browser) -> None:
    simulator.call("POST", FIELDS, FORM)
    page = browser.see("/?scope=1")

    assert re.search(r'Account token<span class="required"', page)
    assert "Ask customer service" in page
    assert re.search(r"备注</label>", page)
    assert "No fields have been pushed" in browser.see("/?scope=2")


def test_chinese_is_the_default_whatever_the_browser_asks_for(simulator: Simulator) -> None:
    simulator.call("POST", FIELDS, FORM)
    page = requests.get(simulator.url, headers={"Accept-Language": "en"}, timeout=10)

    assert '<html lang="zh-hans">' in page.text
    assert "账号token" in page.text


def test_adding_an_account_delivers_the_event(
    simulator: Simulator, receiver: Receiver, browser: Browser
) -> None:
    simulator.call("POST", FIELDS, FORM)
    values = {"field:account_token": " tok-1 ", "field:note": ""}
    data = {"scope": 1, "name": "ACME", "usages": [1, 2], "tenant_key": "2ca1d211f64f6438", **values}
    page = browser.submit("/accounts", **data)
    (delivery,) = receiver.wait_for(1)
    event = delivery.opened(KEY)["event"]
    simulator.wait_for(lambda state: state["events"][0]["state"] == "delivered")

    assert "The account “ACME” was added" in page.text
    assert (event["account_name"], event["usage_list"]) == ("ACME", [1, 2])
    assert event["custom_field_list"] == [{"key": "account_token", "value": "tok-1"}]
    assert event["account_id"] in browser.see("/fragments/accounts")
    log = browser.see("/fragments/deliveries")
    assert "hire.eco_account.created_v1" in log
    assert "HTTP 200" in log
    assert APP["FEISHU_VERIFICATION_TOKEN"] not in log


def test_what_is_missing_is_said_and_nothing_is_added(simulator: Simulator, browser: Browser) -> None:
    simulator.call("POST", FIELDS, FORM)
    answer = browser.submit("/accounts", scope=1, name="ACME", tenant_key="2ca1d211f64f6438")

    assert answer.status_code == 400
    assert answer.text.count("This field is required.") == 2
    assert 'value="ACME"' in answer.text
    state = simulator.state()
    assert (state["accounts"], state["events"]) == ([], [])


def test_calls_are_shown_with_their_bodies_and_without_secrets(
    simulator: Simulator, browser: Browser
) -> None:
    simulator.call("POST", FIELDS, FORM)
    log = browser.see("/fragments/calls")

    assert log.index(FIELDS) < log.index("tenant_access_token/internal")
    assert "账号token" in log
    assert APP["FEISHU_APP_SECRET"] not in log


def test_faults_and_switches_can_be_set_by_hand(simulator: Simulator, browser: Browser) -> None:
    fault = {"kind": "cut", "path": FIELDS, "when": "after", "calls": "", "seconds": 0, "reset_seconds": 5}
    browser.submit("/faults", scope=1, **fault)
    switches = {
        "rate_limit_status": 400,
        "duplicate_every": 3,
        "shuffle_seconds": 0,
        "currency_as": "number",
        "fetch_reports": "at_once",
    }
    browser.submit("/switches", scope=1, **switches)
    state = simulator.state()

    assert [(each["kind"], each["path"], each["calls"]) for each in state["faults"]] == [
        ("cut", FIELDS, None)
    ]
    assert (
        state["switches"].items()
        >= {
            "quota_enforced": False,
            "rate_limit_status": 400,
            "delivery_paused": False,
            "duplicate_every": 3,
            "shuffle_seconds": 0.0,
            "currency_as": "number",
            "approval_required": False,
            "order_form_is_final": False,
            "rejected_takes_results": False,
            "fetch_reports": "at_once",
        }.items()
    )
    assert "until cleared" in browser.see("/fragments/faults")
    browser.submit("/faults/clear", scope=1)
    assert simulator.state()["faults"] == []


def test_an_event_is_delivered_again_by_a_button(
    simulator: Simulator, receiver: Receiver, browser: Browser
) -> None:
    event_id = simulator.emit("one.v1", {})
    receiver.wait_for(1)
    browser.submit(f"/events/{event_id}/deliver", scope=1)
    receiver.wait_for(2)


def test_the_page_says_whether_the_url_is_verified(receiver: Receiver, browser: Browser) -> None:
    refused = browser.submit("/verify", scope=1).text
    receiver.challenge_key = KEY
    verified = browser.submit("/verify", scope=1).text

    assert "The URL is not verified: HTTP 200" in refused
    assert "The URL is verified" in verified


def test_versions_tell_what_has_changed(simulator: Simulator, browser: Browser) -> None:
    before = browser.get(f"{simulator.url}/versions").json()
    simulator.call("POST", FIELDS, FORM)
    after = browser.get(f"{simulator.url}/versions").json()

    assert after["form"] == before["form"] + 1
    assert after["log"] > before["log"]


def test_nothing_inline_is_needed_or_allowed(simulator: Simulator) -> None:
    answer = requests.get(simulator.url, timeout=10)

    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert not re.search(r"<style|style=|<script(?! src)| on\w+=", answer.text)


@pytest.mark.parametrize(
    "path",
    ["/accounts", "/faults", "/verify", "/switches", "/employees", "/rewards", "/orders", "/tenants/t"],
)
def test_a_foreign_page_cannot_use_the_forms(simulator: Simulator, path: str) -> None:
    assert requests.post(simulator.url + path, timeout=10).status_code == 403


def test_a_foreign_page_cannot_use_the_control_api(simulator: Simulator) -> None:
    answer = requests.post(f"{simulator.url}/_control/faults", data='{"kind": "cut"}', timeout=10)

    assert answer.status_code == 415
    assert simulator.state()["faults"] == []


def test_another_host_name_is_refused(simulator: Simulator) -> None:
    answer = requests.get(simulator.url, headers={"Host": "evil.example"}, timeout=10)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        ("faults", {"kind": "other"}, "kind must be one of"),
        ("faults", {"kind": "cut", "calls": 0}, "calls must be an integer"),
        ("events", {"event_type": "a"}, "event is required"),
        ("switches", {"unknown": 1}, "unknown is not a parameter"),
        ("events/deliver_now", {"event_id": "none"}, "There is no such event."),
        ("accounts", {"scope": 3, "name": "a", "usages": [], "values": []}, "scope must be one of"),
    ],
)
def test_the_control_api_says_what_is_wrong(
    simulator: Simulator, name: str, body: dict[str, object], error: str
) -> None:
    answer = requests.post(f"{simulator.url}/_control/{name}", json=body, timeout=10)

    assert answer.status_code == 400
    assert error in answer.json()["error"]
