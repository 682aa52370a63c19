"""Feishu's end of the long connection, spoken to by a small client of our own (contract 7.2).

That the official client understands it is shown in tests/inbox/test_long_connection.py.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from hireops.simulator.frames import CONTROL, DATA, Frame, NoFrameError, decode
from tests.processes import wait_until
from tests.simulator_process import APP, Simulator, running_simulator

pytestmark = pytest.mark.slow

WRONG_CREDENTIALS = 1000040351


@pytest.fixture(scope="module")
def _socket_simulator() -> Iterator[Simulator]:
    events = {"SIMULATOR_EVENTS": "long_connection", "SIMULATOR_PING_SECONDS": "7"}
    with running_simulator(**events) as simulator:
        yield simulator


@pytest.fixture
def simulator(_socket_simulator: Simulator) -> Simulator:
    _socket_simulator.reset()
    _socket_simulator.cut_connections()
    wait_until(lambda: not _socket_simulator.connections(), what="connections outlive their cut")
    return _socket_simulator


def asked(simulator: Simulator, **body: str) -> dict[str, Any]:
    credentials = {"AppID": APP["FEISHU_APP_ID"], "AppSecret": APP["FEISHU_APP_SECRET"], **body}
    answer = requests.post(f"{simulator.url}/callback/ws/endpoint", json=credentials, timeout=10)
    assert answer.status_code == 200
    return dict(answer.json())


def connected(simulator: Simulator) -> Connection:
    url = asked(simulator)["data"]["URL"]
    link = connect(url, proxy=None, compression=None)
    device_id = parse_qs(urlsplit(url).query)["device_id"][0]
    wait_until(lambda: device_id in [each["device_id"] for each in simulator.connections()])
    return link


def received(link: Connection) -> Frame:
    message = link.recv(timeout=10)
    assert isinstance(message, bytes)
    return decode(message)


def acknowledge(link: Connection, frame: Frame, code: int = 200) -> None:
    frame.payload = json.dumps({"code": code}).encode()
    link.send(frame.encode())


def tries(number: int) -> Any:
    return lambda state: len(state["events"][0]["attempts"]) == number


def test_whoever_knows_the_secret_is_told_where_to_connect(simulator: Simulator) -> None:
    data = asked(simulator)["data"]
    url = urlsplit(data["URL"])

    assert (url.scheme, url.hostname) == ("ws", "127.0.0.1")
    assert {"device_id", "service_id"} <= parse_qs(url.query).keys()
    assert data["ClientConfig"] == {
        "ReconnectCount": -1,
        "ReconnectInterval": 120,
        "ReconnectNonce": 30,
        "PingInterval": 7,
    }


@pytest.mark.parametrize("wrong", [{"AppSecret": "wrong"}, {"AppID": "cli_other"}, {"AppSecret": ""}])
def test_whoever_does_not_is_not(simulator: Simulator, wrong: dict[str, str]) -> None:
    answer = asked(simulator, **wrong)

    assert answer["code"] == WRONG_CREDENTIALS
    assert "data" not in answer


def test_a_store_app_has_no_long_connection() -> None:
    with running_simulator(FEISHU_APP_TYPE="store") as simulator:
        assert asked(simulator)["code"] not in {0, WRONG_CREDENTIALS}


def test_nobody_is_let_in_while_refused(simulator: Simulator) -> None:
    simulator.refuse_connections(1000040343)
    refused = asked(simulator)
    simulator.restore_connections()

    assert (refused["code"], "data" in refused) == (1000040343, False)
    assert asked(simulator)["code"] == 0


def test_an_address_serves_one_connection(simulator: Simulator) -> None:
    url = asked(simulator)["data"]["URL"]
    with connect(url, proxy=None), pytest.raises(InvalidStatus) as refused:
        connect(url, proxy=None)

    assert refused.value.response.headers["Handshake-Status"] == "403"


def test_a_ping_is_answered_with_the_config(simulator: Simulator) -> None:
    with connected(simulator) as link:
        link.send(Frame(method=CONTROL, service=33554678, headers={"type": "ping"}).encode())
        pong = received(link)
        (connection,) = simulator.connections()

    assert (pong.method, pong.headers["type"], pong.service) == (CONTROL, "pong", 33554678)
    assert json.loads(pong.payload)["PingInterval"] == 7
    assert connection["pings"] == 1


def test_an_event_comes_in_clear_and_counts_when_it_is_acknowledged(simulator: Simulator) -> None:
    with connected(simulator) as link:
        event_id = simulator.emit("one.v1", {"name": "王二"})
        frame = received(link)
        assert simulator.state("events")["events"][0]["state"] == "waiting"
        acknowledge(link, frame)
        event = simulator.wait_for(tries(1))["events"][0]

    assert (frame.method, frame.headers["type"]) == (DATA, "event")
    assert {"message_id", "trace_id", "timestamp"} <= frame.headers.keys()
    assert (event["event_id"], event["state"]) == (event_id, "delivered")
    assert event["attempts"][0]["http_status"] == 200


def test_the_event_is_the_envelope_with_its_token(simulator: Simulator) -> None:
    with connected(simulator) as link:
        simulator.emit("one.v1", {"name": "王二"})
        envelope = json.loads(received(link).payload)

    assert envelope["event"] == {"name": "王二"}
    assert envelope["header"]["token"] == APP["FEISHU_VERIFICATION_TOKEN"]
    assert envelope["header"]["app_id"] == APP["FEISHU_APP_ID"]


def test_an_event_comes_again_when_it_was_refused_or_not_acknowledged(simulator: Simulator) -> None:
    with connected(simulator) as link:
        simulator.emit("one.v1", {})
        first = received(link)
        acknowledge(link, first, code=500)
        simulator.wait_for(tries(1))
        simulator.let_pass(15)
        second = received(link)
        simulator.wait_for(tries(2))  # nobody acknowledged it within three seconds
        simulator.let_pass(300)
        acknowledge(link, received(link))
        event = simulator.wait_for(tries(3))["events"][0]

    assert first.headers["message_id"] != second.headers["message_id"]
    outcomes = [(each["http_status"], each["note"]) for each in event["attempts"]]
    assert outcomes == [(500, ""), (None, "TooLate"), (200, "")]


def test_without_a_connection_an_event_is_tried_again(simulator: Simulator) -> None:
    simulator.emit("one.v1", {})
    before = simulator.wait_for(tries(1))["events"][0]
    with connected(simulator) as link:
        simulator.let_pass(15)
        acknowledge(link, received(link))
        after = simulator.wait_for(tries(2))["events"][0]

    assert before["attempts"][0]["note"] == "NoConnection"
    assert after["state"] == "delivered"


def test_each_event_goes_to_one_of_the_connections(simulator: Simulator) -> None:
    with ExitStack() as stack:
        links = [stack.enter_context(connected(simulator)) for _ in range(3)]
        for number in range(60):
            simulator.emit("one.v1", {"number": number})
        wait_until(lambda: sum(each["events"] for each in simulator.connections()) == 60)
        counts = [each["events"] for each in simulator.connections()]
        came = [
            json.loads(received(link).payload)["event"]["number"]
            for link, count in zip(links, counts, strict=True)
            for _ in range(count)
        ]

    assert sorted(came) == list(range(60))
    assert min(counts) > 0


def test_a_large_event_comes_in_parts_with_one_message_id(simulator: Simulator) -> None:
    text = "背" * 100_000
    with connected(simulator) as link:
        simulator.emit("one.v1", {"text": text})
        first = received(link)
        frames = [first, *(received(link) for _ in range(int(first.headers["sum"]) - 1))]

    assert len(frames) > 1
    assert len({frame.headers["message_id"] for frame in frames}) == 1
    assert [int(frame.headers["seq"]) for frame in frames] == list(range(len(frames)))
    assert json.loads(b"".join(frame.payload for frame in frames))["event"]["text"] == text


def test_an_app_has_fifty_connections_and_no_more(simulator: Simulator) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connect(asked(simulator)["data"]["URL"], proxy=None))
        wait_until(lambda: len(simulator.connections()) == 50)
        with pytest.raises(InvalidStatus) as refused:
            connect(asked(simulator)["data"]["URL"], proxy=None)

    headers = refused.value.response.headers
    assert (headers["Handshake-Status"], headers["Handshake-Autherrcode"]) == ("514", "1000040350")


@pytest.mark.parametrize(("orderly", "code"), [(False, 1006), (True, 1000)])
def test_connections_can_be_cut(simulator: Simulator, *, orderly: bool, code: int) -> None:
    with connected(simulator) as link:
        assert simulator.cut_connections(orderly=orderly) == 1
        with pytest.raises(ConnectionClosed):
            link.recv(timeout=10)

    assert link.protocol.close_code == code
    wait_until(lambda: simulator.connections() == [])


def test_a_silent_connection_stays_open_and_says_nothing(simulator: Simulator) -> None:
    with connected(simulator) as link:
        assert simulator.silence_connections() == 1
        link.send(Frame(method=CONTROL, headers={"type": "ping"}).encode())
        simulator.emit("one.v1", {})
        note = simulator.wait_for(tries(1))["events"][0]["attempts"][0]["note"]
        (silent,) = simulator.connections()
        simulator.restore_connections()
        simulator.let_pass(15)
        event = received(link)

    assert note == "TooLate"
    assert (silent["silent"], silent["events"], silent["pings"]) == (True, 0, 0)
    assert event.headers["type"] == "event"


@pytest.mark.parametrize("raw", [b"", b"\x08", b"\x0b\x00", b"\x2a\x7f\x0a", b"\x20\x05"])
def test_bytes_that_are_no_frame_are_told_apart(raw: bytes) -> None:
    with pytest.raises(NoFrameError):
        decode(raw)


def test_a_frame_is_read_as_it_was_written() -> None:
    frame = Frame(
        method=DATA, service=33554678, seq_id=2**63, log_id=1, headers={"type": "event"}, payload=b"{}"
    )

    assert decode(frame.encode()) == frame
