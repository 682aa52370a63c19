"""How far a failed call came, and what helps."""

from time import monotonic

import pytest

from hireops import deadline
from hireops.feishu import client
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.transport import ANSWER_MAX_BYTES
from tests.feishu.servers import answer, say_nothing, send_and_close, send_slowly

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


# --- Nothing was sent ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "http://nowhere.invalid",
        "http://",
        "http://[::bad",
        "ftp://127.0.0.1",
        "http://" + "x" * 300,
    ],
)
def test_without_a_connection_nothing_was_sent(settings, url):
    settings.FEISHU_BASE_URL = url
    error = failure()
    assert (error.outcome, error.advice) == (Outcome.NOT_SENT, Advice.RETRY_LATER)
    assert error.code is None


def test_without_tls_nothing_was_sent(server, settings):
    settings.FEISHU_BASE_URL = server.url.replace("http:", "https:")
    assert failure().outcome is Outcome.NOT_SENT


def test_without_the_proxy_nothing_was_sent(settings, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    settings.FEISHU_BASE_URL = "https://open.feishu.invalid"
    assert failure().outcome is Outcome.NOT_SENT


def test_a_proxy_that_refuses_the_tunnel_has_sent_nothing(server, settings, monkeypatch):
    monkeypatch.setenv("https_proxy", server.url)
    settings.FEISHU_BASE_URL = "https://open.feishu.invalid"
    server.behaviours = [answer({}, status=403)]
    assert failure().outcome is Outcome.NOT_SENT
    assert server.requests[0].method == "CONNECT"


def test_this_machine_is_not_asked_through_a_proxy(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    call()
    assert len(server.requests) == 1


@pytest.mark.parametrize("connected", [False, True])
def test_after_the_moment_by_which_it_had_to_leave_nothing_is_sent(server, connected):
    if connected:
        call()
    with deadline.leave_before(monotonic()):
        assert failure().outcome is Outcome.NOT_SENT
    assert len(server.requests) == int(connected)
    call()


# --- Nobody knows ----------------------------------------------------------------------------------------

UNCLEAR = {
    "cut before the answer": send_and_close(b""),
    "cut in the headers": send_and_close(b"HTTP/1.1 200 OK\r\nContent-"),
    "cut in the body": send_and_close(JSON_HEAD + b'\r\n{"code"'),
    "not HTTP": send_and_close(b"SSH-2.0-x\r\n"),
    "broken chunks": send_and_close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "broken gzip": answer(raw=b"no gzip", headers={"Content-Encoding": "gzip"}),
    "silence": say_nothing,
    "empty": answer(raw=b""),
    "HTML": answer(raw=b"<html>Login</html>", headers={"Content-Type": "text/html"}),
    "bad gateway": answer(raw=b"<html>502</html>", status=502, headers={"Content-Type": "text/html"}),
    "not found": answer(raw=b"not found", status=404),
    "truncated JSON": answer(raw=b'{"code": 0, "data": {"a'),
    "a list": answer([]),
    "no code": answer({"data": {}}),
    "code is a text": answer({"code": "0"}),
    "code is true": answer({"code": True}),
    "code is a fraction": answer(raw=b'{"code": 0.0}'),
    "5,000 digits": answer(raw=b'{"code": ' + b"1" * 5000 + b"}"),
    "an impossible number": answer(raw=b'{"code": 0, "a": 1e' + b"9" * 30 + b"}"),
    "2,000 levels": answer(raw=b"[" * 2000 + b"]" * 2000),
    "redirect": answer({"code": 0}, status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "redirect to nonsense": answer({"code": 0}, status=307, headers={"Location": "http://[::bad"}),
}


@pytest.mark.parametrize("behaviour", UNCLEAR.values(), ids=UNCLEAR)
def test_after_sending_an_answer_that_cannot_be_understood_leaves_it_open(server, behaviour):
    server.behaviours = [behaviour]
    error = failure()
    assert (error.outcome, error.advice) == (Outcome.UNKNOWN, Advice.RETRY_LATER)
    assert len(server.requests) == 1
    server.behaviours = []
    call()


HEAD = [JSON_HEAD[i : i + 1] for i in range(len(JSON_HEAD))]
CHUNKED = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\n \r\n"] * 100]


@pytest.mark.parametrize(
    "pieces",
    [HEAD, [JSON_HEAD + b"\r\n", *[b" "] * 80], CHUNKED],
    ids=["headers", "body", "chunks"],
)
def test_an_answer_that_drips_is_given_up_at_the_deadline(server, pieces):
    server.behaviours = [send_slowly(*pieces, every_s=0.1)]
    started = monotonic()
    assert failure().outcome is Outcome.UNKNOWN
    assert monotonic() - started < 7.0  # all of it takes 8 s and more


def test_a_huge_answer_is_not_read_to_its_end(server):
    server.behaviours = [answer(raw=b" " * (3 * ANSWER_MAX_BYTES), headers={"X-Tt-Logid": "log-huge"})]
    error = failure()
    assert (error.outcome, error.log_id, error.http_status) == (Outcome.UNKNOWN, "log-huge", 200)


def test_a_cut_answer_still_names_its_log_id(server):
    server.behaviours = [send_and_close(JSON_HEAD + b"X-Tt-Logid: log-cut\r\n\r\n{")]
    assert failure().log_id == "log-cut"


# --- Feishu refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "advice"),
    [
        (1002001, 400, Advice.RETRY_LATER),
        (99991400, 429, Advice.RETRY_LATER),
        (99991400, 400, Advice.RETRY_LATER),
        (99991400, 200, Advice.RETRY_LATER),
        (99991401, 400, Advice.ASK_PERSON),
        (99991403, 429, Advice.RETRY_LATER),
        (99991403, 400, Advice.ASK_PERSON),
        (99991672, 400, Advice.ASK_PERSON),
        (99991201, 404, Advice.NEVER),
        (99992402, 400, Advice.NEVER),
        (1002002, 400, Advice.NEVER),
        (1009999, 400, Advice.ASK_PERSON),
        (1009999, 200, Advice.ASK_PERSON),
    ],
)
def test_the_code_decides_and_not_the_http_status(server, code, status, advice):
    server.behaviours = [answer({"code": code, "msg": "why"}, status=status, headers={"X-Tt-Logid": "log-1"})]
    error = failure()
    assert (error.outcome, error.advice) == (Outcome.REFUSED, advice)
    assert (error.code, error.message, error.http_status, error.log_id) == (code, "why", status, "log-1")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [(1002001, 500), (1020001, 500), (2200, 500), (2200, 200), (5000, 500), (1009999, 503)],
)
def test_what_broke_inside_feishu_may_have_been_done(server, code, status):
    server.behaviours = [answer({"code": code, "msg": "why"}, status=status, headers={"X-Tt-Logid": "log-1"})]
    error = failure()
    assert (error.outcome, error.advice) == (Outcome.UNKNOWN, Advice.RETRY_LATER)
    assert (error.code, error.message, error.http_status, error.log_id) == (code, "why", status, "log-1")


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": 0, "data": {"amount": NaN}}',
        b'{"code": 0, "data": {"amount": -Infinity}}',
        b'{"code": 0, "data": ' + b"[" * 600 + b"]" * 600 + b"}",
        b'{"code": 1' + b"0" * 30 + b"}",
        b'{"code": 0, "data": "\xff"}',
    ],
)
def test_an_answer_that_no_database_can_hold_is_no_answer(server, body):
    server.behaviours = [send_and_close(JSON_HEAD + b"\r\n" + body)]
    assert failure().outcome is Outcome.UNKNOWN


def test_code_0_is_a_success_whatever_the_http_status(server):
    server.behaviours = [answer({"code": 0, "data": {"a": 1}}, status=201)]
    assert call().data == {"a": 1}


@pytest.mark.parametrize(
    ("reset", "expected"),
    [("7", 7), ("0", 1), ("-3", 1), ("99999", 3600), ("1.5", 1.5)]
    + [(garbage, None) for garbage in ["", "soon", "nan", "inf", "1e999", "7 s"]],
)
def test_the_wait_that_feishu_demands_is_read_within_bounds(server, reset, expected):
    server.behaviours = [
        answer({"code": 99991400, "msg": "limit"}, status=429, headers={"x-ogw-ratelimit-reset": reset})
    ]
    assert failure().retry_after_s == expected


def test_429_without_json_is_a_refusal(server):
    server.behaviours = [answer(raw=b"slow down", status=429, headers={"x-ogw-ratelimit-reset": "3"})]
    error = failure()
    assert (error.outcome, error.advice, error.retry_after_s) == (Outcome.REFUSED, Advice.RETRY_LATER, 3)


def test_no_wait_is_read_from_other_failures(server):
    server.behaviours = [answer({"code": 1002001}, status=500, headers={"x-ogw-ratelimit-reset": "9"})]
    assert failure().retry_after_s is None


@pytest.mark.parametrize("name", ["logid", "log_id"])
def test_the_log_id_is_also_taken_from_the_body(server, name):
    server.behaviours = [answer({"code": 1002001, "msg": "x", "error": {name: "log-body"}}, status=500)]
    assert failure().log_id == "log-body"


@pytest.mark.parametrize("error", [None, [], "x", {"field_violations": 7}, {"field_violations": [1, {}]}])
def test_an_odd_error_object_does_no_harm(server, error):
    server.behaviours = [answer({"code": 99992402, "msg": "bad", "error": error}, status=400)]
    assert failure().message == "bad"


def test_the_message_names_fields_and_permissions_but_no_values(server):
    error = {
        "field_violations": [{"field": "scope", "value": "13800000000", "description": "required"}],
        "permission_violations": [{"scope": "hire:exam"}],
    }
    server.behaviours = [answer({"code": 99992402, "msg": "invalid", "error": error}, status=400)]
    assert failure().message == "invalid [scope, hire:exam]"
