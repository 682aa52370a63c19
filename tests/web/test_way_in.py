"""The web server as strangers meet it: nobody who is slow, silent or many holds what answers others."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from tests.deliveries import envelope, sealed
from tests.web.callers import HOST, slow_callers

LOGIN = b"POST /admin/login/ HTTP/1.1\r\n" + HOST


def post_event(web: str) -> tuple[int, float]:
    body, headers = sealed(envelope())
    answer = requests.post(f"{web}/webhook/event", data=body, headers=headers, timeout=20)
    return answer.status_code, answer.elapsed.total_seconds()


def connect(web: str) -> socket.socket:
    address = urlsplit(web)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def test_slow_callers_hold_nobody_up_and_are_told_408(hireops):
    web = hireops.web()
    with slow_callers(web, 48) as slow:
        for _ in range(24):
            status, seconds = post_event(web)
            assert (status, seconds < 1) == (200, True)
            assert requests.get(f"{web}/healthz", timeout=5).elapsed.total_seconds() < 1
            time.sleep(0.25)
    assert slow.cut_off >= 40  # each once at least, but for those who began when it ended
    assert any(answer.startswith(b"HTTP/1.1 408 ") for answer in slow.answers)


def test_more_idle_callers_than_there_is_room_for_make_room(hireops):
    web = hireops.web()
    with ExitStack() as idle:
        for _ in range(600):
            idle.enter_context(connect(web))
        status, seconds = post_event(web)
        assert (status, seconds < 1) == (200, True)


def test_who_does_not_close_an_answered_connection_holds_up_nobody(hireops):
    web = hireops.web()
    with ExitStack() as answered:
        for _ in range(16):
            link = answered.enter_context(connect(web))
            link.sendall(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
            assert link.recv(100).startswith(b"HTTP/1.1 200 ")
        status, seconds = post_event(web)
        assert (status, seconds < 1) == (200, True)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_who_has_not_signed_in_uploads_nothing(hireops, kind):
    web = hireops.web()
    head = f"Content-Type: {kind}\r\nContent-Length: 208000000\r\n\r\n--x\r\n".encode()
    with connect(web) as link:
        link.sendall(LOGIN + head)  # and nothing more of the body
        answer = b""
        while piece := link.recv(10_000):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in answer
    assert "什么都没有读取" in answer.decode()


def test_requests_that_come_at_once_over_one_connection_are_answered_in_turn(hireops):
    web = hireops.web()
    get = b"GET /healthz HTTP/1.1\r\n" + HOST
    with connect(web) as link:
        link.sendall(get + b"\r\n" + get + b"\r\n" + get + b"Connection: close\r\n\r\n")
        answers = b""
        while piece := link.recv(10_000):
            answers += piece
    assert answers.count(b"HTTP/1.1 200 ") == 3


def test_who_waits_to_be_told_to_go_on_is_told(hireops):
    web = hireops.web()
    body, headers = sealed(envelope())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    expects = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    with connect(web) as link:
        link.sendall(b"POST /webhook/event HTTP/1.1\r\n" + HOST + lines + expects)
        assert link.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body)
        assert link.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_request_that_is_broken_off_is_told_so(hireops):
    web = hireops.web()
    with connect(web) as link:
        link.sendall(b"POST /webhook/event HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\nabc")
        link.shutdown(socket.SHUT_WR)
        assert link.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_people_who_ask_for_more_pages_than_can_be_answered_hold_up_no_event(hireops):
    web = hireops.web()
    get = b"GET /admin/login/ HTTP/1.1\r\n" + HOST + b"\r\n"
    with ExitStack() as many, ThreadPoolExecutor(8) as feishu:
        for _ in range(300):
            many.enter_context(connect(web)).sendall(get)
        answers = list(feishu.map(post_event, [web] * 40))
    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < 3
