"""``POST /webhook/event``: nothing stored that is not authentic, nothing lost that is."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from hireops.encryption import decrypt_bytes
from hireops.inbox.models import Event
from tests.deliveries import TENANT_KEY, deliver, envelope, post, sealed, signed
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]


def test_an_event_is_kept_with_all_that_its_header_says(client, settings):
    content = envelope(create_time="1608725989000", body={"amount": 1})
    response = deliver(client, content)
    assert (response.status_code, response.json()) == (200, {"msg": "success"})
    event = Event.objects.get()
    assert event.event_id == content["header"]["event_id"]
    assert event.event_type == "test.nobody_v1"
    assert event.tenant_key == TENANT_KEY
    assert event.app_id == settings.FEISHU_APP_ID
    assert event.created_at == datetime(2020, 12, 23, 12, 19, 49, tzinfo=UTC)
    assert event.state == "pending"
    assert event.not_before is not None
    assert event.body == {"amount": 1}


def test_microseconds_are_told_from_milliseconds_by_their_length(client):
    deliver(client, envelope(create_time="1608725989000123"))
    assert Event.objects.get().created_at == datetime(2020, 12, 23, 12, 19, 49, 123, tzinfo=UTC)


def test_amounts_keep_their_digits(client):
    text = json.dumps(envelope(body={"amount": 1})).replace('"amount": 1', '"amount": 1234.50')
    deliver(client, text)
    assert str(Event.objects.get().body["amount"]) in {"1234.50", "1234.5"}


def test_the_raw_bytes_are_kept_and_the_token_is_not(client, settings):
    body, headers = sealed(envelope())
    post(client, (body, headers))
    event = Event.objects.get()
    assert decrypt_bytes(event.content.raw) == body
    assert settings.FEISHU_VERIFICATION_TOKEN not in json.dumps(event.payload)


def test_a_duplicate_is_answered_200_and_changes_nothing(client):
    content = envelope()
    assert deliver(client, content).status_code == 200
    Event.objects.update(state="handled", handled_at=datetime(2026, 1, 1, tzinfo=UTC), not_before=None)
    assert deliver(client, content).status_code == 200
    event = Event.objects.get()
    assert event.state == "handled"
    assert event.not_before is None
    assert event.conflicts.count() == 0


def test_another_content_under_the_same_id_is_noted_once_and_the_first_one_counts(client):
    deliver(client, envelope(event_id="one", body={"value": "first"}))
    for _ in range(2):
        assert deliver(client, envelope(event_id="one", body={"value": "second"})).status_code == 200
    event = Event.objects.get()
    assert event.body == {"value": "first"}
    conflict = event.conflicts.get()
    assert conflict.payload == {**(event.payload or {}), "event": {"value": "second"}}


@pytest.mark.parametrize("key_setting", ["FEISHU_ENCRYPT_KEY", "FEISHU_ENCRYPT_KEY_PREVIOUS"])
def test_both_encrypt_keys_are_good_during_rotation(client, settings, key_setting):
    settings.FEISHU_ENCRYPT_KEY, settings.FEISHU_ENCRYPT_KEY_PREVIOUS = "the new key", "the old key"
    key = getattr(settings, key_setting)
    assert post(client, sealed(envelope(), key)).status_code == 200
    assert Event.objects.count() == 1


def test_the_old_encrypt_key_is_refused_when_the_rotation_is_over(client, settings):
    settings.FEISHU_ENCRYPT_KEY, settings.FEISHU_ENCRYPT_KEY_PREVIOUS = "the new key", ""
    assert post(client, sealed(envelope(), "the old key")).status_code == 401
    assert Event.objects.count() == 0


TOKENS = ["FEISHU_VERIFICATION_TOKEN", "FEISHU_VERIFICATION_TOKEN_PREVIOUS"]


@pytest.mark.parametrize("token_setting", TOKENS)
@pytest.mark.parametrize("encrypt_key", ["a key", ""])
def test_both_verification_tokens_are_good_during_rotation_and_neither_is_kept(
    client, settings, token_setting, encrypt_key
):
    settings.FEISHU_ENCRYPT_KEY = encrypt_key
    settings.FEISHU_VERIFICATION_TOKEN, settings.FEISHU_VERIFICATION_TOKEN_PREVIOUS = "new one", "old one"
    content = envelope(token=getattr(settings, token_setting))
    delivery = sealed(content) if encrypt_key else (json.dumps(content).encode(), {})
    assert post(client, delivery).status_code == 200
    stored = Event.objects.get().payload or {}
    assert stored["header"]["token"] == "***"
    question = {"challenge": "c", "token": getattr(settings, token_setting), "type": "url_verification"}
    asked = sealed(question) if encrypt_key else (json.dumps(question).encode(), {})
    assert post(client, asked).json() == {"challenge": "c"}


def test_the_old_verification_token_is_refused_when_the_rotation_is_over(client, settings):
    settings.FEISHU_VERIFICATION_TOKEN, settings.FEISHU_VERIFICATION_TOKEN_PREVIOUS = "new one", ""
    for token in ("old one", ""):
        assert deliver(client, envelope(token=token)).status_code == 401
    assert Event.objects.count() == 0


def test_the_url_is_verified_with_and_without_encryption(client, settings):
    question = {
        "challenge": 'a","b":"c',
        "token": settings.FEISHU_VERIFICATION_TOKEN,
        "type": "url_verification",
    }
    assert deliver(client, question).json() == {"challenge": 'a","b":"c'}
    encrypted, _ = sealed(question)
    assert post(client, (encrypted, {})).json() == {"challenge": 'a","b":"c'}
    settings.FEISHU_ENCRYPT_KEY = ""
    assert post(client, (json.dumps(question).encode(), {})).json() == {"challenge": 'a","b":"c'}
    assert Event.objects.count() == 0


def _altered(delivery):
    body, headers = delivery
    return body.replace(b"a", b"b", 1), headers


REFUSED = {
    "wrong signature": lambda: sealed(envelope(), "another key"),
    "altered body": lambda: _altered(sealed(envelope())),
    "missing signature": lambda: (sealed(envelope())[0], {}),
    "altered timestamp": lambda: (
        (d := sealed(envelope()))[0],
        {**d[1], "X-Lark-Request-Timestamp": "1700000001"},
    ),
    "wrong token": lambda: sealed(envelope(token="wrong")),
    "another app": lambda: sealed(envelope(app_id="cli_another")),
    "nothing": lambda: (b"", {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_authentic_leaves_no_row_and_one_log_line_without_the_body(client, caplog, name):
    body, headers = REFUSED[name]()
    response = post(client, (body, headers))
    assert response.status_code in {401, 403}
    assert set(response.json()) == {"code", "msg"}
    assert Event.objects.count() == 0
    (line,) = [record.getMessage() for record in caplog.records if record.name == "hireops.inbox.views"]
    assert "\n" not in line
    assert body[:40].decode() not in line or not body


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"[1, 2]", 400),
        (b'{"schema": "2.0", "header": {"event_id": "1"}}', 401),
        (b'{"schema": "2.0", "header": {"token": "wrong"}}', 401),
        (b'{"schema": "2.0", "header": {"token": 5}}', 401),
    ],
)
def test_without_an_encrypt_key_the_token_alone_decides(client, settings, body, status):
    settings.FEISHU_ENCRYPT_KEY = ""
    assert post(client, (body, {})).status_code == status
    assert Event.objects.count() == 0
    assert client.post("/webhook/event", envelope(), content_type="application/json").status_code == 200
    assert Event.objects.get().state == "pending"


def _with(text: str) -> str:
    """An envelope whose event holds this piece of JSON."""
    return json.dumps(envelope(body="HERE")).replace('"HERE"', text)


def _header(**header):
    return envelope(**header)


UNREADABLE = {
    "not base64": lambda: signed(b'{"encrypt": "?!"}'),
    "not encrypted": lambda: signed(json.dumps(envelope()).encode()),
    "encrypt is a number": lambda: signed(b'{"encrypt": 5}'),
    "bad padding": lambda: signed(
        b'{"encrypt": "UFFSU1RVVldYWVpbXF1eX6B2aDJt/qBuOkEbzAp2503mWGHknK6zZ5FkB54gxm53"}'
    ),
    "too short": lambda: signed(b'{"encrypt": "AAAA"}'),
    "not UTF-8": lambda: sealed(b"\xff\xfe{}"),
    "not JSON": lambda: sealed("hello"),
    "not an object": lambda: sealed([1]),
    "null": lambda: sealed("null"),
    "empty": lambda: sealed(""),
    "NUL": lambda: sealed(_with(r'"a\u0000b"')),
    "lone surrogate": lambda: sealed(_with(r'"\ud800"')),
    "NaN": lambda: sealed(_with("NaN")),
    "Infinity": lambda: sealed(_with("-Infinity")),
    "1e999": lambda: sealed(_with("1e999")),
    "a tiny number": lambda: sealed(_with("1e-400000")),
    "5,000 digits": lambda: sealed(_with("1" * 5000)),
    "2,000 levels": lambda: sealed(_with("[" * 2000 + "]" * 2000)),
    "event id is a number": lambda: sealed(_header(event_id=5)),
    "event id is missing": lambda: sealed(_header(event_id=None)),
    "event id is 300 long": lambda: sealed(_header(event_id="x" * 300)),
    "event type is a list": lambda: sealed(_header(event_type=["a"])),
    "tenant key is 300 long": lambda: sealed(_header(tenant_key="x" * 300)),
    "header is missing": lambda: sealed({"schema": "2.0", "event": {}}),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_rightly_signed_but_unreadable_is_kept_as_it_came(client, name):
    body, headers = UNREADABLE[name]()
    for _ in range(2):
        assert post(client, (body, headers)).status_code == 200
    event = Event.objects.get()
    assert event.state == "unreadable"
    assert decrypt_bytes(event.content.raw) == body
    assert event.payload is None
    assert event.not_before is None
    assert event.reason


def test_more_than_a_mebibyte_is_refused_before_it_is_read(client):
    response = client.post("/webhook/event", b"x" * (1024 * 1024 + 1), content_type="application/json")
    assert response.status_code == 413
    assert Event.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_another_method_is_not_allowed(client, method):
    assert getattr(client, method)("/webhook/event").status_code == 405


def test_the_webhook_needs_no_csrf_token():
    assert deliver(Client(enforce_csrf_checks=True), envelope()).status_code == 200
