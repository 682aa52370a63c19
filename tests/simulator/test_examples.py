"""The published payloads pass through: copied into ``data``; values differ, method, path and shape do not."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator.scene import CHECK_ACCOUNT, EXAM_ACCOUNT, set_scene
from tests.simulator_process import APP, FIELDS, Simulator, running_simulator

DATA = Path(__file__).parent / "data"
CUSTOM = sorted(path.name.removesuffix(".request.json") for path in DATA.glob("*.request.json"))
STORE = ["auth.app_access_token", "auth.app_ticket_resend", "auth.tenant_access_token"]
FORM, PACKAGE = "eco_background_check_custom_field", "eco_background_check_package"
FIRST = {  # what has to be sent before an example can pass
    f"{FORM}.batch_update": f"{FORM}.create",
    f"{FORM}.batch_delete": f"{FORM}.create",
    f"{PACKAGE}.batch_update": f"{PACKAGE}.create",
    "eco_exam_paper.batch_update": "eco_exam_paper.create",
}


def load(name: str) -> dict[str, Any]:
    return dict(json.loads((DATA / f"{name}.json").read_text()))


def shape(value: Any) -> Any:
    """Names and types without values; a number is a number, with decimals or without."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    kind = float if type(value) is int else type(value)
    return [shape(each) for each in value] if isinstance(value, list) else kind


def ask(simulator: Simulator, name: str, **body: Any) -> requests.Response:
    """The answer to the example, with what belongs to this simulator put in."""
    request = load(f"{name}.request")
    mine = {"app_id": APP["FEISHU_APP_ID"], "app_secret": APP["FEISHU_APP_SECRET"], **body}
    sent = {key: mine.get(key, value) for key, value in request.get("body", {}).items()}
    headers = dict(request["headers"])
    if "Authorization" in headers:
        headers["Authorization"] = f"Bearer {simulator.token()}"
    content = json.dumps(sent, ensure_ascii=False).encode() if sent else None
    path = re.sub(r":(\w+)", lambda name: request["path_params"][name[1]], request["path"])
    url = f"{simulator.url}{path}"
    return simulator.http.request(
        request["method"], url, params=request.get("query"), data=content, headers=headers, timeout=30
    )


def send(simulator: Simulator, name: str, **body: Any) -> None:
    """Sends the example and checks the answer's form."""
    answer, expected = ask(simulator, name, **body), load(f"{name}.response")

    assert answer.status_code == expected["http_status"], answer.text
    assert (answer.json()["code"], answer.json()["msg"]) == (0, expected["body"]["msg"])
    assert shape(answer.json()) == shape(expected["body"])
    assert answer.headers["Content-Type"] == expected["headers"]["Content-Type"]
    assert len(answer.headers["X-Tt-Logid"]) == len(expected["headers"]["X-Tt-Logid"])


def fail(simulator: Simulator, name: str, code: int) -> None:
    expected = load(f"{name}.error_{code}")
    answer = ask(simulator, name)

    assert (answer.status_code, answer.json()) == (expected["http_status"], expected["body"])


def push_fields(simulator: Simulator, *keys: str) -> None:
    field = {"name": {"zh_cn": "甲"}, "is_required": True}
    existing = {"scope": 1, "custom_field_list": [{"key": key, **field} for key in keys]}
    simulator.call("POST", FIELDS, existing)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in CUSTOM
        if name not in {*STORE, f"{PACKAGE}.batch_delete", "referral_account.reconciliation"}
    ],
)
def test_an_example_of_a_custom_app_passes(simulator: Simulator, name: str) -> None:
    set_scene(simulator)
    push_fields(simulator, "account_token", "account_token_v1")
    if name in FIRST:
        send(simulator, FIRST[name])

    # The published withdrawal asks for points and is answered with cash as well: a shape, not a behaviour.
    send(simulator, name, withdraw_bonus_type=[1, 2])


def test_the_example_of_deleted_packages_passes(simulator: Simulator) -> None:
    set_scene(simulator)
    deleted = load(f"{PACKAGE}.batch_delete.request")["body"]
    (package_id,), (item_id,) = deleted["package_id_list"], deleted["additional_item_id_list"]
    lists = {
        "package_list": [{"id": package_id, "name": "甲"}],
        "additional_item_list": [{"id": item_id, "name": "乙"}],
    }
    assert ask(simulator, f"{PACKAGE}.create", **lists).json()["code"] == 0

    send(simulator, f"{PACKAGE}.batch_delete")


@pytest.mark.parametrize("withdrawn", [True, False])
def test_both_examples_of_a_reconciliation_pass(simulator: Simulator, withdrawn: bool) -> None:
    """The window of the example is long past: the first withdrawal of this simulator is now."""
    set_scene(simulator)
    account_id = load("referral_account.reconciliation.request")["body"]["trade_details"][0]["account_id"]
    window = {"start_trans_time": "1685416831621", "end_trans_time": "9999999999999"}
    if withdrawn:
        body = {"withdraw_bonus_type": [1], "external_order_id": "1"}
        simulator.call("POST", f"/open-apis/hire/v1/referral_account/{account_id}/withdraw", body)
    answer = ask(simulator, "referral_account.reconciliation", **window).json()
    published = "response" if withdrawn else "response_no_withdrawal"

    assert shape(answer) == shape(load(f"referral_account.reconciliation.{published}")["body"])


def test_the_examples_of_refusals_pass(simulator: Simulator) -> None:
    fail(simulator, "eco_background_check.cancel", 1002862)
    set_scene(simulator)
    simulator.switch(approval_required=True, order_form_is_final=True)
    for name, code in [
        (f"{FORM}.create", 1002855),
        ("eco_background_check.update_result", 1002863),
        ("eco_exam.login_info", 1002851),
    ]:
        send(simulator, name)
        fail(simulator, name, code)
    simulator.cancel_check(load("eco_background_check.cancel.request")["body"]["background_check_id"])
    fail(simulator, "eco_background_check.update_progress", 1002858)
    send(simulator, "referral_account.deactivate")
    fail(simulator, "referral_account.withdraw", 1002555)
    send(simulator, "eco_exam.update_result")
    simulator.finish_marking(load("eco_exam.update_result.request")["path_params"]["exam_id"])
    fail(simulator, "eco_exam.update_result", 1002855)


def test_events_have_the_published_shape(simulator: Simulator) -> None:
    person = {"mobile": {"code": "86", "number": "18900001111"}, "email": "xxx@abc.vom", "name": "王二"}
    simulator.add_account(scope=1, account_id=CHECK_ACCOUNT)
    simulator.add_account(scope=2, account_id=EXAM_ACCOUNT)
    order = load("hire.eco_background_check.created_v1")["event"]
    simulator.order_check(**{**order, "account_id": CHECK_ACCOUNT})
    simulator.cancel_check(order["background_check_id"])
    simulator.arrange_exam(EXAM_ACCOUNT, candidate_info=person)
    simulator.add_employees({"name": "张三", "email": "hire@open.com", "account_id": "1"})
    simulator.reward("张三", points=100, CNY="100")

    for event in simulator.state("events")["events"][2:]:
        assert shape(json.loads(event["body"])) == shape(load(event["event_type"])), event["event_type"]
    assert len(simulator.state("events")["events"]) == 6


def test_the_examples_of_a_store_app_pass() -> None:
    tenant = load("auth.tenant_access_token.request")["body"]["tenant_key"]
    with running_simulator(FEISHU_APP_TYPE="store", SIMULATOR_TENANT_KEYS=tenant) as simulator:
        send(simulator, "auth.app_ticket_resend")
        ticket = json.loads(simulator.state()["events"][0]["body"])["event"]["app_ticket"]
        send(simulator, "auth.app_access_token", app_ticket=ticket)
        app = load("auth.app_access_token.request")
        sent = {"app_id": APP["FEISHU_APP_ID"], "app_secret": APP["FEISHU_APP_SECRET"], "app_ticket": ticket}
        token = simulator.call("POST", app["path"], sent, token="").json()["app_access_token"]
        send(simulator, "auth.tenant_access_token", app_access_token=token)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("error.system", {"kind": "server_error"}),
        ("error.rate_limited", {"kind": "rate_limited", "reset_seconds": 52}),
        ("error.rate_limited_legacy", {"kind": "rate_limited", "reset_seconds": 52}),
        ("error.token_invalid", {"kind": "token_invalid"}),
    ],
)
def test_a_common_failure_reads_as_published(simulator: Simulator, name: str, fault: dict[str, Any]) -> None:
    expected = load(f"errors/{name}")
    simulator.switch(rate_limit_status=expected["http_status"] if "rate" in name else 429)
    simulator.add_fault(path=FIELDS, **fault)
    answer = simulator.call("POST", FIELDS, {})

    assert (answer.status_code, answer.json()) == (expected["http_status"], expected["body"])
    assert {name.lower() for name in expected["headers"]} <= {name.lower() for name in answer.headers}


def test_a_parameter_failure_has_the_published_shape(simulator: Simulator) -> None:
    expected = load("errors/error.parameter")
    answer = simulator.call("POST", FIELDS, {"scope": 1})

    assert answer.status_code == expected["http_status"]
    assert shape(answer.json()) == shape(expected["body"])
    assert (answer.json()["code"], answer.json()["msg"]) == (
        expected["body"]["code"],
        expected["body"]["msg"],
    )
