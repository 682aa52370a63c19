from typing import Any

import pytest

from tests.simulator_process import FIELDS, Simulator

UPDATE, DELETE = f"{FIELDS}/batch_update", f"{FIELDS}/batch_delete"


def field(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": {"zh_cn": f"字段 {key}"}, "is_required": True} | more


def fields(*keys: str, scope: int = 1) -> dict[str, Any]:
    return {"scope": scope, "custom_field_list": [field(key) for key in keys]}


def keys(scope: int, *names: str) -> dict[str, Any]:
    return {"scope": scope, "custom_field_key_list": list(names)}


def pushed(simulator: Simulator, scope: int = 1) -> list[str]:
    return [each["key"] for each in simulator.state()["fields"][str(scope)]]


def refused(simulator: Simulator, method: str, path: str, body: Any) -> bool:
    """Whether the call is refused as a business operation, which changes nothing."""
    before = simulator.state()
    answer = simulator.call(method, path, body)
    after = simulator.state()
    assert (after["fields"], after["burned_keys"]) == (before["fields"], before["burned_keys"])
    return (answer.status_code, answer.json()["code"]) == (500, 1002001)


def test_create_replaces_the_whole_list_and_burns_what_it_drops(simulator: Simulator) -> None:
    simulator.call("POST", FIELDS, fields("a", "b"))
    answer = simulator.call("POST", FIELDS, fields("b", "c"))

    assert answer.json() == {"code": 0, "msg": "ok", "data": {}}
    assert pushed(simulator) == ["b", "c"]
    assert simulator.state()["burned_keys"] == {"1": ["a"], "2": []}
    assert refused(simulator, "POST", FIELDS, fields("b", "c", "a"))


def test_scopes_are_apart(simulator: Simulator) -> None:
    simulator.call("POST", FIELDS, fields("a", "b"))
    simulator.call("POST", DELETE, keys(1, "a"))
    simulator.call("POST", FIELDS, fields("a", scope=2))

    assert (pushed(simulator, 1), pushed(simulator, 2)) == (["b"], ["a"])


def test_a_list_that_names_a_key_twice_is_refused(simulator: Simulator) -> None:
    assert refused(simulator, "POST", FIELDS, fields("a", "a"))


def test_update_changes_texts_and_nothing_else(simulator: Simulator) -> None:
    simulator.call("POST", FIELDS, fields("a", "b"))
    change = field("b", is_required=False, name={"en_us": "B"}, description={"en_us": "hint"})
    answer = simulator.call("PATCH", UPDATE, {"scope": 1, "custom_field_list": [change]})

    assert answer.json()["code"] == 0
    assert simulator.state()["fields"]["1"] == [
        {"key": "a", "name": {"zh_cn": "字段 a"}, "is_required": True, "description": {}},
        {"key": "b", "name": {"en_us": "B"}, "is_required": True, "description": {"en_us": "hint"}},
    ]


def test_update_of_a_key_that_does_not_exist_is_refused(simulator: Simulator) -> None:
    simulator.call("POST", FIELDS, fields("a"))
    assert refused(simulator, "PATCH", UPDATE, fields("a", "unknown"))


def test_a_deleted_key_can_never_be_used_again(simulator: Simulator) -> None:
    simulator.call("POST", FIELDS, fields("a", "b"))
    answer = simulator.call("POST", DELETE, keys(1, "a"))

    assert answer.json() == {"code": 0, "msg": "ok", "data": {}}
    assert refused(simulator, "POST", FIELDS, fields("a", "b"))
    assert refused(simulator, "POST", DELETE, keys(1, "a"))
    assert pushed(simulator) == ["b"]


@pytest.mark.parametrize("names", [("a", "b"), ("unknown",), ("a", "unknown"), ()])
def test_delete_refuses_the_last_fields_unknown_ones_and_none_at_all(
    simulator: Simulator, names: tuple[str, ...]
) -> None:
    simulator.call("POST", FIELDS, fields("a", "b"))
    assert refused(simulator, "POST", DELETE, keys(1, *names))


@pytest.mark.parametrize(
    ("body", "violated"),
    [
        ([], [""]),
        ({}, ["custom_field_list", "scope"]),
        (fields("a") | {"scope": 3}, ["scope"]),
        (fields("a") | {"scope": "1"}, ["scope"]),
        (fields("a") | {"scope": True}, ["scope"]),
        (fields("a") | {"account_id": "1"}, ["account_id"]),
        (fields(), ["custom_field_list"]),
        ({"scope": 1, "custom_field_list": {}}, ["custom_field_list"]),
        ({"scope": 1, "custom_field_list": ["a"]}, ["custom_field_list[0]"]),
        ({"scope": 1, "custom_field_list": [field("")]}, ["custom_field_list[0].key"]),
        ({"scope": 1, "custom_field_list": [field("a") | {"key": 1}]}, ["custom_field_list[0].key"]),
        ({"scope": 1, "custom_field_list": [field("a", name="A")]}, ["custom_field_list[0].name"]),
        ({"scope": 1, "custom_field_list": [field("a", name={})]}, ["custom_field_list[0].name"]),
        (
            {"scope": 1, "custom_field_list": [field("a", name={"zh_cn": 1})]},
            ["custom_field_list[0].name.zh_cn"],
        ),
        (
            {"scope": 1, "custom_field_list": [field("a", name={"zh-CN": "甲"})]},
            ["custom_field_list[0].name.zh-CN"],
        ),
        (
            {"scope": 1, "custom_field_list": [field("a", is_required=1)]},
            ["custom_field_list[0].is_required"],
        ),
        ({"scope": 1, "custom_field_list": [field("a", required=True)]}, ["custom_field_list[0].required"]),
        (
            {"scope": 1, "custom_field_list": [field("a", description=None)]},
            ["custom_field_list[0].description"],
        ),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", FIELDS), ("PATCH", UPDATE)])
def test_a_malformed_body_is_refused_and_each_violation_is_named(
    simulator: Simulator, method: str, path: str, body: Any, violated: list[str]
) -> None:
    answer = simulator.call(method, path, body)
    named = sorted(violation["field"] for violation in answer.json()["error"]["field_violations"])

    assert (answer.status_code, answer.json()["code"]) == (400, 99992402)
    assert named == violated
    assert pushed(simulator) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"scope": NaN, "custom_field_list": []}',
        b'{"scope": 1, "scope": 1, "custom_field_list": []}',
        b"[" * 100_000,
        b'{"scope": ' + b"1" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_json_is_refused(simulator: Simulator, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {simulator.token()}", "Content-Type": "application/json"}
    answer = simulator.http.post(f"{simulator.url}{FIELDS}", data=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, 99992402)


def test_a_body_must_be_sent_as_json(simulator: Simulator) -> None:
    headers = {"Authorization": f"Bearer {simulator.token()}", "Content-Type": "text/plain"}
    answer = simulator.http.post(f"{simulator.url}{FIELDS}", data='{"scope": 1}', headers=headers)

    (violation,) = answer.json()["error"]["field_violations"]
    assert violation["description"] == "body must be sent as application/json"
