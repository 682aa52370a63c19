"""Deliveries that come at once are stored together, and each has its own answer all the same."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.deliveries import envelope, sealed, signed
from tests.selection import also_on_sqlite, on_postgresql
from tests.web.callers import HOST

FEISHU_WAITS_S = 3
REFUSES_ONE_KIND = """
    CREATE FUNCTION refuse_one_kind() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'not this one' USING ERRCODE = '{error}';
    END $$;
    CREATE TRIGGER refuse_one_kind BEFORE INSERT ON inbox_event FOR EACH ROW
        WHEN (NEW.event_type = 'test.impossible_v1') EXECUTE FUNCTION refuse_one_kind();
"""


def refuse_one_kind(hireops, error: str) -> None:
    hireops.database.rows(REFUSES_ONE_KIND.replace("{error}", error) + "SELECT 1")


def connect(web: str) -> socket.socket:
    address = urlsplit(web)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def send(link: socket.socket, delivery: tuple[bytes, dict[str, str]]) -> None:
    body, headers = delivery
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    link.sendall(b"POST /webhook/event HTTP/1.1\r\n" + HOST + lines + length + body)


def status(link: socket.socket) -> int:
    return int(link.recv(10_000).split()[1])


def send_for_ever(link: socket.socket, request: bytes) -> None:
    for _ in range(100_000):
        link.sendall(request * 20)


def hold(hireops, seconds: float) -> None:
    with hireops.database.locked("inbox_event"):
        time.sleep(seconds)


def all_at_once(hireops, web: str, deliveries: list[tuple[bytes, dict[str, str]]]) -> list[int]:
    """The answers to deliveries that wait for another one, which waits for a table that somebody holds."""
    with ExitStack() as closed, connect(web) as before:
        links = [closed.enter_context(connect(web)) for _ in deliveries]
        with hireops.database.locked("inbox_event"):
            send(before, sealed(envelope()))
            time.sleep(0.2)
            for link, delivery in zip(links, deliveries, strict=True):
                send(link, delivery)
            time.sleep(0.3)
        assert status(before) == 200
        return [status(link) for link in links]


@also_on_sqlite
def test_each_is_answered_for_itself(hireops):
    web = hireops.web("--workers", "1")
    first, second = envelope(), envelope()
    other_content = {**first, "event": {"another": "content"}}
    body, headers = sealed(envelope())
    deliveries = [
        sealed(first),
        sealed(first),
        sealed(other_content),
        sealed(second),
        (body, {**headers, "X-Lark-Signature": "0" * 64}),
        sealed("this is no JSON"),
        signed(b"nor is this"),
    ]
    assert all_at_once(hireops, web, deliveries) == [200, 200, 200, 200, 401, 200, 200]
    rows = hireops.database.rows("SELECT event_id, state FROM inbox_event")
    kept = dict(rows)
    assert len(rows) == 5
    assert kept[first["header"]["event_id"]] == kept[second["header"]["event_id"]] == "pending"
    assert sum(state == "unreadable" for state in kept.values()) == 2
    assert hireops.database.rows("SELECT count(*) FROM inbox_eventcontent") == [(5,)]
    assert hireops.database.rows("SELECT count(*) FROM inbox_conflict") == [(1,)]


@on_postgresql
def test_what_has_come_by_then_is_one_commit(hireops):
    web = hireops.web("--workers", "1")
    assert set(all_at_once(hireops, web, [sealed(envelope()) for _ in range(20)])) == {200}
    ((commits, events),) = hireops.database.rows(
        "SELECT count(DISTINCT xmin::text), count(*) FROM inbox_event"
    )
    assert events == 21
    assert commits <= 3


@on_postgresql
def test_who_waits_behind_a_slow_statement_is_answered_in_time_all_the_same(hireops):
    web = hireops.web("--workers", "1")
    with connect(web) as first, connect(web) as second, ThreadPoolExecutor(1) as somebody_else:
        with connect(web) as before:
            send(before, sealed(envelope()))
            assert status(before) == 200  # and the statement is planned: that would wait for the table, too
        with hireops.database.locked("inbox_event"):
            send(first, sealed(envelope()))
            time.sleep(0.2)
            send(second, sealed(envelope()))
            sent = time.monotonic()
            again = somebody_else.submit(hold, hireops, 4)
            time.sleep(2)
        assert status(first) == 200
        assert status(second) == 503
        assert time.monotonic() - sent < FEISHU_WAITS_S
        again.result()


@on_postgresql
def test_one_that_the_database_cannot_hold_spoils_no_other(hireops):
    web = hireops.web("--workers", "1")
    refuse_one_kind(hireops, "numeric_value_out_of_range")
    deliveries = [sealed(envelope()), sealed(envelope("test.impossible_v1")), sealed(envelope())]
    assert all_at_once(hireops, web, deliveries) == [200, 200, 200]
    states = hireops.database.rows("SELECT state, reason FROM inbox_event ORDER BY state")
    assert states == [("pending", "")] * 3 + [("unreadable", "the database cannot hold its content")]


@on_postgresql
def test_an_error_of_ours_is_answered_500_and_spoils_no_other(hireops):
    web = hireops.web("--workers", "1")
    refuse_one_kind(hireops, "undefined_function")
    deliveries = [sealed(envelope()), sealed(envelope("test.impossible_v1")), sealed(envelope())]
    assert all_at_once(hireops, web, deliveries) == [200, 500, 200]
    assert hireops.database.rows("SELECT state FROM inbox_event") == [("pending",)] * 3
    assert "webhook answered 500" in hireops.output.read_text()


def test_who_reads_no_answers_holds_up_no_delivery(hireops):
    web = hireops.web("--workers", "1")
    address = urlsplit(web)
    unsigned = json.dumps({"encrypt": "x"}).encode()
    request = b"POST /webhook/event HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(unsigned)
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect((address.hostname, address.port))
        link.settimeout(20)
        with pytest.raises(ConnectionError):
            send_for_ever(link, request + unsigned)
    with connect(web) as another:
        send(another, sealed(envelope()))
        assert status(another) == 200
