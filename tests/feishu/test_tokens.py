"""The token of a custom app."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction

from hireops.database import clock
from hireops.desk.health import alarms
from hireops.encryption import decrypt, encrypt
from hireops.feishu import tokens
from hireops.feishu.errors import Advice
from hireops.feishu.models import AccessToken, RefusedSecret
from tests.feishu.servers import answer, say_nothing, send_and_close, send_slowly
from tests.feishu.token_calls import age, app_id, failure, in_a_minute, in_threads, issue

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOM = "/open-apis/auth/v3/tenant_access_token/internal"


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch) -> None:
    """What is tested here is the row that all processes share."""
    monkeypatch.setattr(tokens, "CACHE_S", 0.0)


def test_a_token_is_fetched_once_and_then_shared(server, settings):
    server.behaviours = [issue("t-1")]
    assert [tokens.access_token("") for _ in range(3)] == ["t-1"] * 3
    [request] = server.requests
    assert (request.method, request.target) == ("POST", CUSTOM)
    assert request.json == {"app_id": settings.FEISHU_APP_ID, "app_secret": settings.FEISHU_APP_SECRET}
    assert "Authorization" not in request.headers


def test_a_custom_app_has_one_token_whatever_tenant_is_named(server):
    server.behaviours = [issue("t-1")]
    assert tokens.access_token("") == tokens.access_token("2ca1d211f64f6438") == "t-1"
    assert len(server.requests) == 1


def test_32_threads_that_start_at_once_make_one_token_call(server):
    server.otherwise = lambda _request: issue("t-1")
    assert in_threads(32, lambda _i: tokens.access_token("")) == ["t-1"] * 32
    assert len(server.requests) == 1


def test_a_token_is_kept_20_minutes_short_of_its_life(server):
    server.behaviours = [issue("t-1", 7200)]
    tokens.access_token("")
    row: Any = AccessToken.objects.get()
    now = datetime.now(UTC)
    assert abs(row.expires_at - now - timedelta(hours=2)) < timedelta(seconds=5)
    assert abs(row.renew_at - now - timedelta(minutes=100)) < timedelta(seconds=5)


def test_a_token_near_its_end_is_renewed_by_one_while_the_others_use_it(server):
    server.behaviours = [issue("t-old")]
    tokens.access_token("")
    age(renew_at=clock.now())
    server.otherwise = lambda _request: issue("t-new")
    given = in_threads(16, lambda _i: tokens.access_token(""))
    assert set(given) <= {"t-old", "t-new"}
    assert "t-new" in given
    assert len(server.requests) == 2
    assert tokens.access_token("") == "t-new"


def test_an_expired_token_is_never_used(server):
    server.behaviours = [issue("t-old")]
    tokens.access_token("")
    age(renew_at=clock.now(), expires_at=clock.now())
    server.otherwise = lambda _request: issue("t-new")
    assert in_threads(8, lambda _i: tokens.access_token("")) == ["t-new"] * 8
    assert len(server.requests) == 2


def test_an_old_token_that_still_lives_is_used_when_no_new_one_is_to_be_had(server):
    server.behaviours = [issue("t-old")]
    tokens.access_token("")
    age(renew_at=clock.now())
    server.otherwise = lambda _request: send_and_close(b"")
    assert [tokens.access_token("") for _ in range(5)] == ["t-old"] * 5
    assert len(server.requests) == 2


def test_a_token_about_to_expire_serves_one_call(server):
    server.behaviours = [issue("t-1", 5), issue("t-2", 5)]
    assert tokens.access_token("") == "t-1"
    age(renew_at=clock.now())
    assert tokens.access_token("") == "t-2"


@pytest.mark.parametrize("expire", [None, 0, -1, "7200", 7200.5, True, [], {}])
def test_an_answer_without_a_lifetime_is_no_token(server, expire):
    server.behaviours = [issue("t-1", expire)]
    assert failure().advice is Advice.RETRY_LATER
    assert AccessToken.objects.get().sealed == ""


def test_a_lifetime_beyond_two_hours_is_not_believed(server):
    server.behaviours = [issue("t-1", 10**30)]
    tokens.access_token("")
    row: Any = AccessToken.objects.get()
    assert row.expires_at < datetime.now(UTC) + timedelta(minutes=121)


@pytest.mark.parametrize("token", [None, "", 7, "t-1\r\nX: y", "t 1", "t-汉", {}])
def test_an_answer_without_a_token_is_no_token(server, token):
    server.behaviours = [issue(token)]
    assert failure().advice is Advice.RETRY_LATER


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (10003, Advice.ASK_PERSON),
        (10014, Advice.ASK_PERSON),
        (10015, Advice.ASK_PERSON),
        (11209, Advice.ASK_PERSON),
        (99991543, Advice.ASK_PERSON),
        (2200, Advice.RETRY_LATER),
    ],
)
def test_a_refused_token_call_means_that_the_call_was_not_sent(server, code, advice):
    server.behaviours = [answer({"code": code, "msg": "why"}, status=400, headers={"X-Tt-Logid": "log-1"})]
    error = failure()
    assert (error.code, error.advice, error.log_id) == (code, advice, "log-1")
    assert error.message == "no access token: why"


@pytest.mark.parametrize("behaviour", [send_and_close(b""), answer(raw=b"<html>", status=502), say_nothing])
def test_an_unclear_token_call_means_that_the_call_was_not_sent(server, behaviour):
    server.behaviours = [behaviour, issue("t-1")]
    assert failure().advice is Advice.RETRY_LATER
    assert tokens.access_token("") == "t-1"


def test_why_there_is_no_token_stands_in_the_log(server, caplog):
    server.behaviours = [answer({"code": 10015, "msg": "why"}, status=400, headers={"X-Tt-Logid": "log-1"})]
    failure()
    [told] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "code 10015" in told
    assert "log-1" in told


@pytest.mark.parametrize("code", [10015, 99991543])
def test_a_secret_that_feishu_refuses_is_not_sent_again(server, settings, code):
    wrong = answer({"code": code, "msg": "why"}, status=400)
    server.behaviours = [wrong]
    failure()
    age(claimed_until=None)
    error = failure()
    assert (error.code, error.advice, len(server.requests)) == (code, Advice.ASK_PERSON, 1)
    assert "FEISHU_APP_SECRET" in error.explanation
    age(claimed_until=None)
    settings.FEISHU_APP_SECRET = "the right one"
    server.behaviours = [issue("t-1")]
    assert tokens.access_token("") == "t-1"


def test_a_secret_that_was_refused_by_mistake_is_sent_again_after_an_examination(server):
    server.behaviours = [answer({"code": 10015, "msg": "why"}, status=400), issue("t-1"), issue("t-2")]
    failure()
    age(claimed_until=None)
    tokens.prove_credentials()
    assert tokens.access_token("") == "t-2"


def test_a_refused_secret_is_an_alarm_and_is_told_to_nobody(server, settings):
    assert _alarms() == []
    server.behaviours = [answer({"code": 10015, "msg": "why"}, status=400)]
    failure()
    assert _alarms() == [1]
    assert settings.FEISHU_APP_SECRET not in RefusedSecret.objects.get().digest
    settings.FEISHU_APP_SECRET = "the right one"
    assert _alarms() == []


def test_other_troubles_of_getting_a_token_are_tried_again(server):
    server.behaviours = [
        *(answer({"code": code, "msg": "why"}, status=400) for code in (10014, 10003, 11209)),
        answer({"code": 10015, "msg": "broken"}, status=503),
        issue("t-1"),
    ]
    for _ in range(4):
        failure()
        age(claimed_until=None)
    assert tokens.access_token("") == "t-1"


def _alarms() -> list[float | None]:
    return [figure.value for figure in alarms() if figure.metric.name == "app_secret_refused"]


def test_after_a_failure_the_waiting_do_not_all_ask_at_once(server, monkeypatch):
    monkeypatch.setattr(tokens, "WAIT_S", 0.5)
    server.otherwise = lambda _request: answer({"code": 10014, "msg": "wrong ID"}, status=400)
    results = in_threads(16, lambda _i: tokens.access_token(""))
    assert Counter(result.code for result in results) == {10014: 1, None: 15}
    assert len(server.requests) == 1


def test_nobody_waits_longer_than_five_seconds_for_another_process(server, monkeypatch):
    assert tokens.WAIT_S == 5
    monkeypatch.setattr(tokens, "WAIT_S", 0.2)
    AccessToken.objects.create(app_id=app_id(), kind="tenant", claimed_until=in_a_minute())
    error = failure()
    assert error.message == "no access token: another process is still fetching it"
    assert server.requests == []


def test_the_claim_of_a_dead_process_runs_out(server):
    AccessToken.objects.create(app_id=app_id(), kind="tenant", claimed_until=clock.now())
    server.behaviours = [issue("t-1")]
    assert tokens.access_token("") == "t-1"


def test_a_token_that_comes_after_the_claim_ran_out_does_not_replace_a_newer_one(server):
    def overtaken(link):
        age(sealed=encrypt("t-newer"), expires_at=in_a_minute(), renew_at=in_a_minute(), claimed_until=None)
        connection.close()
        issue("t-late")(link)

    server.behaviours = [overtaken]
    assert tokens.access_token("") == "t-late"
    assert tokens.access_token("") == "t-newer"


def test_dropping_a_token_leaves_a_newer_one_alone(server):
    server.behaviours = [issue("t-1"), issue("t-2")]
    tokens.access_token("")
    tokens.invalidate("", "t-1")
    assert tokens.access_token("") == "t-2"
    tokens.invalidate("", "t-1")
    assert tokens.access_token("") == "t-2"
    assert len(server.requests) == 2


def test_tokens_are_of_no_use_to_who_has_only_the_database(server, settings):
    server.behaviours = [issue("t-1"), issue("t-2")]
    tokens.access_token("")
    sealed = AccessToken.objects.get().sealed
    assert "t-1" not in sealed
    settings.SECRET_KEY = "another key"
    assert decrypt(sealed) is None
    assert tokens.access_token("") == "t-2"


def test_after_a_change_of_the_secret_key_the_fallbacks_still_open(settings):
    sealed = encrypt("t-1")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    assert decrypt(sealed) == "t-1"


def test_no_token_is_fetched_inside_a_transaction(server):
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        tokens.access_token("")
    assert server.requests == []


def test_a_slow_token_call_does_not_hold_a_transaction_open(server, settings):
    settings.FEISHU_READ_TIMEOUT = 2
    server.behaviours = [send_slowly(b"HTTP/1.1 200 OK\r\n", b"", every_s=0.5)]
    fetching = threading.Thread(target=lambda: in_threads(1, lambda _i: tokens.access_token("")))
    fetching.start()
    while not server.requests:
        sleep(0.01)
    assert AccessToken.objects.update(tenant_key="") == 1  # no lock is in the way
    fetching.join()
