"""The long connection as it is: ``manage.py listen``, with the official client, against the simulator."""

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from websockets.sync.client import connect

from hireops.encryption import decrypt_bytes
from hireops.feishu import callbacks
from tests.environment import ROOT
from tests.processes import Hireops, Process, wait_until
from tests.selection import also_on_sqlite
from tests.simulator_process import APP, Simulator, running_simulator

WITH_CONTENT = (
    "SELECT event.event_id, state, raw, payload FROM inbox_event AS event "
    "JOIN inbox_eventcontent AS content ON content.event_id = event.id"
)
SOON_S = 60  # a listener loads the official client in seconds, on a starved machine in many
SILENCE_S = "5"
ACCOUNT = {"account_id": "6931286400470354183", "scope": 1, "account_name": "一", "usage_list": [1]}
PROCESSES = "hireops.wsgi", "hireops.urls", "hireops.celery", "hireops.management.commands.run"


@pytest.fixture(scope="module")
def _feishu() -> Iterator[Simulator]:
    retries = ",".join(["0.5"] * 100)
    with running_simulator(
        SIMULATOR_EVENTS="long_connection", SIMULATOR_PING_SECONDS="1", SIMULATOR_RETRY_SECONDS=retries
    ) as simulator:
        yield simulator


@pytest.fixture
def feishu(_feishu: Simulator, hireops: Hireops) -> Simulator:
    """The simulator, with which the processes of this test share an app."""
    _feishu.reset()
    _feishu.cut_connections()
    _feishu.wait_for(lambda state: state["connections"] == [])
    hireops.environment |= {name: value for name, value in APP.items() if name.startswith("FEISHU_")}
    hireops.environment |= {"FEISHU_BASE_URL": _feishu.url, "LISTEN_SILENCE_SECONDS": SILENCE_S}
    return _feishu


def _start(hireops: Hireops, **variables: str) -> Process:
    return hireops.start(sys.executable, "manage.py", "listen", **variables)


def _is_connected(feishu: Simulator) -> bool:
    return len(feishu.connections()) == 1


def _listener(hireops: Hireops, feishu: Simulator, **variables: str) -> Process:
    """A listener that stands; its output is in ``hireops.output``."""
    process = _start(hireops, **variables)
    wait_until(lambda: _is_connected(feishu), seconds=SOON_S, what="the listener did not connect")
    return process


def _delivered(feishu: Simulator) -> dict[str, Any]:
    """The state when every event has been acknowledged with 200."""
    return feishu.wait_for(
        lambda state: all(event["state"] == "delivered" for event in state["events"]), timeout_s=SOON_S
    )


def _codes(feishu: Simulator) -> list[int | None]:
    """What each delivery of the only event was answered with."""
    (event,) = feishu.state("events")["events"]
    return [attempt["http_status"] for attempt in event["attempts"]]


def _says(hireops: Hireops, words: str) -> None:
    wait_until(lambda: words in hireops.output.read_text(), seconds=SOON_S, what=f"it did not say {words!r}")


@also_on_sqlite
def test_an_event_becomes_a_row_and_is_handled(hireops, feishu):
    _listener(hireops, feishu)
    hireops.worker()
    event_id = feishu.emit("hire.eco_account.created_v1", {**ACCOUNT, "custom_field_list": []})
    (event,) = _delivered(feishu)["events"]
    handled = "SELECT count(*) FROM inbox_event WHERE state = 'handled'"
    wait_until(lambda: hireops.database.rows(handled) == [(1,)], seconds=SOON_S, what="it was not handled")

    ((kept_id, _state, raw, payload),) = hireops.database.rows(WITH_CONTENT)
    payload = json.loads(payload) if isinstance(payload, str) else payload
    assert kept_id == event_id
    assert (decrypt_bytes(raw) or b"").decode() == event["body"]
    assert payload["event"] == json.loads(event["body"])["event"]
    assert APP["FEISHU_VERIFICATION_TOKEN"] not in json.dumps(payload)
    assert hireops.database.rows("SELECT account_id FROM bindings_ecoaccount") == [(ACCOUNT["account_id"],)]


def test_what_nobody_knows_comes_twice_is_large_or_unreadable_is_kept_once(hireops, feishu):
    _listener(hireops, feishu)
    feishu.emit("nobody.knows_v1", {"text": "背" * 100_000}, event_id="large")
    feishu.emit("nobody.knows_v1", {}, event_id="twice", copies=3)
    feishu.emit("nobody.knows_v1", {"text": "\0"})
    events = _delivered(feishu)["events"]

    assert [len(event["attempts"]) for event in events] == [1, 3, 1]
    rows = hireops.database.rows(f"{WITH_CONTENT} ORDER BY id")
    kept = {
        event_id: ((decrypt_bytes(raw) or b"").decode(), state) for event_id, state, raw, _payload in rows
    }
    assert len(kept) == 3
    assert kept["large"] == (events[0]["body"], "pending")
    assert [state for _, state in kept.values()].count("unreadable") == 1


@also_on_sqlite
def test_what_is_not_committed_is_not_acknowledged_and_comes_again(hireops, feishu):
    _listener(hireops, feishu)
    with hireops.database.locked("inbox_event"):
        feishu.emit("nobody.knows_v1", {})
        wait_until(lambda: len(_codes(feishu)) > 1, seconds=SOON_S, what="it was not sent again")
        assert 200 not in _codes(feishu)
    _delivered(feishu)

    assert _codes(feishu).count(200) == 1
    assert hireops.database.rows("SELECT count(*) FROM inbox_event") == [(1,)]


@pytest.mark.parametrize(
    "variables", [{"FEISHU_VERIFICATION_TOKEN": "another"}, {"SIZE": str(1024 * 1024)}], ids=str
)
def test_what_the_webhook_would_refuse_is_refused_here(hireops, feishu, variables):
    size = int(variables.pop("SIZE", "0"))
    _listener(hireops, feishu, **variables)
    feishu.emit("nobody.knows_v1", {"text": "x" * size})
    wait_until(lambda: len(_codes(feishu)) > 1, seconds=SOON_S, what="it was not sent again")

    assert set(_codes(feishu)) == {500}
    assert hireops.database.rows("SELECT count(*) FROM inbox_event") == [(0,)]


def test_a_token_need_not_be_there_over_a_connection_that_is_authentic():
    tokens = ("token", "the one before")
    keys = callbacks.CallbackKeys(app_id="cli_a", encrypt_keys=(), verification_tokens=tokens)
    header = {"event_id": "e1", "event_type": "x_v1", "app_id": "cli_a"}
    envelope = {"schema": "2.0", "header": header, "event": {}}
    old_form = {"uuid": "e2", "type": "event_callback", "event": {"type": "y", "app_id": "cli_a"}}

    def opened(envelope: Any) -> callbacks.CallbackEvent | callbacks.Unreadable:
        return callbacks.open_pushed(json.dumps(envelope).encode(), keys)

    event, old = opened(envelope), opened(old_form)
    assert isinstance(event, callbacks.CallbackEvent)
    assert isinstance(old, callbacks.CallbackEvent)
    assert (event.event_id, old.event_id) == ("e1", "e2")
    for token in tokens:
        shown = opened({**envelope, "header": {**header, "token": token}})
        assert isinstance(shown, callbacks.CallbackEvent)
        assert token not in shown.payload_json
    assert isinstance(opened({"schema": "2.0", "event": {}}), callbacks.Unreadable)
    with pytest.raises(callbacks.NotAuthenticError):
        opened({**envelope, "header": {**header, "token": "wrong"}})
    with pytest.raises(callbacks.NotAuthenticError):
        opened({**envelope, "header": {**header, "app_id": "cli_b"}})


def _connected_anew(feishu: Simulator, old: list[dict[str, Any]]) -> None:
    known = [each["device_id"] for each in old]

    def is_new() -> bool:
        now = [each["device_id"] for each in feishu.connections()]
        return len(now) == 1 and now != known

    wait_until(is_new, seconds=SOON_S, what="it did not connect again")


@pytest.mark.parametrize("orderly", [False, True], ids=["cut", "closed"])
def test_a_connection_that_ends_is_made_again_by_the_same_process(hireops, feishu, orderly):
    process, before = _listener(hireops, feishu), feishu.connections()
    feishu.refuse_connections()
    feishu.cut_connections(orderly=orderly)
    feishu.emit("nobody.knows_v1", {})
    wait_until(lambda: None in _codes(feishu), seconds=SOON_S, what="it was not tried")
    feishu.restore_connections()
    _connected_anew(feishu, before)
    _delivered(feishu)

    assert process.poll() is None
    assert hireops.database.rows("SELECT count(*) FROM inbox_event") == [(1,)]
    assert "the long connection is lost; connecting again in" in hireops.output.read_text()


def test_a_connection_that_falls_silent_is_made_anew(hireops, feishu):
    process, before = _listener(hireops, feishu), feishu.connections()
    feishu.silence_connections()
    _says(hireops, "nothing was heard from Feishu for too long")
    feishu.wait_for(lambda state: any(not each["silent"] for each in state["connections"]), timeout_s=SOON_S)
    _connected_anew(feishu, before)

    assert process.poll() is None
    feishu.emit("nobody.knows_v1", {})
    _delivered(feishu)


@pytest.fixture
def silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """Its address, and who has connected to it: it accepts and never answers."""
    callers: list[socket.socket] = []
    with ExitStack() as stack:
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def accept() -> None:
            while True:
                try:
                    callers.append(stack.enter_context(door.accept()[0]))
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}", callers
        door.shutdown(socket.SHUT_RDWR)


def test_a_feishu_that_accepts_and_never_answers_is_asked_again_and_does_not_hold_up_a_stop(
    hireops, feishu, silent_server
):
    url, callers = silent_server
    process = _start(hireops, FEISHU_BASE_URL=url, LISTEN_SILENCE_SECONDS="2")
    wait_until(lambda: len(callers) > 1, seconds=SOON_S, what="it hangs")

    process.terminate()
    assert process.wait(20) == 0


class _Elsewhere(BaseHTTPRequestHandler):
    """Somebody who would like to be told the App Secret, or the secret in the address of a connection."""

    heard: list[str]

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_error(404)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


class _Misleading(BaseHTTPRequestHandler):
    """A Feishu that sends who asks where to connect, or who connects, to somebody else."""

    elsewhere: str
    address: str
    heard: list[str]

    def do_POST(self) -> None:
        if not self.address:
            self.send_response(307)
            self.send_header("Location", f"{self.elsewhere}{self.path}")
            self.end_headers()
            return
        self.rfile.read(int(self.headers["Content-Length"]))
        url = self.address.format(port=self.connection.getsockname()[1])
        config = {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 1, "PingInterval": 1}
        answer = json.dumps({"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": config}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(302)
        self.send_header("Location", f"{self.elsewhere.replace('http', 'ws', 1)}{self.path}")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler], **told: Any) -> Iterator[str]:
    kind = type(handler.__name__, (handler,), told)
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


ASKED = "/ws?device_id=1&service_id=1&ticket=secret"


@pytest.mark.parametrize(
    ("address", "connects"),
    [
        ("", False),  # asking where to connect is redirected
        (f"ws://127.0.0.1:{{port}}{ASKED}", True),  # connecting is
        (f"ws://gateway.invalid{ASKED}", False),
        (f"http://127.0.0.1:{{port}}{ASKED}", False),
    ],
    ids=["asking is redirected", "connecting is redirected", "in clear", "no WebSocket"],
)
def test_neither_the_app_secret_nor_the_connections_goes_anywhere_but_to_feishu(hireops, address, connects):
    overheard: list[str] = []
    heard: list[str] = []
    with (
        _serving(_Elsewhere, heard=overheard) as elsewhere,
        _serving(_Misleading, elsewhere=elsewhere, address=address, heard=heard) as feishu,
    ):
        hireops.environment |= {name: value for name, value in APP.items() if name.startswith("FEISHU_")}
        process = _start(hireops, FEISHU_BASE_URL=feishu)
        _says(hireops, "the long connection cannot be made")
        process.terminate()
        process.wait(20)

    assert not overheard
    assert bool(heard) is connects
    assert "secret" not in hireops.output.read_text()
    if "invalid" in address:
        assert "is not wss://" in hireops.output.read_text()


def test_it_stops_when_told_to(hireops, feishu):
    process = _listener(hireops, feishu)
    process.terminate()

    assert process.wait(20) == 0
    feishu.wait_for(lambda state: state["connections"] == [])


def test_wrong_credentials_are_one_clear_line_and_a_slow_retry(hireops, feishu):
    process = _start(hireops, FEISHU_APP_SECRET="wrong-app-secret")
    _says(hireops, "check FEISHU_APP_ID and FEISHU_APP_SECRET")
    (found,) = re.findall(r"connecting again in ([\d.]+) s", hireops.output.read_text())

    assert float(found) >= 60
    assert "wrong-app-secret" not in hireops.output.read_text()
    process.terminate()  # while it waits
    assert process.wait(20) == 0


def test_one_connection_too_many_is_named(hireops, feishu):
    credentials = {"AppID": APP["FEISHU_APP_ID"], "AppSecret": APP["FEISHU_APP_SECRET"]}
    with ExitStack() as stack:
        for _ in range(50):
            answer = requests.post(f"{feishu.url}/callback/ws/endpoint", json=credentials, timeout=10)
            stack.enter_context(connect(answer.json()["data"]["URL"], proxy=None))
        _start(hireops)
        _says(hireops, "allows this app no further long connection (at most 50)")


def test_a_store_app_is_told_in_one_line(hireops, feishu):
    process = _start(hireops, FEISHU_APP_TYPE="store")

    assert process.wait(SOON_S) == 2
    (line,) = hireops.output.read_text().splitlines()
    assert "FEISHU_APP_TYPE" in line


def test_nothing_secret_or_personal_is_logged_even_at_debug(hireops, feishu):
    _listener(hireops, feishu, DJANGO_SETTINGS_MODULE="tests.debug_settings")
    content = {"name": "王小明", "mobile": {"number": "13800138000"}}
    feishu.emit("nobody.knows_v1", content, event_id="e1")
    feishu.emit("nobody.knows_v1", {**content, "text": "x" * 2**20}, event_id="refused")
    feishu.wait_for(lambda state: state["events"][1]["attempts"], timeout_s=SOON_S)
    before = feishu.connections()
    feishu.cut_connections()
    _connected_anew(feishu, before)
    output = hireops.output.read_text()

    assert output.count("the long connection stands") == 2
    assert "an event was not kept" in output
    secrets = {APP[name] for name in APP if name.startswith("FEISHU_")} - {APP["FEISHU_APP_ID"]}
    for canary in (*secrets, "ticket", "device_id", "王小明", "13800138000", "nobody.knows"):
        assert canary not in output


def test_no_other_process_loads_the_official_client():
    program = f"""
import importlib, pkgutil, sys
import django
django.setup()
from hireops.celery import app
for name in {PROCESSES!r}:
    importlib.import_module(name)
app.loader.import_default_modules()
sys.exit("lark_oapi" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=SOON_S)
    simulator = 'import sys, hireops.simulator.wsgi; sys.exit("lark_oapi" in sys.modules)'
    subprocess.run([sys.executable, "-c", simulator], cwd=ROOT, check=True, timeout=SOON_S, env=APP)
