from pathlib import Path

import pytest
import requests

from tests.simulator.receiver import running_receiver
from tests.simulator.scene import EXAM_ACCOUNT, PAPERS, REFERRAL, REFERRER, set_scene
from tests.simulator_process import FIELDS, DidNotStart, running_simulator

pytestmark = pytest.mark.slow


def body(*keys: str) -> dict[str, object]:
    return {
        "scope": 1,
        "custom_field_list": [{"key": key, "name": {"en_us": key}, "is_required": True} for key in keys],
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FEISHU_APP_ID", ""),
        ("FEISHU_APP_SECRET", ""),
        ("FEISHU_VERIFICATION_TOKEN", ""),
        ("FEISHU_APP_TYPE", "other"),
        ("SIMULATOR_WEBHOOK_URL", ""),
        ("SIMULATOR_WEBHOOK_URL", "127.0.0.1:8000"),
        ("SIMULATOR_WEBHOOK_URL", "http:///webhook/event"),
        ("SIMULATOR_RETRY_SECONDS", "soon"),
        ("SIMULATOR_RETRY_SECONDS", "15,-1"),
        ("SIMULATOR_TOKEN_SECONDS", "0"),
        ("SIMULATOR_PING_SECONDS", "0"),
        ("SIMULATOR_EVENTS", "pigeon"),
        ("SIMULATOR_STATE_FILE", "/proc/nowhere/state.json"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("LANGUAGE_CODE", "fr"),
    ],
)
def test_a_wrong_variable_ends_it_with_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(DidNotStart) as stopped, running_simulator(**{name: value}):
        pass
    (line,) = [
        line for line in stopped.value.output.splitlines() if line.startswith("The simulator cannot start.")
    ]

    assert name in line
    assert "Traceback" not in stopped.value.output
    assert stopped.value.status == 4


def test_fields_burned_keys_accounts_and_waiting_events_survive_a_kill(tmp_path: Path) -> None:
    file = str(tmp_path / "folder" / "state.json")
    with running_simulator(SIMULATOR_STATE_FILE=file) as simulator:
        simulator.call("POST", FIELDS, body("a", "b"))
        simulator.call("POST", FIELDS, body("b"))
        account_id = simulator.add_account()["account_id"]
        before = simulator.wait_for(lambda state: state["events"][0]["attempts"])
        simulator.kill()
    with (
        running_receiver() as receiver,
        running_simulator(SIMULATOR_STATE_FILE=file, SIMULATOR_WEBHOOK_URL=receiver.url) as simulator,
    ):
        after = simulator.state()
        simulator.let_pass(15)
        receiver.wait_for(1)

    assert (after["fields"], after["burned_keys"]) == (before["fields"], before["burned_keys"])
    assert after["burned_keys"]["1"] == ["a"]
    assert [account["account_id"] for account in after["accounts"]] == [account_id]
    assert [event["event_id"] for event in after["events"]] == [before["events"][0]["event_id"]]


def test_money_orders_and_what_was_published_survive_a_kill(tmp_path: Path) -> None:
    file = str(tmp_path / "state.json")
    parts = ("accounts", "published", "employees", "withdrawals", "orders", "exams", "tenants")
    withdrawal = {"withdraw_bonus_type": [1, 2], "external_order_id": "o1"}
    papers = {"account_id": EXAM_ACCOUNT, "paper_list": [{"id": "p", "name": "甲"}]}
    with running_simulator(SIMULATOR_STATE_FILE=file) as simulator:
        set_scene(simulator)
        simulator.call("POST", f"{REFERRAL}/{REFERRER}/withdraw", withdrawal)
        simulator.call("POST", PAPERS, papers)
        before = simulator.state(*parts)
        simulator.kill()
    with running_simulator(SIMULATOR_STATE_FILE=file) as simulator:
        after = simulator.state(*parts)
        again = simulator.call("POST", f"{REFERRAL}/{REFERRER}/withdraw", withdrawal).text

    assert after == before
    assert '"amount": 100.00' in again


def test_two_simulators_never_share_a_state_file(tmp_path: Path) -> None:
    file = str(tmp_path / "state.json")
    first, second = running_simulator(SIMULATOR_STATE_FILE=file), running_simulator(SIMULATOR_STATE_FILE=file)
    with first, pytest.raises(DidNotStart) as stopped, second:
        pass

    assert "another simulator has it" in stopped.value.output


def test_a_state_file_that_cannot_be_read_is_named_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("{")
    with pytest.raises(DidNotStart) as stopped, running_simulator(SIMULATOR_STATE_FILE=str(file)):
        pass

    assert f"SIMULATOR_STATE_FILE {file} cannot be read" in stopped.value.output
    assert file.read_text() == "{"


def test_several_processes_are_refused() -> None:
    with running_simulator(WORKERS="2") as simulator:
        answer = requests.get(simulator.url, timeout=10)

    assert (answer.status_code, "--workers 1" in answer.text) == (503, True)
