import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator_process import APP, AUTH, FIELDS, Simulator, running_simulator

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def _store() -> Iterator[Simulator]:
    with running_simulator(FEISHU_APP_TYPE="store", SIMULATOR_TENANT_KEYS="t1,t2") as simulator:
        yield simulator


@pytest.fixture
def store(_store: Simulator) -> Simulator:
    _store.reset()
    return _store


def bodies(store: Simulator) -> list[dict[str, Any]]:
    return [json.loads(event["body"]) for event in store.state("events")["events"]]


def kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: kinds(each) for name, each in value.items()}
    return [kinds(each) for each in value] if isinstance(value, list) else type(value)


def code(store: Simulator, token: str) -> int:
    return int(store.call("POST", FIELDS, {}, token=token).json()["code"])


def test_a_ticket_comes_every_hour_and_the_newest_counts(store: Simulator) -> None:
    assert bodies(store) == []
    store.let_pass(3601)
    store.wait_for(lambda state: len(state["events"]) == 1)
    store.let_pass(3601)
    store.wait_for(lambda state: len(state["events"]) == 2)
    old, new = (body["event"]["app_ticket"] for body in bodies(store))
    credentials = {"app_id": APP["FEISHU_APP_ID"], "app_secret": APP["FEISHU_APP_SECRET"]}
    codes = [
        store.call("POST", f"{AUTH}/app_access_token", credentials | {"app_ticket": ticket}, token="").json()[
            "code"
        ]
        for ticket in (old, new)
    ]

    assert codes == [10012, 0]


def test_a_custom_app_gets_no_ticket_and_no_life(simulator: Simulator) -> None:
    simulator.let_pass(7200)
    body = {"tenant_key": "2ca1d211f64f6438", "change": "stop"}
    answer = requests.post(f"{simulator.url}/_control/tenants", json=body, timeout=10)

    assert answer.status_code == 400
    assert simulator.state("events")["events"] == []


@pytest.mark.parametrize(
    ("change", "event_type", "status"),
    [
        ("open", "app_open", None),
        ("stop", "app_status_change", "stop_by_tenant"),
        ("stop_by_platform", "app_status_change", "stop_by_platform"),
        ("start", "app_status_change", "start_by_tenant"),
        ("uninstall", "app_uninstalled", None),
    ],
)
def test_each_change_has_its_event(
    store: Simulator, change: str, event_type: str, status: str | None
) -> None:
    store.change_tenant("t2", change)
    (body,) = bodies(store)
    published = json.loads((DATA / f"{event_type}.v1.json").read_text())
    if event_type == "app_status_change":
        published["event"]["operator"].pop("user_id")  # for custom apps only
    if status != "start_by_tenant":
        published["event"].pop("operator", None)

    assert kinds(body) == kinds(published)
    assert (body["event"]["type"], body["event"]["tenant_key"]) == (event_type, "t2")
    assert body["event"].get("status") == status


def test_a_tenant_that_stopped_or_left_is_refused_and_others_are_not(store: Simulator) -> None:
    one, two = store.store_tokens("t1", "t2")
    store.change_tenant("t1", "stop")
    assert (code(store, one), code(store, two)) == (99991662, 99992402)
    store.change_tenant("t1", "start")
    assert code(store, one) == 99992402
    store.change_tenant("t1", "uninstall")
    assert (code(store, one), code(store, two)) == (99991673, 99992402)
    assert store.state("tenants")["tenants"] == {"t1": "gone", "t2": "active"}


def test_tokens_are_for_tenants_that_use_the_app(store: Simulator) -> None:
    store.change_tenant("new", "open")
    (token,) = store.store_tokens("new")
    refused = []
    for change in ("stop", "uninstall"):
        store.change_tenant("t1", change)
        with pytest.raises(AssertionError) as answer:
            store.store_tokens("t1")
        refused.append("10014" in str(answer.value) or "11210" in str(answer.value))

    assert code(store, token) == 99992402
    assert refused == [True, True]
