from typing import Any

import pytest

from tests.simulator_process import APP, FIELDS, TENANT_TOKEN, Simulator, running_simulator

CREDENTIALS = {"app_id": APP["FEISHU_APP_ID"], "app_secret": APP["FEISHU_APP_SECRET"]}
AUTH = "/open-apis/auth/v3"
SCOPE_ONLY = {"scope": 1}


def ask(simulator: Simulator, body: dict[str, Any], path: str = TENANT_TOKEN) -> dict[str, Any]:
    return dict(simulator.call("POST", path, body, token="").json())


def test_a_token_stays_the_same_while_thirty_minutes_remain(simulator: Simulator) -> None:
    first = ask(simulator, CREDENTIALS)
    simulator.let_pass(7200 - 1800 - 60)
    second = ask(simulator, CREDENTIALS)

    assert first["expire"] in {7199, 7200}
    assert second["tenant_access_token"] == first["tenant_access_token"]
    assert 1800 <= second["expire"] <= 1860


def test_a_new_token_comes_in_the_last_thirty_minutes_and_the_old_one_lives_on(simulator: Simulator) -> None:
    old = simulator.token()
    simulator.let_pass(7200 - 1800 + 60)
    new = simulator.token()

    assert new != old
    assert simulator.call("POST", FIELDS, SCOPE_ONLY, token=old).json()["code"] == 99992402
    simulator.let_pass(1800)
    assert simulator.call("POST", FIELDS, SCOPE_ONLY, token=old).json()["code"] == 99991663
    assert simulator.call("POST", FIELDS, SCOPE_ONLY, token=new).json()["code"] == 99992402


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"app_secret": "another"}, 10015),
        ({"app_id": "cli_another"}, 99991543),
        ({"app_secret": 1}, 10003),
        ({"tenant_key": "x"}, 10003),
    ],
)
def test_wrong_credentials_are_refused_with_their_code(
    simulator: Simulator, wrong: dict[str, Any], code: int
) -> None:
    answer = ask(simulator, CREDENTIALS | wrong)

    assert answer["code"] == code
    assert "tenant_access_token" not in answer


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, 99991661),
        ("Bearer", 99991661),
        ("Basic t-x", 99991661),
        ("Bearer x-0123", 99991671),
        ("Bearer t-0123", 99991663),
    ],
)
def test_a_call_without_a_good_token_is_refused_and_changes_nothing(
    simulator: Simulator, authorization: str | None, code: int
) -> None:
    body = {
        "scope": 1,
        "custom_field_list": [{"key": "a", "name": {"en_us": "A"}, "is_required": True}],
    }
    headers = {"Authorization": authorization} if authorization else {}
    answer = simulator.http.post(f"{simulator.url}{FIELDS}", json=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert simulator.state()["fields"]["1"] == []


def test_store_app_endpoints_refuse_a_custom_app(simulator: Simulator) -> None:
    assert ask(simulator, CREDENTIALS, f"{AUTH}/app_ticket/resend")["code"] == 10016
    assert ask(simulator, CREDENTIALS | {"app_ticket": "x"}, f"{AUTH}/app_access_token")["code"] == 10005


def test_a_store_app_gets_a_token_for_each_of_its_tenants() -> None:
    tenants = "736588c9260f175d,2ca1d211f64f6438"
    with running_simulator(FEISHU_APP_TYPE="store", SIMULATOR_TENANT_KEYS=tenants) as simulator:
        assert ask(simulator, CREDENTIALS)["code"] == 10005
        old = simulator.call("POST", f"{AUTH}/app_access_token", CREDENTIALS | {"app_ticket": "x"}, token="")
        assert old.json()["code"] == 10012

        assert ask(simulator, CREDENTIALS, f"{AUTH}/app_ticket/resend") == {"code": 0, "msg": "success"}
        (event,) = simulator.state()["events"]
        assert event["event_type"] == "app_ticket"
        ticket = event["body"].split('"app_ticket":"')[1].split('"')[0]
        app = ask(simulator, CREDENTIALS | {"app_ticket": ticket}, f"{AUTH}/app_access_token")
        asked = {"app_access_token": app["app_access_token"]}
        tokens = [
            ask(simulator, asked | {"tenant_key": tenant}, f"{AUTH}/tenant_access_token")
            for tenant in tenants.split(",")
        ]
        unknown = ask(simulator, asked | {"tenant_key": "unknown"}, f"{AUTH}/tenant_access_token")

        assert app["app_access_token"].startswith("a-")
        assert len({token["tenant_access_token"] for token in tokens}) == 2
        assert unknown["code"] == 10013
