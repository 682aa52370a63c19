"""The webhook as Feishu meets it: a real server whose database or broker is away, frozen or slow."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from tests.deliveries import ECO_ACCOUNT_CREATED, envelope, sealed
from tests.postgresql import PostgreSQL
from tests.processes import wait_until
from tests.proxies import Proxy
from tests.selection import also_on_sqlite, on_postgresql, on_sqlite
from tests.servers import brokers


def _post(web: str, content: object = None) -> tuple[int, float]:
    body, headers = sealed(content or envelope())
    started = time.monotonic()
    answer = requests.post(f"{web}/webhook/event", data=body, headers=headers, timeout=20)
    return answer.status_code, time.monotonic() - started


def _events(hireops):
    return hireops.database.rows("SELECT count(*) FROM inbox_event")[0][0]


@pytest.fixture
def postgresql_behind_proxy(hireops):
    server = PostgreSQL(hireops.database.url)
    with Proxy(server.address) as proxy:
        hireops.environment["DATABASE_URL"] = server.behind(proxy.port)
        yield proxy


@on_postgresql
def test_a_frozen_database_is_answered_503_within_three_seconds_and_recovers(
    hireops, postgresql_behind_proxy
):
    web = hireops.web()
    assert _post(web)[0] == 200
    postgresql_behind_proxy.freeze()
    for _ in range(3):  # with a connection that it has, and with one that it must open
        status, seconds = _post(web)
        assert status == 503
        assert seconds < 3
    postgresql_behind_proxy.thaw()
    wait_until(lambda: _post(web)[0] == 200, seconds=3, what="it did not recover")


@on_postgresql
def test_a_burst_at_a_frozen_database_is_answered_within_three_seconds_each(hireops, postgresql_behind_proxy):
    web = hireops.web()
    postgresql_behind_proxy.freeze()
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: _post(web), range(24)))
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 3


@on_postgresql
def test_a_database_that_was_restarted_costs_no_delivery(hireops, postgresql_behind_proxy):
    web = hireops.web()
    assert _post(web)[0] == 200
    postgresql_behind_proxy.close()
    status, seconds = _post(web)
    assert status == 503
    assert seconds < 3
    postgresql_behind_proxy.open()
    assert _post(web)[0] == 200
    hireops.database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert _post(web)[0] == 200
    assert _events(hireops) == 3


@on_sqlite
def test_a_database_that_somebody_else_holds_is_answered_503_within_three_seconds(hireops):
    web = hireops.web()
    assert _post(web)[0] == 200
    with hireops.database.locked("inbox_event"):
        status, seconds = _post(web)
        assert status == 503
        assert seconds < 3
    wait_until(lambda: _post(web)[0] == 200, seconds=3, what="it did not recover")
    assert _events(hireops) == 2


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize("state", ["closed", "silent"])
def test_a_broker_that_is_dead_or_silent_does_not_slow_the_answer(hireops, scheme, state):
    with socket.create_server(("127.0.0.1", 0)) as broker:
        port = broker.getsockname()[1]
        if state == "closed":
            broker.close()
        web = hireops.web(CELERY_BROKER_URL=f"{scheme}://127.0.0.1:{port}//")
        answers = [_post(web) for _ in range(40)]
    assert {status for status, _ in answers} == {200}
    assert max(seconds for _, seconds in answers) < 1
    assert _events(hireops) == 40


@also_on_sqlite
def test_what_is_answered_200_is_committed(hireops):
    web = hireops.web()
    for number in range(1, 6):
        assert _post(web)[0] == 200
        assert _events(hireops) == number  # read over another connection


def test_callers_that_fall_silent_hold_no_thread(hireops):
    web = urlsplit(hireops.web())
    head = b"POST /webhook/event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"
    with ExitStack() as silent_callers:
        for _ in range(8):  # as many as the server has threads, twice
            link = socket.create_connection((web.hostname, web.port), timeout=10)
            silent_callers.enter_context(link).sendall(head)
        status, seconds = _post(web.geturl())
        assert (status, seconds < 1) == (200, True)
        assert link.recv(100).startswith(b"HTTP/1.1 408")


def _let_two_minutes_pass(hireops):
    """For what was in the hands of the worker that died."""
    back = "F('{0}') - timedelta(minutes=2)"
    hireops.manage(
        "shell",
        "-v0",
        "-c",
        "from datetime import timedelta; from django.db.models import F; from hireops.inbox.models import *; "
        f"Batch.objects.update(started_at={back.format('started_at')}); "
        f"Event.objects.update(not_before={back.format('not_before')})",
    )


@also_on_sqlite
@pytest.mark.parametrize("place", ["inbox.claimed", "inbox.handled"])
def test_a_worker_killed_at_work_delays_an_event_and_doubles_nothing(hireops, place):
    account = {"account_id": "6931286400470354183", "scope": 1, "account_name": "一", "usage_list": [1]}
    web = hireops.web()
    _post(web, envelope(ECO_ACCOUNT_CREATED, {**account, "custom_field_list": []}))
    doomed = hireops.worker(HIREOPS_DIE_AT=place)
    hireops.beat()
    wait_until(lambda: doomed.poll() is not None, seconds=20, what="the worker lived")
    assert hireops.database.rows("SELECT count(*) FROM bindings_ecoaccount") == [(0,)]

    _let_two_minutes_pass(hireops)
    hireops.worker()
    handled = "SELECT count(*) FROM inbox_event WHERE state = 'handled'"
    wait_until(lambda: hireops.database.rows(handled) == [(1,)], seconds=20, what="the event was not handled")
    assert hireops.database.rows("SELECT count(*) FROM bindings_ecoaccount") == [(1,)]
    outcomes = hireops.database.rows("SELECT outcome FROM inbox_attempt ORDER BY id")
    assert outcomes == [("lost",), ("handled",)]


def test_beat_finds_the_event_whose_ring_was_lost(hireops):
    web = hireops.web(CELERY_BROKER_URL="redis://127.0.0.1:1//")
    assert _post(web)[0] == 200
    hireops.worker()
    hireops.beat()
    handled = "SELECT count(*) FROM inbox_event WHERE state = 'unhandled'"
    wait_until(lambda: hireops.database.rows(handled) == [(1,)], seconds=20, what="the event was not handled")


@also_on_sqlite
def test_an_event_is_handled_within_two_seconds_of_its_delivery(hireops):
    web = hireops.web()
    hireops.worker()
    handled = "SELECT count(*) FROM inbox_event WHERE state = 'unhandled'"
    _post(web)
    wait_until(lambda: hireops.database.rows(handled) == [(1,)], seconds=2, what="the event was not handled")


@pytest.mark.parametrize("way", ["announced", "chunked"])
def test_a_body_of_a_hundred_megabytes_is_refused_before_it_is_read(hireops, way):
    web = urlsplit(hireops.web())
    head = b"POST /webhook/event HTTP/1.1\r\nHost: localhost\r\n"
    length = {"announced": b"Content-Length: 104857600", "chunked": b"Transfer-Encoding: chunked"}[way]
    with socket.create_connection((web.hostname, web.port), timeout=5) as link:
        link.sendall(head + length + b"\r\n\r\n")
        if way == "chunked":
            link.sendall(b"200000\r\n" + b"x" * 0x180000)  # and never the rest
        assert link.recv(100).startswith(b"HTTP/1.1 413")


def test_a_chunked_delivery_is_as_good_as_any(hireops):
    web = hireops.web()
    body, headers = sealed(envelope())
    answer = requests.post(
        f"{web}/webhook/event", data=iter([body[:50], body[50:]]), headers=headers, timeout=5
    )
    assert answer.status_code == 200
    assert _events(hireops) == 1


def test_a_worker_whose_broker_falls_silent_looks_by_itself(hireops):
    if "redis" not in brokers():
        pytest.skip("no Redis answers here")
    redis = urlsplit(brokers()["redis"])
    with Proxy((redis.hostname or "127.0.0.1", redis.port or 6379)) as proxy:
        hireops.environment["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{proxy.port}/9"
        web = hireops.web()
        hireops.worker()
        proxy.freeze()
        assert _post(web)[0] == 200
        handled = "SELECT count(*) FROM inbox_event WHERE state = 'unhandled'"
        wait_until(lambda: hireops.database.rows(handled) == [(1,)], seconds=40, what="it was not handled")
