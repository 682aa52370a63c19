import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.simulator_process import FIELDS, Simulator

BODY = {"scope": 1, "custom_field_list": [{"key": "a", "name": {"zh_cn": "甲"}, "is_required": True}]}


def number_of_fields(simulator: Simulator) -> int:
    return len(simulator.state()["fields"]["1"])


@pytest.mark.parametrize(("when", "fields"), [("before", 0), ("after", 1)])
def test_a_cut_connection_gives_no_answer(simulator: Simulator, when: str, fields: int) -> None:
    simulator.add_fault("cut", path=FIELDS, when=when)
    with pytest.raises(requests.ConnectionError):
        simulator.call("POST", FIELDS, BODY)

    assert number_of_fields(simulator) == fields
    call = simulator.state()["calls"][-1]
    assert (call["fault"], call["http_status"], call["code"]) == ("cut", None, None)
    assert simulator.call("POST", FIELDS, BODY).json()["code"] == 0
    assert "rror" not in simulator.log.read_text()


@pytest.mark.parametrize(("when", "fields"), [("before", 0), ("after", 1)])
def test_a_500_comes_before_or_after_the_work(simulator: Simulator, when: str, fields: int) -> None:
    simulator.add_fault("server_error", path=FIELDS, when=when)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, answer.json()) == (500, {"code": 1002001, "msg": "system error"})
    assert number_of_fields(simulator) == fields


def test_a_slow_answer_takes_its_time(simulator: Simulator) -> None:
    simulator.add_fault("slow", path=FIELDS, when="after", seconds=0.4)
    token, started = simulator.token(), time.monotonic()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(simulator.call, "POST", FIELDS, BODY, token=token)
        with requests.Session() as other:
            simulator.http, mine = other, simulator.http
            simulator.wait_for(lambda state: state["fields"]["1"])
            simulator.http = mine
        assert not answer.done()
        assert answer.result().json()["code"] == 0

    assert 0.4 <= time.monotonic() - started < 30


@pytest.mark.parametrize("status", [429, 400])
def test_too_many_calls_says_how_long_to_wait(simulator: Simulator, status: int) -> None:
    simulator.switch(rate_limit_status=status)
    simulator.add_fault("rate_limited", path=FIELDS, reset_seconds=52)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, answer.json()["code"]) == (status, 99991400)
    assert answer.headers["x-ogw-ratelimit-reset"] == "52"
    assert number_of_fields(simulator) == 0


def test_an_html_page_instead_of_json(simulator: Simulator) -> None:
    simulator.add_fault("html", path=FIELDS)
    answer = simulator.call("POST", FIELDS, BODY)

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert number_of_fields(simulator) == 0


def test_a_token_is_refused_once_and_token_calls_are_left_alone(simulator: Simulator) -> None:
    simulator.add_fault("token_invalid")
    answers = [simulator.call("POST", FIELDS, BODY).json()["code"] for _ in range(2)]

    assert answers == [99991663, 0]


def test_faults_strike_in_the_order_in_which_they_were_set(simulator: Simulator) -> None:
    simulator.add_fault("server_error", path=FIELDS, calls=2)
    simulator.add_fault("html", path=FIELDS)
    statuses = [simulator.call("POST", FIELDS, BODY).status_code for _ in range(4)]

    assert statuses == [500, 500, 502, 200]
    assert simulator.state()["faults"] == []


def test_faults_can_be_cleared(simulator: Simulator) -> None:
    simulator.add_fault("server_error", calls=1000)
    simulator.clear_faults()

    assert simulator.call("POST", FIELDS, BODY).status_code == 200
