"""Whatever arrives, ``open_callback`` answers or raises ``NotAuthenticError``, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hireops.feishu import callbacks
from tests.feishu import bodies
from tests.feishu.bodies import KEYS, KEYS_WITHOUT_ENCRYPTION

pytestmark = pytest.mark.slow

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)
names = ["schema", "header", "event", "token", "type", "uuid", "ts", "challenge", "encrypt", "event_id"]
lookalikes = st.dictionaries(st.sampled_from(names), anything | st.just(bodies.TOKEN))
valid = bodies.text_of(bodies.envelope())


def outcome(body: bytes, headers: dict[str, str], keys: callbacks.CallbackKeys) -> Any:
    try:
        return callbacks.open_callback(body, headers, keys)
    except callbacks.NotAuthenticError as refused:
        return refused


def is_utf8(body: bytes) -> bool:
    """A signature can be continued, but only by bytes that are none."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.binary(max_size=200), st.dictionaries(st.text(), st.text()))
@unhurried
def test_random_bytes_are_never_taken_for_feishu(body, headers):
    assert isinstance(outcome(body, headers, KEYS), callbacks.NotAuthenticError)
    assert isinstance(outcome(body, headers, KEYS_WITHOUT_ENCRYPTION), callbacks.NotAuthenticError)


@given(st.binary(max_size=200) | anything.map(json.dumps) | lookalikes.map(json.dumps))
@settings(unhurried, max_examples=400)
def test_random_signed_bodies_and_plaintexts_are_never_an_error(content):
    body, headers = bodies.signed(bodies.text_of(content))
    expected = callbacks.Unreadable if is_utf8(body) else callbacks.NotAuthenticError
    assert isinstance(outcome(body, headers, KEYS), expected)
    outcome(*bodies.sealed(content), KEYS)
    outcome(bodies.text_of(content), {}, KEYS_WITHOUT_ENCRYPTION)


@given(st.integers(0, len(valid) - 1), st.binary(max_size=4), st.integers(0, 4))
@settings(unhurried, max_examples=1000)
def test_mutations_of_a_real_event_are_never_an_error(place, inserted, removed):
    mutant = valid[:place] + inserted + valid[place + removed :]
    results = [outcome(*bodies.sealed(mutant), KEYS), outcome(mutant, {}, KEYS_WITHOUT_ENCRYPTION)]
    for result in results:
        if isinstance(result, callbacks.CallbackEvent):
            assert bodies.TOKEN not in json.loads(result.payload_json)["header"].values()


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(unhurried, max_examples=300)
def test_one_changed_byte_of_a_signed_body_is_refused(place, change):
    body, headers = bodies.sealed(bodies.envelope())
    place %= len(body)
    altered = body[:place] + bytes([body[place] ^ change]) + body[place + 1 :]
    assert outcome(altered, headers, KEYS).status == 401


@given(st.dictionaries(st.sampled_from([*names, "header"]), anything))
@example({"schema": "2.0", "header": {"token": bodies.TOKEN}})
@unhurried
def test_envelopes_with_random_parts_are_never_an_error(changes):
    outcome(*bodies.sealed(json.dumps(bodies.envelope() | changes)), KEYS)
    outcome(*bodies.sealed(json.dumps(bodies.envelope_1_0() | changes)), KEYS)


@given(anything)
@unhurried
def test_what_was_accepted_means_the_same_after_blanking(value):
    content = bodies.envelope() | {"event": {"value": value}}
    result = outcome(*bodies.sealed(json.dumps(content)), KEYS)
    if isinstance(result, callbacks.CallbackEvent):
        content["header"]["token"] = "***"
        assert json.loads(result.payload_json) == json.loads(json.dumps(content))
