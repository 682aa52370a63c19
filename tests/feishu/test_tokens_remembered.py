"""What one process remembers of the tokens that all share."""

from datetime import timedelta
from time import sleep

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hireops.database import clock
from hireops.encryption import encrypt
from hireops.feishu import client, tokens
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.models import AccessToken
from tests.feishu.in_processes import in_processes
from tests.feishu.servers import answer, ok
from tests.feishu.token_calls import age, app_id, in_a_minute, in_threads, issue
from tests.selection import also_on_sqlite

pytestmark = pytest.mark.django_db(transaction=True)


def keep(token: str, **changes: object) -> None:
    """As another process would leave it."""
    AccessToken.objects.update_or_create(
        app_id=app_id(),
        tenant_key="",
        kind="tenant",
        defaults={
            "sealed": encrypt(token),
            "expires_at": in_a_minute(),
            "renew_at": in_a_minute(),
            **changes,
        },
    )


def test_a_token_that_was_read_is_not_read_again_for_five_seconds(server, monkeypatch):
    assert tokens.CACHE_S == 5
    monkeypatch.setattr(tokens, "CACHE_S", 0.3)
    keep("t-1")
    assert tokens.access_token("") == "t-1"
    keep("t-2")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert tokens.access_token("") == "t-1"
    assert len(queries) == 0
    sleep(0.3)
    assert tokens.access_token("") == "t-2"


def test_a_token_is_not_remembered_beyond_its_renewal(server):
    keep("t-1", renew_at=clock.now() + timedelta(seconds=0.3))
    assert tokens.access_token("") == "t-1"
    sleep(0.3)
    server.otherwise = lambda _request: issue("t-2")
    assert tokens.access_token("") == "t-2"


def test_an_old_token_that_another_process_is_replacing_is_not_remembered(server):
    keep("t-1", renew_at=clock.now(), claimed_until=in_a_minute())
    assert tokens.access_token("") == "t-1"
    keep("t-2", claimed_until=None)
    assert tokens.access_token("") == "t-2"


def test_a_token_that_was_dropped_is_forgotten_at_once(server):
    keep("t-1")
    tokens.access_token("")
    server.otherwise = lambda _request: issue("t-2")
    tokens.invalidate("", "t-1")
    assert tokens.access_token("") == "t-2"


def test_a_thread_that_comes_late_does_not_bring_a_dropped_token_back(server):
    keep("t-1")
    row = AccessToken.objects.get()
    tokens.invalidate("", "t-1")
    tokens._cache_token(row, "t-1", timedelta(minutes=1))
    server.otherwise = lambda _request: issue("t-2")
    assert tokens.access_token("") == "t-2"


def test_what_another_process_has_replaced_costs_one_refusal(server):
    keep("t-1")
    tokens.access_token("")
    keep("t-2")
    server.behaviours = [answer({"code": 99991663, "msg": "invalid"}, status=400), ok(), ok()]
    for _ in range(2):
        client.call(ENDPOINTS["eco_account_custom_field.create"], tenant_key="", body={})
    used = [request.headers["Authorization"] for request in server.requests]
    assert used == ["Bearer t-1", "Bearer t-2", "Bearer t-2"]


def test_another_app_or_another_feishu_has_tokens_of_its_own(server, settings):
    keep("t-1")
    tokens.access_token("")
    settings.FEISHU_APP_ID = "cli_other"
    server.behaviours = [issue("t-other")]
    assert tokens.access_token("") == "t-other"


def test_the_usual_call_asks_the_database_only_for_its_quota(server):
    keep("t-1")
    endpoint = ENDPOINTS["eco_account_custom_field.create"]
    client.call(endpoint, tenant_key="", body={})
    with CaptureQueriesContext(connection) as queries:
        client.call(endpoint, tenant_key="", body={})
    assert {"accesstoken" in query["sql"] for query in queries} == {False}
    assert len(queries) == (7 if connection.vendor == "sqlite" else 2)


@also_on_sqlite
def test_32_processes_that_start_at_once_make_one_token_call(hireops, server):
    server.otherwise = lambda _request: issue("t-1")
    work = "tests.feishu.in_processes:access_token"
    assert in_processes(hireops, 32, work, FEISHU_BASE_URL=server.url) == ["t-1"] * 32
    assert len(server.requests) == 1


def test_32_processes_that_find_a_token_expired_make_one_token_call(hireops, server):
    work = "tests.feishu.in_processes:access_token"
    server.otherwise = lambda _request: issue("t-old")
    assert in_processes(hireops, 1, work, FEISHU_BASE_URL=server.url) == ["t-old"]
    hireops.database.rows("UPDATE feishu_accesstoken SET renew_at = '2020-01-01', expires_at = '2020-01-01'")
    server.otherwise = lambda _request: issue("t-new")
    assert in_processes(hireops, 32, work, FEISHU_BASE_URL=server.url) == ["t-new"] * 32
    assert len(server.requests) == 2


def test_threads_share_what_one_of_them_has_read(server):
    keep("t-1")
    age(claimed_until=None)
    assert in_threads(16, lambda _i: tokens.access_token("")) == ["t-1"] * 16
    assert server.requests == []
