"""What proves that no quota was broken: the busiest second and minute of each API and tenant."""

from typing import Any

import pytest
import requests

from tests.simulator.scene import CHECKS, HIRE, ORDERS, PAPERS, REFERRAL
from tests.simulator_process import AUTH, FIELDS, Simulator, running_simulator

TENANT = "2ca1d211f64f6438"


def traffic(simulator: Simulator, api: str) -> Any:
    return simulator.state("traffic")["traffic"][api]


def test_the_busiest_second_and_minute_are_known(simulator: Simulator) -> None:
    token = simulator.token()
    for calls in (4, 2):
        for _ in range(calls):
            simulator.call("POST", FIELDS, {}, token=token)
        simulator.let_pass(30)
    simulator.let_pass(60)
    simulator.call("POST", FIELDS, {}, token=token)

    busiest = traffic(simulator, f"POST {FIELDS}")
    assert busiest == {TENANT: {"calls": 7, "refused": 0, "max_per_second": 4, "max_per_minute": 6}}


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", REFERRAL, 100),
        ("POST", f"{REFERRAL}/:id/deactivate", 100),
        ("POST", f"{REFERRAL}/:id/withdraw", 100),
        ("POST", f"{REFERRAL}/reconciliation", 100),
        ("GET", f"{REFERRAL}/get_account_assets", 10),
        ("POST", f"{REFERRAL}/enable", 10),
        ("POST", f"{CHECKS}/update_progress", 50),
        ("POST", f"{PAPERS}/batch_delete", 50),
        ("POST", f"{HIRE}/eco_exams/:id/login_info", 50),
        ("GET", ORDERS, 50),
        ("POST", f"{ORDERS}/batch_query", 10),
    ],
)
def test_each_call_has_its_quota(simulator: Simulator, method: str, path: str, limit: int) -> None:
    token, path = simulator.token(), path.replace(":id", "1")
    answers: list[requests.Response] = []
    while not answers or answers[-1].json()["code"] != 99991400:
        answers.append(simulator.call(method, path, token=token))
        assert len(answers) < 1000

    assert len(answers) >= limit + 1
    assert answers[-1].headers["x-ogw-ratelimit-limit"] == str(limit)


def test_a_quota_is_lowered_without_a_word(simulator: Simulator) -> None:
    simulator.set_quota(FIELDS, per_minute=2)
    codes = [simulator.call("POST", FIELDS, {}).json()["code"] for _ in range(3)]
    simulator.set_quota(FIELDS)

    assert codes == [99992402, 99992402, 99991400]
    assert simulator.call("POST", FIELDS, {}).json()["code"] == 99992402
    (meter,) = traffic(simulator, f"POST {FIELDS}").values()
    assert (meter["calls"], meter["refused"]) == (4, 1)


def test_tenants_are_counted_and_troubled_apart() -> None:
    with running_simulator(FEISHU_APP_TYPE="store", SIMULATOR_TENANT_KEYS="t1,t2") as simulator:
        tokens = simulator.store_tokens("t1", "t2")
        simulator.add_fault("server_error", path=FIELDS, tenant_key="t2", calls=5)
        codes = [simulator.call("POST", FIELDS, {}, token=token).json()["code"] for token in tokens]

        assert codes == [99992402, 1002001]
        assert {key: each["calls"] for key, each in traffic(simulator, f"POST {FIELDS}").items()} == {
            "t1": 1,
            "t2": 1,
        }
        assert traffic(simulator, f"POST {AUTH}/tenant_access_token")[""]["calls"] == 2
