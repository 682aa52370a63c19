"""Rightly signed and not to be understood: kept as it came, and never an error."""

import json

import pytest
from django.db import connection

from hireops.feishu.callbacks import CallbackEvent, Unreadable, open_callback
from tests.feishu.bodies import (
    KEYS,
    KEYS_WITHOUT_ENCRYPTION,
    TOKEN,
    both_ways,
    envelope,
    envelope_1_0,
    opened,
    refusal,
    sealed,
    signed,
    spliced,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b"null",
        b"{}",
        b'{"encrypt": null}',
        b'{"encrypt": 7}',
        b'{"encrypt": ["a"]}',
        b'{"encrypt": ""}',
        b'{"encrypt": "!!!!"}',
        '{"encrypt": "汉字"}'.encode(),
        b'{"encrypt": "QUJD REVG"}',
        b'{"encrypt": "QUJDREVGR0hJSktMTU5P"}',
        b'{"encrypt": "AAAAAAAAAAAAAAAAAAAAAA=="}',
        b'{"encrypt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
        b"[" * 2000 + b"]" * 2000,
        b'{"schema": "2.0"}',
    ],
)
def test_a_signed_body_without_a_ciphertext_is_unreadable(body):
    assert isinstance(open_callback(*signed(body), KEYS), Unreadable)


def test_a_ciphertext_of_another_key_is_unreadable():
    body, _headers = sealed(envelope(), "another key")
    assert isinstance(open_callback(*signed(body), KEYS), Unreadable)


@pytest.mark.parametrize(
    "plaintext",
    [b"", b"not JSON", b"[]", b"null", b"7", b"{}", b"\xff\xfe", b"\xed\xa0\x80", "{}".encode("utf-16")],
)
def test_a_plaintext_that_is_no_envelope_is_unreadable(plaintext):
    assert isinstance(opened(plaintext), Unreadable)


IMPOSSIBLE_VALUES = {
    "NUL": r'"a\u0000b"',
    "NUL in a key": r'{"a\u0000b": 1}',
    "NUL in the first of two equal keys": r'{"a": "\u0000", "a": "fine"}',
    "lone high surrogate": r'"\ud83d"',
    "lone low surrogate": r'"\ude00"',
    "surrogates in the wrong order": r'"\ude00\ud83d"',
    "two high surrogates": r'"\ud83d\ud83d\ude00"',
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "1e999": "1e999",
    "1e-99999": "1e-99999",
    "an exponent that no computer can hold": "1e" + "9" * 400,
    "a very long fraction": "0." + "1" * 20_000,
    "5,000 digits": "1" * 5000,
    "65 levels": "[" * 63 + "]" * 63,
    "66 levels of both kinds": '{"a":[' * 32 + "1" + "]}" * 32,
    "more levels than any parser bears": "[" * 100_000 + "]" * 100_000,
    "deep in the first of two equal keys": '{"a": ' + "[" * 400 + "]" * 400 + ', "a": 1}',
}


@both_ways
@pytest.mark.parametrize("value", IMPOSSIBLE_VALUES.values(), ids=IMPOSSIBLE_VALUES)
def test_values_that_the_database_cannot_hold_make_an_event_unreadable(value, keys):
    assert isinstance(opened(spliced(value), keys), Unreadable)


def test_with_the_wrong_token_they_are_refused():
    wrong = spliced(r'"\u0000"').replace(TOKEN.encode(), b"x" * 32)
    assert refusal(*sealed(wrong)) == 401
    assert refusal(wrong, {}, KEYS_WITHOUT_ENCRYPTION) == 401


POSSIBLE_VALUES = {
    "a backslash before u0000": r'"\\u0000"',
    "a surrogate pair": r'"\ud83d\ude00"',
    "escapes": r'"\"\\\/\b\f\n\r\t\u00e9"',
    "brackets in texts": json.dumps("[{" * 300),
    "many siblings": json.dumps([[]] * 300),
    "62 levels": "[" * 62 + "]" * 62,
    "4,000 digits": "1" * 4000,
    "an exponent": "-1.5E+300",
    "a small number": "1e-300",
    "equal keys": '{"a": 1, "a": 2}',
    "non-characters": '"\uffff"',
}


@pytest.mark.django_db
@pytest.mark.parametrize("value", POSSIBLE_VALUES.values(), ids=POSSIBLE_VALUES)
def test_odd_values_that_the_database_can_hold_are_accepted_as_they_came(value):
    event = opened(spliced(value))
    assert isinstance(event, CallbackEvent)
    assert event.payload_json == spliced(value).decode().replace(TOKEN, "***")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT %s::jsonb IS NOT NULL", [event.payload_json])
        else:
            cursor.execute("SELECT json_valid(%s)", [event.payload_json])
        assert cursor.fetchone()[0]


SHAPES = {
    "no header": {"schema": "2.0", "event": {}},
    "header is a list": {"schema": "2.0", "header": [], "event": {}},
    "no event": {"schema": "2.0", "header": envelope()["header"]},
    "event is a text": {"schema": "2.0", "header": envelope()["header"], "event": "x"},
    "no token": envelope(token=...),
    "token is a number": envelope(token=7),
    "no app_id": envelope(app_id=...),
    "app_id is a list": envelope(app_id=["cli_9f5343c580712544"]),
    "no event_id": envelope(event_id=...),
    "event_id is a number": envelope(event_id=7),
    "event_id is null": envelope(event_id=None),
    "event_id is empty": envelope(event_id=""),
    "event_id of 300": envelope(event_id="x" * 300),
    "no event_type": envelope(event_type=...),
    "event_type is an object": envelope(event_type={}),
    "event_type of 256": envelope(event_type="x" * 256),
    "tenant_key is a number": envelope(tenant_key=0),
    "tenant_key of 300": envelope(tenant_key="x" * 300),
    "neither schema nor uuid": envelope_1_0(uuid=...),
    "uuid is a number": envelope_1_0(uuid=7),
    "1.0 without event": envelope_1_0(event=...),
    "1.0 without type": envelope_1_0(event={"app_id": "cli_9f5343c580712544"}),
    "1.0 without app_id": envelope_1_0(event={"type": "app_open"}),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_an_envelope_of_another_shape_is_unreadable(content):
    assert isinstance(opened(content), Unreadable)


def test_ids_of_255_are_accepted():
    assert isinstance(
        opened(envelope(event_id="字" * 255, event_type="x" * 255, tenant_key="y" * 255)), CallbackEvent
    )
