import json
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.simulator.receiver import Receiver
from tests.simulator.scene import REFERRAL, TENANT
from tests.simulator_process import APP, Simulator

CHANGED = "hire.referral_account.assets_update_v1"
ZHANG = {"name": "张三", "mobile_code": "86", "mobile_number": "18900001111", "email": "hire@open.com"}


def exact(answer: requests.Response) -> Any:
    return json.loads(answer.text, parse_float=Decimal)


def register(simulator: Simulator, **contact: Any) -> requests.Response:
    return simulator.call("POST", REFERRAL, contact)


def registered(simulator: Simulator) -> str:
    """The account of an employee with 100 points and 12.30 yuan."""
    simulator.add_employees(ZHANG)
    account_id = register(simulator, email="hire@open.com").json()["data"]["account"]["account_id"]
    simulator.reward(account_id, points=100, CNY="12.30")
    return str(account_id)


def withdraw(simulator: Simulator, account_id: str, order_id: str, *types: int) -> requests.Response:
    body = {"withdraw_bonus_type": list(types), "external_order_id": order_id}
    return simulator.call("POST", f"{REFERRAL}/{account_id}/withdraw", body)


def assets(simulator: Simulator, account_id: str, **query: str) -> Any:
    asked = "&".join(
        f"{name}={value}" for name, value in {"referral_account_id": account_id, **query}.items()
    )
    return exact(simulator.call("GET", f"{REFERRAL}/get_account_assets?{asked}"))["data"]["account"]


def balances_announced(simulator: Simulator) -> list[Any]:
    events = [event for event in simulator.state("events")["events"] if event["event_type"] == CHANGED]
    return [json.loads(event["body"], parse_float=Decimal)["event"] for event in events]


def codes(answer: requests.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


def test_registering_twice_leads_to_the_same_account(simulator: Simulator) -> None:
    simulator.add_employees(ZHANG)
    first = register(simulator, mobile={"code": "86", "number": "18900001111"}).json()
    second = register(simulator, mobile={"number": "18900001111"}, email="HIRE@open.com").json()

    assert first == second
    assert first["data"]["account"]["status"] == 1
    assert first["data"]["account"]["assets"] == {"confirmed_bonus": {"point_bonus": 0, "cash_bonus": []}}


def test_nobody_and_several_have_their_codes(simulator: Simulator) -> None:
    simulator.add_employees(
        ZHANG,
        {"name": "李四", "email": "li@open.com"},
        {"name": "王五", "mobile_number": ZHANG["mobile_number"]},
    )

    assert codes(register(simulator, email="other@open.com")) == (400, 1002551)
    assert codes(register(simulator, mobile={"code": "1", "number": "18900001111"})) == (400, 1002551)
    assert codes(register(simulator, mobile={"number": "18900001111"})) == (400, 1002552)
    assert codes(register(simulator, mobile={"number": "18900001111"}, email="li@open.com")) == (400, 1002552)
    assert {employee["account_id"] for employee in simulator.state()["employees"]} == {""}


def test_an_employee_of_another_tenant_is_unknown(simulator: Simulator) -> None:
    simulator.add_employees({**ZHANG, "tenant_key": "another"})

    assert codes(register(simulator, email="hire@open.com")) == (400, 1002551)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": ""},
        {"email": 1},
        {"mobile": {"code": "86"}},
        {"mobile": "18900001111"},
        {"mobile": {"number": "1", "country": "CN"}},
        {"email": "hire@open.com", "name": "张三"},
    ],
)
def test_a_malformed_registration_is_1002002(simulator: Simulator, body: Any) -> None:
    simulator.add_employees(ZHANG)

    assert codes(simulator.call("POST", REFERRAL, body)) == (400, 1002002)


def test_amounts_have_two_decimals_and_are_no_floats(simulator: Simulator) -> None:
    account_id = registered(simulator)
    simulator.reward(account_id, USD="0.10", CNY="87.70")
    text = simulator.call("GET", f"{REFERRAL}/get_account_assets?referral_account_id={account_id}").text

    assert '"currency_type": "CNY", "amount": 100.00' in text
    assert '"currency_type": "USD", "amount": 0.10' in text
    assert '"amount":100.00' in simulator.state("events")["events"][-1]["body"]


@pytest.mark.parametrize(("form", "sent"), [("iso", "CNY"), ("number", 1), ("digits", "1")])
def test_a_currency_is_text_or_number(simulator: Simulator, form: str, sent: Any) -> None:
    simulator.switch(currency_as=form)
    account_id = registered(simulator)

    cash = [{"currency_type": sent, "amount": Decimal("12.30")}]
    assert assets(simulator, account_id)["assets"]["confirmed_bonus"]["cash_bonus"] == cash
    assert balances_announced(simulator)[0]["assets"]["confirmed_bonus"]["cash_bonus"] == cash


def test_each_change_is_announced_with_the_balance_after_it(simulator: Simulator, receiver: Receiver) -> None:
    account_id = registered(simulator)
    simulator.reward(account_id, points=-60, USD="0.01")
    withdraw(simulator, account_id, "o1", 1)
    receiver.wait_for(3)
    announced = balances_announced(simulator)
    bonuses = [each["assets"]["confirmed_bonus"] for each in announced]
    times = [int(each["modify_time"]) for each in announced]

    assert [bonus["point_bonus"] for bonus in bonuses] == [100, 40, 0]
    assert bonuses[2]["cash_bonus"] == [
        {"currency_type": "CNY", "amount": Decimal("12.30")},
        {"currency_type": "USD", "amount": Decimal("0.01")},
    ]
    assert times == sorted(set(times))
    assert receiver.deliveries[0].opened(APP["FEISHU_ENCRYPT_KEY"])["header"]["tenant_key"] == TENANT


def test_modify_times_grow_within_one_millisecond(simulator: Simulator) -> None:
    account_id = registered(simulator)
    for _ in range(20):
        simulator.reward(account_id, points=1)
    times = [int(each["modify_time"]) for each in balances_announced(simulator)]

    assert times == sorted(set(times))


def test_a_deactivated_account_is_silent_and_takes_no_withdrawal(simulator: Simulator) -> None:
    account_id = registered(simulator)
    answer = simulator.call("POST", f"{REFERRAL}/{account_id}/deactivate").json()
    simulator.reward(account_id, points=1)

    assert answer["data"]["account"]["status"] == 2
    assert codes(withdraw(simulator, account_id, "o1", 1, 2)) == (400, 1002555)
    assert len(balances_announced(simulator)) == 1
    answer = simulator.call("POST", f"{REFERRAL}/enable", {"referral_account_id": account_id}).json()
    assert answer["data"]["account"]["status"] == 1
    assert answer["data"]["account"]["assets"]["confirmed_bonus"]["point_bonus"] == 101
    assert len(balances_announced(simulator)) == 1
    assert withdraw(simulator, account_id, "o1", 1).json()["data"]["withdrawal_details"]["point_bonus"] == 101


def test_a_reward_before_registration_is_there_after_it_and_was_not_announced(simulator: Simulator) -> None:
    simulator.add_employees(ZHANG)
    simulator.reward("张三", points=7)
    account = register(simulator, email="hire@open.com").json()["data"]["account"]

    assert account["assets"]["confirmed_bonus"]["point_bonus"] == 7
    assert balances_announced(simulator) == []


def test_a_withdrawal_takes_the_whole_balance_of_each_type(simulator: Simulator) -> None:
    account_id = registered(simulator)
    points = exact(withdraw(simulator, account_id, "o1", 1))["data"]
    cash = exact(withdraw(simulator, account_id, "o2", 2))["data"]
    nothing = exact(withdraw(simulator, account_id, "o3", 1, 2))["data"]

    yuan = {"currency_type": "CNY", "amount": Decimal("12.30")}
    assert points["withdrawal_details"] == {"point_bonus": 100, "cash_bonus": []}
    assert cash["withdrawal_details"] == {"point_bonus": 0, "cash_bonus": [yuan]}
    zero = [yuan | {"amount": Decimal("0.00")}]
    assert nothing["withdrawal_details"] == {"point_bonus": 0, "cash_bonus": zero}
    assert assets(simulator, account_id)["assets"]["confirmed_bonus"] == {
        "point_bonus": 0,
        "cash_bonus": zero,
    }
    assert points["trans_time"] == balances_announced(simulator)[1]["modify_time"]
    assert len(balances_announced(simulator)) == 3


def test_a_repeated_order_id_answers_with_the_first_withdrawal(simulator: Simulator) -> None:
    account_id = registered(simulator)
    simulator.add_employees({"name": "李四", "email": "li@open.com", "account_id": "2"})
    simulator.reward("2", points=5)
    first = withdraw(simulator, account_id, "o1", 1).text
    simulator.reward(account_id, points=50)
    again = withdraw(simulator, account_id, "o1", 1).text
    other_types = withdraw(simulator, account_id, "o1", 1, 2).text
    other_account = withdraw(simulator, "2", "o1", 1).text
    simulator.call("POST", f"{REFERRAL}/{account_id}/deactivate")
    deactivated = withdraw(simulator, account_id, "o1", 1).text

    assert {first, again, other_types, other_account, deactivated} == {first}
    state = simulator.state("employees", "withdrawals")
    assert [employee["points"] for employee in state["employees"]] == [50, 5]
    assert [employee["cash_cents"] for employee in state["employees"]] == [{"CNY": 1230}, {}]
    assert state["withdrawals"]["o1"]["repeats"] == 4


@pytest.mark.parametrize("types", [[], [3], [1, 1], ["1"], 1])
def test_a_malformed_withdrawal_is_refused_and_takes_nothing(simulator: Simulator, types: Any) -> None:
    account_id = registered(simulator)
    body = {"withdraw_bonus_type": types, "external_order_id": "o1"}

    assert codes(simulator.call("POST", f"{REFERRAL}/{account_id}/withdraw", body)) == (400, 1002002)
    assert simulator.state("withdrawals")["withdrawals"] == {}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{REFERRAL}/get_account_assets?referral_account_id=1", None),
        ("POST", f"{REFERRAL}/enable", {"referral_account_id": "1"}),
        ("POST", f"{REFERRAL}/1/deactivate", None),
        ("POST", f"{REFERRAL}/1/withdraw", {"withdraw_bonus_type": [1], "external_order_id": "o"}),
    ],
)
def test_an_unknown_account_is_1002553(simulator: Simulator, method: str, path: str, body: Any) -> None:
    simulator.add_employees({**ZHANG, "tenant_key": "another", "account_id": "1"})

    assert codes(simulator.call(method, path, body)) == (400, 1002553)


def test_a_query_names_the_referrer_by_the_asked_kind_of_id(simulator: Simulator) -> None:
    account_id = registered(simulator)
    kinds = [
        assets(simulator, account_id, user_id_type=kind)["referrer"]["id"][:3]
        for kind in ("open_id", "union_id")
    ]
    bad = simulator.call(
        "GET", f"{REFERRAL}/get_account_assets?referral_account_id={account_id}&user_id_type=x"
    )

    assert kinds == ["ou_", "on_"]
    assert assets(simulator, account_id)["referrer"]["email"] == "hire@open.com"
    assert codes(bad) == (400, 1002002)


def test_reconciliation_compares_points_in_a_half_open_window(simulator: Simulator) -> None:
    account_id = registered(simulator)
    at = int(withdraw(simulator, account_id, "o1", 1, 2).json()["data"]["trans_time"])

    def failed(start: int, end: int, points: int) -> Any:
        trade = {"account_id": account_id, "total_recharge_reward_info": {"point_bonus": points}}
        body = {"start_trans_time": str(start), "end_trans_time": str(end), "trade_details": [trade]}
        return simulator.call("POST", f"{REFERRAL}/reconciliation", body).json()["data"]["check_failed_list"]

    wrong = {
        "account_id": account_id,
        "total_recharge_reward_info": {"point_bonus": 99},
        "total_withdraw_reward_info": {"point_bonus": 100},
    }
    assert failed(at, at + 1, 100) == []
    assert failed(at, at + 1, 99) == [wrong]
    assert failed(at - 1, at, 0) == []
    assert failed(at - 1, at, 100) == [
        {"account_id": account_id, "total_recharge_reward_info": {"point_bonus": 100}}
    ]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"start_trans_time": 1685416831621}, 1002002),
        ({"start_trans_time": "1685416831"}, 1002002),
        ({"end_trans_time": "1685416831621"}, 1002002),
        ({"trade_details": [{"account_id": "unknown"}]}, 1002553),
        ({"trade_details": [{"account_id": "1"}, {"account_id": "1"}]}, 1002002),
        ({"trade_details": [{"total_recharge_reward_info": {}}]}, 1002002),
    ],
)
def test_a_wrong_reconciliation_is_refused(simulator: Simulator, wrong: dict[str, Any], code: int) -> None:
    simulator.add_employees({**ZHANG, "account_id": "1"})
    body = {"start_trans_time": "1685416831621", "end_trans_time": "1685416831622", **wrong}

    assert codes(simulator.call("POST", f"{REFERRAL}/reconciliation", body)) == (400, code)


@pytest.mark.parametrize("less", [{"points": -101}, {"CNY": "-12.31"}, {"USD": "-0.01"}, {"CNY": "0.001"}])
def test_a_balance_cannot_fall_below_zero_or_be_finer_than_a_cent(simulator: Simulator, less: Any) -> None:
    account_id = registered(simulator)
    body = {"employee": account_id, "points": less.pop("points", 0), "cash": less}
    answer = requests.post(f"{simulator.url}/_control/rewards", json=body, timeout=10)

    assert answer.status_code == 400
    assert simulator.state("employees")["employees"][0]["points"] == 100
    assert len(balances_announced(simulator)) == 1
