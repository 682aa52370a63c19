"""What of an event is stored: its own text without the token, and a digest to tell copies by."""

import json

import pytest

from hireops.feishu.callbacks import CallbackEvent, CallbackKeys, NotAuthenticError, open_callback
from tests.feishu import bodies
from tests.feishu.bodies import KEYS, TOKEN, envelope, opened, sealed, spliced


def test_the_token_is_blanked_wherever_it_stands_and_however_it_is_written():
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
    text = spliced(f'["{TOKEN}", "{escaped}", "x{TOKEN}x", "\\"{TOKEN}"]').decode()
    payload = json.loads(opened(text).payload_json)
    assert payload["header"]["token"] == "***"
    assert payload["event"]["x"] == ["***", "***", f"x{TOKEN}x", f'"{TOKEN}']


@pytest.mark.parametrize("token", [",", ":", ': "', "汉字", 'a"b', "a\\b", "a\nb", "null", "2.0"])
def test_blanking_an_odd_token_leaves_valid_json(token):
    keys = CallbackKeys(bodies.APP_ID, (bodies.KEY,), (token,))
    event = open_callback(*sealed(envelope(token=token)), keys)
    assert isinstance(event, CallbackEvent)
    assert json.loads(event.payload_json)["header"]["token"] == "***"


def test_the_digest_is_the_same_for_every_delivery_and_another_for_other_content():
    first, again = opened(envelope()), opened(envelope())
    other = opened(envelope(tenant_key="another"))
    with_new_token = open_callback(
        *sealed(envelope(token="reset")), CallbackKeys(bodies.APP_ID, (bodies.KEY,), ("reset",))
    )
    assert isinstance(with_new_token, CallbackEvent)
    in_rotation = CallbackKeys(bodies.APP_ID, (bodies.KEY,), ("reset", TOKEN))
    for token in ("reset", TOKEN):
        during = open_callback(*sealed(envelope(token=token)), in_rotation)
        assert isinstance(during, CallbackEvent)
        assert during.digest == first.digest
        assert token not in during.payload_json
    assert first.digest == again.digest == with_new_token.digest != other.digest
    assert len(first.digest) == 64


def test_a_refusal_says_nothing_of_the_body():
    body, headers = sealed(envelope(token="secret-looking-thing"))
    with pytest.raises(NotAuthenticError) as refused:
        open_callback(body, headers, KEYS)
    assert str(refused.value) == refused.value.reason == "wrong token"
