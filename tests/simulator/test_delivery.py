import json
import re
from pathlib import Path
from typing import Any

from tests.simulator.receiver import Receiver, running_receiver
from tests.simulator_process import APP, Simulator, running_simulator

KEY = APP["FEISHU_ENCRYPT_KEY"]
EXAMPLE = json.loads((Path(__file__).parent / "data" / "hire.eco_account.created_v1.json").read_text())


def only_event(state: dict[str, Any]) -> dict[str, Any]:
    (event,) = state["events"]
    return dict(event)


def is_in_state(name: str) -> Any:
    return lambda state: all(event["state"] == name for event in state["events"])


def has_tries(number: int) -> Any:
    return lambda state: len(state["events"][0]["attempts"]) == number


def test_an_added_account_arrives_signed_and_encrypted(simulator: Simulator, receiver: Receiver) -> None:
    values = [{"key": "ord_id", "value": "7233333"}]
    added = simulator.add_account(scope=2, name="笔试账号", usages=[1, 2], values=values)
    (delivery,) = receiver.wait_for(1)
    event = delivery.opened(KEY)

    assert delivery.headers["X-Lark-Signature"] == delivery.signature(KEY)
    assert re.fullmatch(r"\d{10}", delivery.headers["X-Lark-Request-Timestamp"])
    assert re.fullmatch(r"\d{19}", added["account_id"])
    assert {**event, "header": None} == {
        "schema": "2.0",
        "header": None,
        "event": {
            "scope": 2,
            "account_id": added["account_id"],
            "account_name": "笔试账号",
            "usage_list": [1, 2],
            "custom_field_list": values,
        },
    }
    header = event["header"]
    assert header.keys() == EXAMPLE["header"].keys()
    assert header["event_id"] == added["event_id"]
    assert (header["event_type"], header["app_id"]) == (EXAMPLE["header"]["event_type"], APP["FEISHU_APP_ID"])
    assert (header["token"], header["tenant_key"]) == (APP["FEISHU_VERIFICATION_TOKEN"], "2ca1d211f64f6438")
    assert re.fullmatch(r"\d{13}", header["create_time"])
    assert event["event"].keys() == EXAMPLE["event"].keys()

    delivered = only_event(simulator.wait_for(is_in_state("delivered")))
    assert [(each["number"], each["http_status"], each["succeeded"]) for each in delivered["attempts"]] == [
        (1, 200, True)
    ]


def test_a_failed_delivery_comes_again_after_15_s_5_min_1_h_and_6_h_and_never_more(
    simulator: Simulator, receiver: Receiver
) -> None:
    receiver.statuses = [500, 204, 302, 404, 503]
    simulator.add_account()
    for tries, wait in enumerate([15, 300, 3600, 21600], start=1):
        event = only_event(simulator.wait_for(has_tries(tries)))
        assert event["state"] == "waiting"
        assert wait - 1 < event["next_at"] - event["attempts"][-1]["at"] <= wait
        simulator.let_pass(wait - 5)
        assert len(receiver.deliveries) == tries
        simulator.let_pass(5)
    event = only_event(simulator.wait_for(is_in_state("lost")))
    simulator.let_pass(24 * 3600)

    assert [each["http_status"] for each in event["attempts"]] == [500, 204, 302, 404, 503]
    assert event["next_at"] is None
    assert len(receiver.deliveries) == 5
    assert len({delivery.body for delivery in receiver.deliveries}) == 5
    assert len({json.dumps(delivery.opened(KEY)) for delivery in receiver.deliveries}) == 1
    assert all(each.headers["X-Lark-Signature"] == each.signature(KEY) for each in receiver.deliveries)


def test_an_answer_after_three_seconds_is_no_success(simulator: Simulator, receiver: Receiver) -> None:
    receiver.delay_s = 4
    simulator.add_account()
    event = only_event(simulator.wait_for(has_tries(1)))

    assert (event["state"], event["attempts"][0]["http_status"]) == ("waiting", None)
    assert event["attempts"][0]["duration_ms"] >= 2900


def test_a_receiver_that_is_away_is_tried_again() -> None:
    with running_simulator(SIMULATOR_RETRY_SECONDS="0.1,0.1") as simulator:
        simulator.add_account()
        event = only_event(simulator.wait_for(is_in_state("lost")))

    assert [each["note"] for each in event["attempts"]] == ["ConnectionError"] * 3


def test_events_can_come_twice(simulator: Simulator, receiver: Receiver) -> None:
    simulator.emit("one.v1", {}, copies=3)
    receiver.wait_for(3)
    simulator.switch(duplicate_every=2)
    for number in range(4):
        simulator.emit(f"more.{number}", {})
    simulator.wait_for(is_in_state("delivered"))
    types = [delivery.opened(KEY)["header"]["event_type"] for delivery in receiver.deliveries]

    assert types.count("one.v1") == 3
    assert sorted(types.count(f"more.{number}") for number in range(4)) == [1, 1, 2, 2]
    assert len({delivery.opened(KEY)["header"]["event_id"] for delivery in receiver.deliveries}) == 5


def test_events_can_be_held_back_delayed_and_shuffled(simulator: Simulator, receiver: Receiver) -> None:
    simulator.switch(delivery_paused=True, shuffle_seconds=30)
    numbers = list(range(40))
    for number in numbers:
        simulator.emit("ordered.v1", {"number": number})
    simulator.let_pass(40)
    assert receiver.deliveries == []
    simulator.switch(delivery_paused=False)
    receiver.wait_for(40)
    came = [delivery.opened(KEY)["event"]["number"] for delivery in receiver.deliveries]

    assert sorted(came) == numbers
    assert came != numbers


def test_an_event_is_delivered_again_on_demand(simulator: Simulator, receiver: Receiver) -> None:
    event_id = simulator.emit("one.v1", {}, tenant_key="another", event_id="chosen")
    receiver.wait_for(1)
    simulator.wait_for(is_in_state("delivered"))
    simulator.deliver_now(event_id)
    receiver.wait_for(2)

    assert event_id == "chosen"
    assert {each.opened(KEY)["header"]["tenant_key"] for each in receiver.deliveries} == {"another"}


def test_without_an_encrypt_key_events_come_in_clear() -> None:
    with (
        running_receiver() as receiver,
        running_simulator(FEISHU_ENCRYPT_KEY="", SIMULATOR_WEBHOOK_URL=receiver.url) as simulator,
    ):
        event_id = simulator.emit("one.v1", {"a": 1})
        (delivery,) = receiver.wait_for(1)

    assert json.loads(delivery.body)["header"]["event_id"] == event_id
    assert "X-Lark-Signature" not in delivery.headers


def test_the_url_can_be_verified(simulator: Simulator, receiver: Receiver) -> None:
    receiver.challenge_key = KEY
    good = simulator.control("verify_url")
    opened = receiver.deliveries[0].opened(KEY)
    receiver.challenge_key = ""
    bad = simulator.control("verify_url")

    assert good["verified"] is True
    assert opened.keys() == {"challenge", "token", "type"}
    assert bad["verified"] is False
    assert "success" in bad["explanation"]


def test_the_url_must_be_verified_within_a_second(simulator: Simulator, receiver: Receiver) -> None:
    receiver.challenge_key, receiver.delay_s = KEY, 1.2

    assert simulator.control("verify_url")["verified"] is False
