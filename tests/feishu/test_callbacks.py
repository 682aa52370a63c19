import json
from datetime import UTC, datetime

import pytest
from django.http.request import HttpHeaders

from hireops.feishu.callbacks import (
    CallbackEvent,
    CallbackKeys,
    Challenge,
    open_callback,
    sign,
)
from tests.feishu import bodies
from tests.feishu.bodies import (
    KEYS,
    KEYS_IN_ROTATION,
    KEYS_WITHOUT_ENCRYPTION,
    OLD_KEY,
    TOKEN,
    both_ways,
    envelope,
    envelope_1_0,
    opened,
    refusal,
    refusal_of,
    sealed,
    url_verification,
)
from tests.feishu.continuing import continued

# --- Envelopes -------------------------------------------------------------------------------------------


@both_ways
def test_a_2_0_envelope_is_read(keys):
    event = opened(envelope(), keys)
    assert isinstance(event, CallbackEvent)
    assert event.event_id == "5e3702a84e847582be8db7fb73283c02"
    assert event.event_type == "hire.eco_account.created_v1"
    assert event.tenant_key == "2ca1d211f64f6438"
    assert event.app_id == "cli_9f5343c580712544"
    assert event.created_at == datetime(2020, 12, 23, 12, 19, 49, 123000, tzinfo=UTC)


@both_ways
def test_a_1_0_envelope_is_read(keys):
    event = opened(envelope_1_0(), keys)
    assert isinstance(event, CallbackEvent)
    assert (event.event_id, event.event_type) == ("bc447199585340d1f3728d26b1c0297a", "app_open")
    assert event.tenant_key == "2ca1d211f64f6438"
    assert event.created_at == datetime(2017, 8, 8, 13, 33, 27, 717141, tzinfo=UTC)


def test_an_app_ticket_has_no_tenant():
    ticket = {"app_id": "cli_9f5343c580712544", "app_ticket": "x", "type": "app_ticket"}
    assert opened(envelope_1_0(event=ticket)).tenant_key == ""


@pytest.mark.parametrize(
    ("create_time", "expected"),
    [
        ("1608725989", datetime(2020, 12, 23, 12, 19, 49, tzinfo=UTC)),
        ("1608725989001", datetime(2020, 12, 23, 12, 19, 49, 1000, tzinfo=UTC)),
        ("1608725989000001", datetime(2020, 12, 23, 12, 19, 49, 1, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("-608725989001", None),
        ("１６０８７２５９８９", None),
        ("99999999999999999999", None),
        (1608725989001, None),
        (None, None),
        (..., None),
    ],
)
def test_times_are_read_by_their_length_and_odd_ones_are_left_out(create_time, expected):
    assert opened(envelope(create_time=create_time)).created_at == expected


@pytest.mark.parametrize(
    "ts", ["", ".", "now", "1502199207", "1502199207.", "1502199207.x", "9" * 400, 7, ...]
)
def test_an_odd_ts_is_no_error(ts):
    created_at = opened(envelope_1_0(ts=ts)).created_at
    assert created_at in {None, datetime(2017, 8, 8, 13, 33, 27, tzinfo=UTC)}


# --- URL verification ------------------------------------------------------------------------------------


@pytest.mark.parametrize("challenge", ["ajls384kdjx98XX", 'a","b":"c', "", "汉字", "x" * 5000])
@both_ways
def test_a_challenge_comes_back_exactly(challenge, keys):
    assert opened(url_verification(challenge=challenge), keys) == Challenge(challenge)


def test_an_encrypted_url_verification_needs_no_signature():
    body, _headers = sealed(url_verification(), OLD_KEY)
    assert open_callback(body, {}, KEYS_IN_ROTATION) == Challenge("ajls384kdjx98XX")


def test_a_url_verification_with_the_wrong_token_is_refused():
    wrong = url_verification(token="x" * 32)
    assert refusal(*sealed(wrong)) == 401
    assert refusal(sealed(wrong)[0], {}) == 401
    assert refusal(bodies.text_of(wrong), {}, KEYS_WITHOUT_ENCRYPTION) == 401


@pytest.mark.parametrize("challenge", [None, 7, ["a"], {}])
def test_a_challenge_that_is_no_text_is_refused(challenge):
    odd = url_verification(challenge=challenge)
    assert refusal(*sealed(odd)) == 400
    assert refusal(bodies.text_of(odd), {}, KEYS_WITHOUT_ENCRYPTION) == 400


def test_a_url_verification_in_clear_is_refused_when_there_is_an_encrypt_key():
    assert refusal(bodies.text_of(url_verification()), {}) == 401


# --- Signature -------------------------------------------------------------------------------------------


def test_header_names_may_be_written_in_any_case():
    body, headers = sealed(envelope())
    assert isinstance(
        open_callback(body, {name.lower(): v for name, v in headers.items()}, KEYS), CallbackEvent
    )
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    assert isinstance(open_callback(body, HttpHeaders(environ), KEYS), CallbackEvent)


def test_both_keys_open_events_during_a_rotation_and_the_old_one_none_afterwards():
    for key in KEYS_IN_ROTATION.encrypt_keys:
        assert isinstance(open_callback(*sealed(envelope(), key), KEYS_IN_ROTATION), CallbackEvent)
    assert refusal(*sealed(envelope(), OLD_KEY)) == 401


def test_an_event_is_not_refused_by_its_age():
    body, _headers = sealed(envelope())
    for timestamp in ["1", "9999999999", "1700000000000", "1700000000000000", "1502199207.7171419"]:
        signature = sign(timestamp, "n", bodies.KEY, body)
        headers = {
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": "n",
            "X-Lark-Signature": signature,
        }
        assert isinstance(open_callback(body, headers, KEYS), CallbackEvent)


@pytest.mark.parametrize(
    "change",
    [
        {"X-Lark-Signature": ""},
        {"X-Lark-Signature": "0" * 64},
        {"X-Lark-Signature": "sïgnature"},
        {"X-Lark-Signature": "\udcff"},
        {"X-Lark-Signature": "a" * 100_000},
        {"X-Lark-Request-Nonce": "nonce-0002"},
        {"X-Lark-Request-Nonce": "汉字"},
        {"X-Lark-Request-Timestamp": "1700000001"},
        {"X-Lark-Request-Timestamp": "\ud800"},
    ],
)
def test_an_altered_header_is_refused(change):
    body, headers = sealed(envelope())
    assert refusal(body, headers | change) == 401


def test_an_upper_case_signature_is_refused():
    body, headers = sealed(envelope())
    assert refusal(body, headers | {"X-Lark-Signature": headers["X-Lark-Signature"].upper()}) == 401


@pytest.mark.parametrize("missing", ["X-Lark-Signature", "X-Lark-Request-Nonce", "X-Lark-Request-Timestamp"])
def test_a_missing_header_is_refused(missing):
    body, headers = sealed(envelope())
    assert refusal(body, {name: value for name, value in headers.items() if name != missing}) == 401


@pytest.mark.parametrize("way", ["words", "a chunk of JSON", "another event"])
def test_a_signature_that_somebody_has_continued_is_refused(way):
    """It is a plain hash: who has seen one computes that of a longer body, without the key (contract 6.5)."""
    body, headers = sealed(envelope())
    suffix = {"words": b"forged", "a chunk of JSON": b' "x": 1}', "another event": body}[way]
    secret_length = len("1700000000" + "nonce-0001" + bodies.KEY)
    longer, signature = continued(headers["X-Lark-Signature"], secret_length, body, suffix)
    assert signature == sign("1700000000", "nonce-0001", bodies.KEY, longer)  # it is right
    assert refusal(longer, headers | {"X-Lark-Signature": signature}) == 401


@pytest.mark.parametrize(
    "content", [b"\xff\xff", b'{"encrypt": "\x80"}', "{}".encode("utf-16"), b"\xed\xa0\x80"]
)
def test_what_is_signed_and_not_utf8_is_refused(content):
    assert refusal(*bodies.signed(content)) == 401


@pytest.mark.parametrize(
    ("timestamp", "nonce"),
    [
        ("", "1700000000nonce-0001"),  # what is hashed is the same
        ("1700000000nonce-0001", ""),
        ("1700000000nonce", "-0001"),
        ("1700000000n", "once-0001"),
    ],
)
def test_a_timestamp_or_nonce_that_has_been_moved_is_refused(timestamp, nonce):
    body, headers = sealed(envelope())
    moved = {"X-Lark-Request-Timestamp": timestamp, "X-Lark-Request-Nonce": nonce}
    assert sign(timestamp, nonce, bodies.KEY, body) == headers["X-Lark-Signature"]
    assert refusal(body, headers | moved) == 401


@pytest.mark.parametrize("nonce", ["", "a b", "a\tb", "é", "汉字", "x" * 129, "\x7f"])
def test_a_nonce_that_feishu_never_sends_is_refused(nonce):
    body, headers = sealed(envelope())
    signature = sign("1700000000", nonce, bodies.KEY, body)
    assert refusal(body, headers | {"X-Lark-Request-Nonce": nonce, "X-Lark-Signature": signature}) == 401


def test_unsigned_events_are_refused_even_when_they_decrypt():
    for content in [envelope(), envelope_1_0(), "not JSON", b"\xff"]:
        assert refusal(sealed(content)[0], {}) == 401
    assert refusal(b"", {}) == 401
    assert refusal(b"[" * 5000, {}) == 401


def test_without_secrets_nothing_can_be_opened():
    for values in [
        ("", ("key",), ("token",)),
        ("app", ("",), ("token",)),
        ("app", ("key", ""), ("t",)),
        ("app", (), ()),
        ("app", (), ("",)),
        ("app", ("key",), ("token", "")),
    ]:
        with pytest.raises(ValueError, match="empty"):
            CallbackKeys(*values)


# --- Token and app ---------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("token", ["x" * 32, "", TOKEN[:-1], TOKEN + "x", "tökén", "\ud800"])
def test_a_wrong_token_is_refused(token, keys):
    for content in [envelope(token=token), envelope_1_0(token=token)]:
        assert refusal_of(json.dumps(content), keys) == 401


@both_ways
def test_another_apps_event_is_refused(keys):
    assert refusal_of(envelope(app_id="cli_other"), keys) == 403
    event = {"app_id": "cli_other", "type": "app_open"}
    assert refusal_of(envelope_1_0(event=event), keys) == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"text"', 400),
        (b"[" * 2000 + b"]" * 2000, 400),
        (b"{}", 401),
        (b'{"schema": "2.0"}', 401),
        (b'{"schema": "2.0", "header": null}', 401),
        (b'{"schema": "2.0", "header": {"token": 7}}', 401),
        (b'{"encrypt": "AAAA"}', 401),
        (b'{"x": NaN}', 401),
    ],
)
def test_in_clear_whatever_does_not_show_the_token_is_refused(body, status):
    assert refusal(body, {}, KEYS_WITHOUT_ENCRYPTION) == status
