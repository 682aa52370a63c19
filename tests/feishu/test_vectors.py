"""The vectors that the official SDK agreed with (contract 6.7)."""

import json
from pathlib import Path

import pytest

from hireops.feishu.callbacks import (
    CallbackEvent,
    CallbackKeys,
    Challenge,
    NotAuthenticError,
    Unreadable,
    decrypt,
)
from hireops.feishu.callbacks import open_callback as open_it

FILE = json.loads(Path(__file__).with_name("data").joinpath("vectors.json").read_text())
VECTORS = {vector["id"]: vector for vector in FILE["vectors"] + FILE["negative"]}


def opened(vector_id: str):
    vector = VECTORS[vector_id]
    encrypt_keys = tuple(filter(None, [vector["encrypt_key"]]))
    keys = CallbackKeys("cli_9f5343c580712544", encrypt_keys, (vector["verification_token"],))
    return open_it(vector["request"]["body"].encode(), vector["request"]["headers"], keys)


@pytest.mark.parametrize("vector_id", ["V0", "V1", "V2", "V3", "V4"])
def test_the_ciphertext_decrypts_to_the_plaintext(vector_id):
    vector = VECTORS[vector_id]
    plaintext = decrypt(vector["ciphertext_base64"], vector["encrypt_key"])
    assert plaintext.decode() == vector["plaintext"]


@pytest.mark.parametrize("vector_id", ["V1", "V3", "V4"])
def test_an_event_is_accepted_under_its_dedupe_key(vector_id):
    event = opened(vector_id)
    assert isinstance(event, CallbackEvent)
    expected = VECTORS[vector_id]["expected"]
    assert (event.event_id, event.event_type) == (expected["dedupe_key"], expected["event_type"])


@pytest.mark.parametrize("vector_id", ["V2", "V5"])
def test_a_url_verification_gives_back_its_challenge(vector_id):
    assert opened(vector_id) == Challenge("ajls384kdjx98XX")


@pytest.mark.parametrize("vector_id", ["N1", "N2", "N3", "N4", "N5"])
def test_what_is_not_feishus_is_refused_with_401(vector_id):
    with pytest.raises(NotAuthenticError) as refused:
        opened(vector_id)
    assert refused.value.status == 401


@pytest.mark.parametrize("vector_id", ["N6", "N7"])
def test_what_is_signed_but_does_not_decrypt_is_unreadable(vector_id):
    assert isinstance(opened(vector_id), Unreadable)


def test_amounts_keep_their_digits():
    assert '"amount":1234.56}' in opened("V3").payload_json
    assert '"amount":0.1}' in opened("V3").payload_json
