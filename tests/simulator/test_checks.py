import json
from typing import Any

import pytest
import requests

from tests.simulator.scene import CHECK_ACCOUNT, CHECKS, EXAM_ACCOUNT, FORM, ORDERS, PACKAGES
from tests.simulator_process import Simulator

REPORT = {"report_name": "报告.pdf", "report_url": "https://example.com/r.pdf"}


@pytest.fixture
def account(simulator: Simulator) -> str:
    simulator.add_account(scope=2, account_id=EXAM_ACCOUNT)
    return str(simulator.add_account(scope=1, account_id=CHECK_ACCOUNT)["account_id"])


@pytest.fixture
def order(simulator: Simulator, account: str) -> str:
    return simulator.order_check(account)


def field(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "key": key, "name": {"zh_cn": f"字段 {key}"}, "is_required": True} | more


def fields(*keys: str, account_id: str = CHECK_ACCOUNT) -> dict[str, Any]:
    return {"account_id": account_id, "custom_field_list": [field(key) for key in keys]}


def packages(*ids: str, items: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    package_list = [{"id": each, "name": f"套餐 {each}"} for each in ids]
    item_list = [{"id": each, "name": f"附加 {each}"} for each in items]
    return {
        "account_id": CHECK_ACCOUNT,
        "package_list": package_list,
        "additional_item_list": item_list,
    } | more


def stage(order: str, number: int, **more: Any) -> dict[str, Any]:
    return {
        "background_check_id": order,
        "stage_id": f"s{number}",
        "stage_name": f"阶段 {number}",
        "stage_time": str(1660123456789 + number),
    } | more


def result(order: str, **more: Any) -> dict[str, Any]:
    return {"background_check_id": order, "result": "无差异", "result_time": "1660123456789"} | more


def codes(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def behind(simulator: Simulator) -> dict[str, Any]:
    return dict(simulator.state("published")["published"][CHECK_ACCOUNT])


def test_order_form_fields_are_replaced_and_dropped_keys_burn(simulator: Simulator, account: str) -> None:
    assert codes(simulator.call("POST", FORM, fields("a", "b"))) == (200, 0)
    assert codes(simulator.call("POST", FORM, fields("b", "c"))) == (200, 0)

    assert [each["key"] for each in behind(simulator)["fields"]] == ["b", "c"]
    assert codes(simulator.call("POST", FORM, fields("a"))) == (400, 1002855)
    assert codes(simulator.call("POST", FORM, fields("d", "d"))) == (400, 1002855)
    simulator.switch(order_form_is_final=True)
    assert codes(simulator.call("POST", FORM, fields("b", "c"))) == (400, 1002855)
    assert [each["key"] for each in behind(simulator)["fields"]] == ["b", "c"]


def test_an_update_of_order_form_fields_changes_texts_only(simulator: Simulator, account: str) -> None:
    update = f"{FORM}/batch_update"
    simulator.call("POST", FORM, fields("a", "b"))
    renamed = fields("b", "a")
    renamed["custom_field_list"][1] |= {"name": {"zh_cn": "新名"}, "is_required": False}

    assert codes(simulator.call("PATCH", update, renamed)) == (200, 0)
    assert behind(simulator)["fields"][0] == field("a", name={"zh_cn": "新名"})
    for wrong in (fields("a"), fields("a", "c"), fields("a", "b", "c")):
        assert codes(simulator.call("PATCH", update, wrong)) == (400, 1002001)
    retyped = fields("a", "b")
    retyped["custom_field_list"][0]["type"] = "number"
    assert codes(simulator.call("PATCH", update, retyped)) == (400, 1002001)


def test_deleting_order_form_fields_burns_all_of_them(simulator: Simulator, account: str) -> None:
    simulator.call("POST", FORM, fields("a", "b"))
    delete = f"{FORM}/batch_delete"

    assert codes(simulator.call("POST", delete, {"account_id": account})) == (200, 0)
    assert codes(simulator.call("POST", delete, {"account_id": account})) == (400, 1002860)
    assert codes(simulator.call("POST", FORM, fields("a"))) == (400, 1002855)
    assert codes(simulator.call("POST", FORM, fields("c"))) == (200, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "string"},
        {"type": "select"},
        {"type": "select", "options": []},
        {"type": "text", "options": [{"key": "a", "name": {"zh_cn": "甲"}}]},
        {"type": "select", "options": [{"key": "a", "name": {"zh_cn": "甲"}}] * 2},
        {"name": {}},
        {"required": True},
    ],
)
def test_a_malformed_order_form_field_is_1002855(
    simulator: Simulator, account: str, wrong: dict[str, Any]
) -> None:
    body = {"account_id": account, "custom_field_list": [field("a", **wrong)]}

    assert codes(simulator.call("POST", FORM, body)) == (400, 1002855)


@pytest.mark.parametrize("account_id", ["unknown", EXAM_ACCOUNT])
def test_only_a_background_check_account_has_an_order_form(
    simulator: Simulator, account: str, account_id: str
) -> None:
    assert codes(simulator.call("POST", FORM, fields("a", account_id=account_id))) == (400, 1002855)


def test_packages_are_added_and_an_id_is_used_once(simulator: Simulator, account: str) -> None:
    assert codes(simulator.call("POST", PACKAGES, packages("p1", items=("p1", "i2")))) == (200, 0)
    assert codes(simulator.call("POST", PACKAGES, packages("p2"))) == (200, 0)
    assert codes(simulator.call("POST", PACKAGES, packages("p3", "p1"))) == (400, 1002001)
    assert codes(simulator.call("POST", PACKAGES, packages("p4", items=("i2",)))) == (400, 1002001)

    assert list(behind(simulator)["packages"]) == ["p1", "p2"]
    assert list(behind(simulator)["items"]) == ["p1", "i2"]
    delete = {"account_id": account, "package_id_list": ["p1"]}
    assert codes(simulator.call("POST", f"{PACKAGES}/batch_delete", delete)) == (200, 0)
    assert codes(simulator.call("POST", f"{PACKAGES}/batch_delete", delete)) == (400, 1002859)
    assert codes(simulator.call("POST", PACKAGES, packages("p1"))) == (400, 1002001)


def test_packages_behave_as_the_switches_say(simulator: Simulator, account: str) -> None:
    simulator.switch(items_need_a_package=True, refused_creates_are_partial=True)
    assert codes(simulator.call("POST", PACKAGES, packages(items=("i1",)))) == (400, 1002001)
    assert codes(simulator.call("POST", PACKAGES, packages("p1"))) == (200, 0)
    assert codes(simulator.call("POST", PACKAGES, packages("p1", "p2"))) == (400, 1002001)
    assert list(behind(simulator)["packages"]) == ["p1", "p2"]
    simulator.switch(deleted_ids_are_free=True, left_out_descriptions_stay=True)
    described = [{"id": "p1", "name": "套餐", "description": "说明"}]
    assert (
        codes(simulator.call("PATCH", f"{PACKAGES}/batch_update", packages(package_list=described)))[1] == 0
    )
    assert codes(simulator.call("PATCH", f"{PACKAGES}/batch_update", packages("p1")))[1] == 0
    assert behind(simulator)["packages"]["p1"]["description"] == "说明"
    gone = {"account_id": CHECK_ACCOUNT, "package_id_list": ["p2"]}
    assert codes(simulator.call("POST", f"{PACKAGES}/batch_delete", gone)) == (200, 0)
    assert codes(simulator.call("POST", PACKAGES, packages("p2"))) == (200, 0)


def test_an_update_of_packages_leaves_the_rest(simulator: Simulator, account: str) -> None:
    simulator.call("POST", PACKAGES, packages("p1", "p2", items=("i1",)))
    change = packages("p2", package_list=[{"id": "p2", "name": "新套餐"}])

    assert codes(simulator.call("PATCH", f"{PACKAGES}/batch_update", change)) == (200, 0)
    assert {each["id"]: each["name"] for each in behind(simulator)["packages"].values()} == {
        "p1": "套餐 p1",
        "p2": "新套餐",
    }
    unknown = packages("p1", items=("i2",))
    assert codes(simulator.call("PATCH", f"{PACKAGES}/batch_update", unknown)) == (400, 1002001)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (packages(), 0),
        (packages("x" * 36), 200),
        (packages("x" * 37), 0),
        (packages("p", items=("x" * 37,)), 0),
        (packages(items=("i",)), 200),
        (packages("p", package_list=[{"id": "p", "name": "名" * 100}]), 200),
        (packages("p", package_list=[{"id": "p", "name": "名" * 101}]), 0),
        (packages("p", package_list=[{"id": 1, "name": "名"}]), 0),
        (packages("p", package_list=[{"id": "p"}]), 0),
    ],
)
def test_packages_have_their_lengths(simulator: Simulator, account: str, body: Any, code: int) -> None:
    expected = (200, 0) if code else (400, 1002001)

    assert codes(simulator.call("POST", PACKAGES, body)) == expected


def test_stages_come_once_and_in_time(simulator: Simulator, order: str) -> None:
    progress = f"{CHECKS}/update_progress"
    interim = stage(order, 3, result="通过", report_file_list=[REPORT])

    assert codes(simulator.call("POST", progress, stage(order, 1))) == (200, 0)
    assert codes(simulator.call("POST", progress, stage(order, 1))) == (500, 1002001)
    assert codes(simulator.call("POST", progress, stage(order, 2, stage_id="s1"))) == (500, 1002001)
    assert codes(simulator.call("POST", progress, stage(order, 1, stage_id="s2"))) == (500, 1002001)
    assert codes(simulator.call("POST", progress, stage(order, 2, result="通过"))) == (400, 99992402)
    assert codes(simulator.call("POST", progress, stage(order, 2, stage_time=1))) == (400, 99992402)
    assert codes(simulator.call("POST", progress, interim)) == (200, 0)
    assert codes(simulator.call("POST", progress, stage("unknown", 4))) == (400, 1002862)
    assert [each["stage_id"] for each in simulator.state()["orders"][order]["stages"]] == ["s1", "s3"]


def test_a_result_completes_the_order_and_nothing_comes_after(simulator: Simulator, order: str) -> None:
    assert codes(simulator.call("POST", f"{CHECKS}/update_result", result(order))) == (200, 0)

    assert simulator.state()["orders"][order]["status"] == 3
    assert codes(simulator.call("POST", f"{CHECKS}/update_result", result(order))) == (400, 1002858)
    assert codes(simulator.call("POST", f"{CHECKS}/update_progress", stage(order, 1))) == (400, 1002858)
    cancel = {"background_check_id": order}
    assert codes(simulator.call("POST", f"{CHECKS}/cancel", cancel)) == (500, 1002001)


@pytest.mark.parametrize(("approved", "status"), [(True, 3), (False, 9)])
def test_a_result_may_wait_for_approval(
    simulator: Simulator, order: str, approved: bool, status: int
) -> None:
    simulator.switch(approval_required=True)
    simulator.call("POST", f"{CHECKS}/update_result", result(order))

    assert simulator.state()["orders"][order]["status"] == 5
    assert codes(simulator.call("POST", f"{CHECKS}/update_result", result(order))) == (500, 1002863)
    simulator.decide_check(order, approved=approved)
    assert simulator.state()["orders"][order]["status"] == status
    assert codes(simulator.call("POST", f"{CHECKS}/update_result", result(order))) == (400, 1002858)


def test_either_side_ends_an_order_once(simulator: Simulator, account: str) -> None:
    ours, theirs = simulator.order_check(account), simulator.order_check(account)
    cancel = f"{CHECKS}/cancel"

    assert codes(simulator.call("POST", cancel, {"background_check_id": ours})) == (200, 0)
    assert codes(simulator.call("POST", cancel, {"background_check_id": ours})) == (500, 1002001)
    assert codes(simulator.call("POST", cancel, {"background_check_id": "unknown"})) == (400, 1002862)
    simulator.cancel_check(theirs, "客户终止")
    assert codes(simulator.call("POST", f"{CHECKS}/update_progress", stage(theirs, 1))) == (400, 1002858)
    event = json.loads(simulator.state("events")["events"][-1]["body"])
    assert event["header"]["event_type"] == "hire.eco_background_check.canceled_v1"
    assert event["event"] == {"background_check_id": theirs, "termination_reason": "客户终止"}
    assert [each["status"] for each in simulator.state()["orders"].values()] == [4, 4]


def test_orders_can_be_read_back(simulator: Simulator, order: str) -> None:
    simulator.call(
        "POST",
        f"{CHECKS}/update_progress",
        stage(order, 1, result="通过", report_file_list=[REPORT | {"report_url_type": 2}]),
    )
    simulator.call("POST", f"{CHECKS}/update_result", result(order, report_file_list=[REPORT]))
    (item,) = simulator.call("GET", ORDERS).json()["data"]["items"]

    assert (item["order_id"], item["order_status"], item["conclusion"]) == (order, 3, "无差异")
    assert [each["report_type"] for each in item["feedback_info_list"]] == [1, 2]
    assert item["feedback_info_list"][0]["report_preview_url"] == REPORT["report_url"]
    assert item["feedback_info_list"][1]["attachment_url"] == REPORT["report_url"]
    assert item["process_info_list"] == [
        {"process": "阶段 1", "en_process": "", "update_time": "1660123456790"}
    ]


def test_read_back_is_paged_and_filtered(simulator: Simulator, account: str) -> None:
    ids = [simulator.order_check(account) for _ in range(3)]
    simulator.cancel_check(ids[1])
    first = simulator.call("GET", f"{ORDERS}?page_size=2").json()["data"]
    second = simulator.call("GET", f"{ORDERS}?page_size=2&page_token={first['page_token']}").json()["data"]

    def found(**body: Any) -> list[str]:
        data = simulator.call("POST", f"{ORDERS}/batch_query", body).json()["data"]
        return [item["order_id"] for item in data["items"]]

    assert [item["order_id"] for item in first["items"] + second["items"]] == ids
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert found(order_status=4) == [ids[1]]
    assert found(background_check_order_id_list=[ids[2], "unknown"], order_status=4) == [ids[2]]
    assert found(update_end_time="1660123456789") == []
    for wrong in ("page_size=101", "page_size=x", "page_token=x", "update_start_time=1"):
        assert codes(simulator.call("GET", f"{ORDERS}?{wrong}")) == (400, 99992402)
    many = {"background_check_order_id_list": ["1"] * 21}
    assert codes(simulator.call("POST", f"{ORDERS}/batch_query", many)) == (400, 99992402)
