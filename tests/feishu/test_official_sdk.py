import importlib
import json
import warnings

from tests.feishu import bodies


def test_the_official_sdk_opens_what_we_encrypt_and_agrees_with_our_signature():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own
        # Imported here: it takes 1.7 s.
        lark = importlib.import_module("lark_oapi")
        raw_request = importlib.import_module("lark_oapi.core.model").RawRequest
        aes = importlib.import_module("lark_oapi.core.utils").AESCipher

    body, headers = bodies.sealed(bodies.envelope(event_type="test.sdk_v1"))
    plaintext = aes(bodies.KEY).decrypt_str(json.loads(body)["encrypt"])
    assert json.loads(plaintext) == bodies.envelope(event_type="test.sdk_v1")

    seen: list[object] = []
    builder = lark.EventDispatcherHandler.builder(bodies.KEY, bodies.TOKEN)
    handler = builder.register_p2_customized_event("test.sdk_v1", seen.append).build()
    request = raw_request()
    request.uri, request.body, request.headers = "/webhook/event", body, headers
    assert handler.do(request).status_code == 200
    assert len(seen) == 1
