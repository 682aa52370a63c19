import logging
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
from django.db import transaction

from hireops.feishu import client, protocol
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import Advice, FeishuError, Outcome
from tests.feishu.servers import answer, ok, send_and_close

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("token"),
]

ENDPOINT = ENDPOINTS["eco_account_custom_field.create"]
PATH = "/open-apis/hire/v1/eco_account_custom_fields"
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"


def call(**options) -> client.Answer:
    return client.call(ENDPOINT, tenant_key="", **{"body": {"scope": 1}} | options)


def failure(**options) -> FeishuError:
    with pytest.raises(FeishuError) as failed:
        call(**options)
    return failed.value


def test_a_call_that_succeeds_gives_data_and_log_id(server):
    server.behaviours = [ok({"account": {"amount": 1}})]
    result = call(query={"page": "2"})
    assert result.data == {"account": {"amount": 1}}
    assert (result.log_id, result.http_status) == ("log-ok", 200)
    assert 0 <= result.duration_ms < 10_000
    [request] = server.requests
    assert (request.method, request.target) == ("POST", f"{PATH}?page=2")
    assert request.headers["Authorization"] == "Bearer t-valid"
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.body == b'{"scope": 1}'


def dated(when: str, **options):
    return answer({"code": 0, "msg": "ok", "data": {}}, headers={"Date": when}, **options)


def test_an_answer_tells_when_it_left_by_feishus_clock(server):
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=7)
    server.behaviours = [dated(format_datetime(moment, usegmt=True))]
    assert call().feishu_at == moment


def test_a_refusal_tells_it_too(server):
    moment = datetime.now(UTC).replace(microsecond=0)
    headers = {"Date": format_datetime(moment, usegmt=True)}
    server.behaviours = [answer({"code": 1002002, "msg": "no"}, status=400, headers=headers)]
    assert failure().feishu_at == moment
    server.behaviours = [answer(raw=b"<html>", status=502, headers=headers)]
    assert failure().feishu_at == moment


@pytest.mark.parametrize(
    "date",
    [
        "",
        "noon",
        "Fri, 32 Jan 2026 12:00:00 GMT",
        "Tue, 20 Nov 2286 17:46:39 GMT",
        "Mon, 1 Jan 0001 0:0:0 GMT",
    ],
)
def test_a_time_that_is_none_is_not_believed(server, date):
    server.behaviours = [dated(date)]
    assert call().feishu_at is None


def test_a_call_without_body_says_so(server):
    client.call(ENDPOINTS["background_check_order.list"], tenant_key="")
    assert server.requests[0].body == b""
    assert "Content-Type" not in server.requests[0].headers


def test_amounts_are_decimals_and_ids_texts(server):
    server.behaviours = [
        answer(raw=b'{"code":0,"data":{"a":0.10,"id":"6931286400470354183","n":12345678901234567890}}')
    ]
    data = call().data
    assert str(data["a"]) == "0.10"
    assert isinstance(data["a"], Decimal)
    assert data["id"] == "6931286400470354183"
    assert data["n"] == 12345678901234567890


@pytest.mark.parametrize("content", [{"code": 0}, {"code": 0, "data": None}, {"code": 0, "msg": "ok"}])
def test_an_answer_without_data_is_a_success(server, content):
    server.behaviours = [answer(content)]
    assert call().data == {}


def test_the_connection_is_kept(server):
    for _ in range(5):
        call()
    assert (len(server.requests), server.connections) == (5, 1)


def test_each_thread_has_its_own_connection(server):
    def one_call() -> None:
        protocol.ask("GET", PATH)

    call()
    thread = threading.Thread(target=one_call)
    thread.start()
    thread.join()
    assert server.connections == 2


def test_a_connection_that_the_server_has_closed_is_opened_anew(server):
    server.behaviours = [answer({"code": 0}, headers={"Connection": "close"})]
    call()
    call()
    assert len(server.requests) == 2


# --- Tokens, secrets, transactions -----------------------------------------------------------------------

TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"


def with_fresh_token(other):
    def behave(request):
        if request.target == TOKEN_PATH:
            return answer({"code": 0, "tenant_access_token": "t-fresh", "expire": 7200})
        return other(request)

    return behave


@pytest.mark.parametrize("code", [99991663, 99991664, 99991665, 99991671])
def test_a_token_that_feishu_does_not_accept_is_replaced_once(server, code):
    server.otherwise = with_fresh_token(
        lambda request: (
            ok() if "t-fresh" in request.headers["Authorization"] else answer({"code": code}, status=400)
        )
    )
    call()
    tokens = [request.headers["Authorization"] for request in server.to(PATH)]
    assert tokens == ["Bearer t-valid", "Bearer t-fresh"]
    assert len(server.to(TOKEN_PATH)) == 1


def test_a_fresh_token_that_is_not_accepted_either_is_for_a_person(server):
    server.otherwise = with_fresh_token(lambda _request: answer({"code": 99991663, "msg": "no"}, status=400))
    error = failure()
    assert (error.outcome, error.advice, error.code) == (Outcome.REFUSED, Advice.ASK_PERSON, 99991663)
    assert len(server.to(PATH)) == 2
    assert len(server.to(TOKEN_PATH)) == 1


def test_a_call_inside_a_transaction_is_a_mistake(server):
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        call()
    assert server.requests == []


def test_no_secret_and_no_body_is_in_log_or_error(server, settings, caplog):
    caplog.set_level(logging.DEBUG)
    echo = f"bad token t-valid1234567 of {settings.FEISHU_APP_SECRET}\r\n2026 INFO forged"
    server.behaviours = [
        answer({"code": 1002002, "msg": echo}, status=400, headers={"X-Tt-Logid": "log-1"}),
        answer(raw=b"<html>canary</html>", status=502),
        send_and_close(b"canary"),
    ]
    errors = [failure(body={"mobile": "canary"}) for _ in range(3)]
    written = caplog.text + "".join(f"{error} {error!r} {error.explanation}" for error in errors)
    for secret in ["t-valid", settings.FEISHU_APP_SECRET, "canary"]:
        assert secret not in written
    assert errors[0].message == "bad token *** of *** 2026 INFO forged"


def test_nobodys_number_or_address_is_in_log_or_error(server, caplog):
    caplog.set_level(logging.DEBUG)
    said = "mobile 13812345674 of wang@abc.com, ID card 11010119900307123X"
    server.behaviours = [answer({"code": 1002002, "msg": said}, status=400)]
    error = failure()
    written = f"{caplog.text} {error} {error!r} {error.explanation}"
    assert [part for part in ("13812345674", "wang@", "11010119900307123X") if part in written] == []
    assert error.message == "mobile 138****5674 of w***@abc.com, ID card 110****123X"


def test_each_call_is_one_line_in_the_log(server, caplog):
    caplog.set_level(logging.INFO, "hireops")
    call()
    [record] = caplog.records
    assert record.getMessage().startswith(f"POST {PATH} code=0 log_id=log-ok ")


def test_neither_netrc_nor_cookies_are_used(server, settings, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.behaviours = [answer({"code": 0}, headers={"Set-Cookie": "tenant=a; Path=/"})]
    call()
    call()
    assert [request.headers["Authorization"] for request in server.requests] == ["Bearer t-valid"] * 2
    assert not any("Cookie" in request.headers for request in server.requests)
