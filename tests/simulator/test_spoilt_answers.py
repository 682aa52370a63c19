"""Answers that go wrong on their way, before or after the work (reliability catalogue, C8 and E2)."""

import json
import time

import pytest
import requests

from tests.simulator_process import FIELDS, Simulator

BODY = {"scope": 1, "custom_field_list": [{"key": "a", "name": {"zh_cn": "甲"}, "is_required": True}]}
before_and_after = pytest.mark.parametrize(
    ("when", "status", "fields"), [("before", 500, 0), ("after", 200, 1)]
)


def number_of_fields(simulator: Simulator) -> int:
    return len(simulator.state("fields")["fields"]["1"])


@before_and_after
def test_an_answer_comes_byte_by_byte(simulator: Simulator, when: str, status: int, fields: int) -> None:
    simulator.add_fault("trickle", path=FIELDS, when=when, seconds=0.01)
    started = time.monotonic()
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, number_of_fields(simulator)) == (status, fields)
    assert answer.json()["code"] == (1002001 if status == 500 else 0)
    assert time.monotonic() - started >= len(answer.content) * 0.01


@before_and_after
def test_json_ends_in_the_middle(simulator: Simulator, when: str, status: int, fields: int) -> None:
    simulator.add_fault("truncated", path=FIELDS, when=when)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, number_of_fields(simulator)) == (status, fields)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(("when", "fields"), [("before", 0), ("after", 1)])
def test_a_200_says_nothing(simulator: Simulator, when: str, fields: int) -> None:
    simulator.add_fault("empty", path=FIELDS, when=when)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, answer.content, number_of_fields(simulator)) == (200, b"", fields)


@pytest.mark.parametrize(("when", "fields"), [("before", 0), ("after", 1)])
def test_whoever_follows_a_redirect_is_seen(simulator: Simulator, when: str, fields: int) -> None:
    simulator.add_fault("redirect", path=FIELDS, when=when)
    answer = simulator.call("POST", FIELDS, BODY)

    assert [each.status_code for each in (*answer.history, answer)] == [307, 404]
    assert simulator.state("calls")["calls"][-1]["path"] == "/open-apis/redirected"
    assert number_of_fields(simulator) == fields


@before_and_after
def test_a_huge_answer_does_not_say_how_long_it_is(
    simulator: Simulator, when: str, status: int, fields: int
) -> None:
    simulator.add_fault("huge", path=FIELDS, when=when, megabytes=3)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, number_of_fields(simulator)) == (status, fields)
    assert "Content-Length" not in answer.headers
    assert len(answer.content) > 3 * 1024 * 1024
    assert json.loads(answer.content)["code"] == (1002001 if status == 500 else 0)


@pytest.mark.parametrize(("when", "fields"), [("before", 0), ("after", 1)])
def test_a_half_closed_connection_breaks_off_the_body(simulator: Simulator, when: str, fields: int) -> None:
    simulator.add_fault("half_closed", path=FIELDS, when=when, seconds=0.1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        simulator.call("POST", FIELDS, BODY)

    assert number_of_fields(simulator) == fields
    assert simulator.call("POST", FIELDS, BODY).json()["code"] == 0
    assert "rror" not in simulator.log.read_text()


def test_a_caller_who_leaves_a_slow_answer_leaves_no_trace(simulator: Simulator) -> None:
    before = len(simulator.log.read_text())
    simulator.add_fault("trickle", path=FIELDS, when="after", seconds=0.2)
    headers = {"Authorization": f"Bearer {simulator.token()}"}
    with requests.post(
        f"{simulator.url}{FIELDS}", json=BODY, headers=headers, stream=True, timeout=5
    ) as answer:
        assert answer.status_code == 200
    time.sleep(0.6)

    assert "Traceback" not in simulator.log.read_text()[before:]


@pytest.mark.parametrize(("header", "said"), [("number", "7"), ("missing", None), ("garbage", "soon")])
def test_a_storm_lasts_as_long_as_it_was_told(simulator: Simulator, header: str, said: str | None) -> None:
    storm = {"lasts_s": 30, "reset_seconds": 7, "reset_header": header}
    simulator.add_fault("rate_limited", path=FIELDS, **storm)
    stormy = [simulator.call("POST", FIELDS, BODY) for _ in range(3)]
    simulator.let_pass(30)
    calm = simulator.call("POST", FIELDS, BODY)

    assert {answer.status_code for answer in stormy} == {429}
    assert {answer.headers.get("x-ogw-ratelimit-reset") for answer in stormy} == {said}
    assert calm.json()["code"] == 0
    assert simulator.state("faults")["faults"] == []


def test_any_code_can_be_answered(simulator: Simulator) -> None:
    simulator.add_fault("refused", path=FIELDS, code=99991403, http_status=403)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, answer.json()["code"]) == (403, 99991403)
    assert number_of_fields(simulator) == 0
