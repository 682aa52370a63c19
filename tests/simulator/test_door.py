import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.simulator_process import FIELDS, TENANT_TOKEN, Simulator

BODY = {"scope": 1, "custom_field_list": [{"key": "a", "name": {"zh_cn": "甲"}, "is_required": True}]}


def call_often(simulator: Simulator, token: str) -> list[requests.Response]:
    """150 calls, as fast as eight callers can."""

    def call(_: int) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{simulator.url}{FIELDS}", json=BODY, headers=headers, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(call, range(150)))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/open-apis/hire/v1/unknown", 404, 99991201),
        ("POST", f"{FIELDS}/", 404, 99991201),
        ("GET", FIELDS, 405, 99991301),
        ("POST", f"{FIELDS}/batch_update", 405, 99991301),
    ],
)
def test_unknown_paths_and_methods_have_their_codes(
    simulator: Simulator, method: str, path: str, status: int, code: int
) -> None:
    answer = simulator.call(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_every_answer_has_a_log_id_and_the_log_names_it(simulator: Simulator) -> None:
    good = simulator.call("POST", FIELDS, BODY)
    bad = simulator.call("POST", FIELDS, {})
    logged = simulator.state()["calls"][-1]

    assert re.fullmatch(r"\d{14}[0-9A-F]{18}", good.headers["X-Tt-Logid"])
    assert bad.headers["X-Tt-Logid"] == bad.json()["error"]["logid"] == logged["log_id"]
    assert (logged["method"], logged["path"], logged["http_status"], logged["code"]) == (
        "POST",
        FIELDS,
        400,
        99992402,
    )


def test_the_log_keeps_no_secret_and_no_token(simulator: Simulator) -> None:
    token = simulator.token()
    calls = simulator.state()["calls"]

    assert calls[0]["request_body"] == {"app_id": simulator.environment["FEISHU_APP_ID"], "app_secret": "***"}
    assert calls[0]["answer_body"]["tenant_access_token"] == "***"
    assert token not in str(calls)


def test_the_fifty_first_call_in_a_second_is_refused(simulator: Simulator) -> None:
    token = simulator.token()
    answers = call_often(simulator, token)
    refused = [answer for answer in answers if answer.json()["code"] == 99991400]

    assert refused
    assert {answer.status_code for answer in refused} == {429}
    assert refused[0].headers["x-ogw-ratelimit-limit"] == "50"
    assert refused[0].headers["x-ogw-ratelimit-reset"] == "1"


def test_a_thousand_calls_a_minute_are_allowed_and_no_more(simulator: Simulator) -> None:
    token = simulator.token()
    for _ in range(25):
        codes = {simulator.call("POST", FIELDS, BODY, token=token).json()["code"] for _ in range(40)}
        assert codes == {0}
        simulator.let_pass(1)
    refused = simulator.call("POST", FIELDS, BODY, token=token)
    other_api = simulator.call("POST", f"{FIELDS}/batch_delete", {"scope": 1}, token=token)
    reset = int(refused.headers["x-ogw-ratelimit-reset"])
    simulator.let_pass(reset)

    assert refused.headers["x-ogw-ratelimit-limit"] == "1000"
    assert 1 <= reset <= 36
    assert other_api.json()["code"] == 1002001
    assert simulator.call("POST", FIELDS, BODY, token=token).json()["code"] == 0


def test_quotas_can_be_answered_as_http_400_or_switched_off(simulator: Simulator) -> None:
    token = simulator.token()
    simulator.switch(rate_limit_status=400)
    statuses = {answer.status_code for answer in call_often(simulator, token)}
    simulator.switch(quota_enforced=False)
    codes = {answer.json()["code"] for answer in call_often(simulator, token)}

    assert statuses == {200, 400}
    assert codes == {0}


def test_token_calls_have_no_quota(simulator: Simulator) -> None:
    tokens = {simulator.token() for _ in range(120)}

    assert len(tokens) == 1
    assert simulator.state()["call_counts"] == {f"POST {TENANT_TOKEN}": 120}


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_each_answer_tells_the_time_by_the_simulators_own_clock(simulator, seconds):
    simulator.let_pass(seconds)
    for path in ("/open-apis/hire/v1/referral_account/get_account_assets", "/nowhere"):
        answer = simulator.call("GET", path, token="")
        told = parsedate_to_datetime(answer.headers["Date"])
        assert abs((told - datetime.now(UTC)).total_seconds() - seconds) < 5
