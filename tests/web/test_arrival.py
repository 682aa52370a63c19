"""When a request is wholly there, whichever way its bytes come."""

import pytest

from hireops.inbox.views import PATH
from hireops.web.arrival import Arrival, Stage
from hireops.web.pools import FEISHU, PAGES, PROBES, UPLOADS, pool_of

EVENT = b"POST /webhook/event HTTP/1.1\r\nHost: x\r\n"
FORM = b"POST /admin/login/ HTTP/1.1\r\nHost: x\r\n"

WHOLE = {
    "no body": b"GET /admin/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a body of a known length": EVENT + b"content-LENGTH:5\r\n\r\nabcde",
    "chunks": EVENT + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n",
    "trailers": EVENT + b"Transfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nZ: 0\r\n\r\n",
    "an empty body in chunks": EVENT + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_request_is_whole_with_its_last_byte_and_not_before(kind, piece):
    request = WHOLE[kind]
    arrival = Arrival()
    for start in range(0, len(request) - 1, piece):
        assert arrival.stage in {Stage.HEAD, Stage.BODY}
        arrival.add(request[start : min(start + piece, len(request) - 1)])
    assert arrival.stage in {Stage.HEAD, Stage.BODY}
    assert arrival.add(request[-1:] + b"GET /next") is Stage.WHOLE
    assert bytes(arrival.data[: arrival.size]) == request


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: \r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_nobody_waits_for_a_body_whose_end_is_ambiguous(head):
    assert Arrival(EVENT + head + b"\r\nabc").stage is Stage.UNFINISHED


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"-1\r\n", b"\r\n", b"1_0\r\n", b"0x5\r\n", b"f" * 5000])
def test_nobody_waits_for_broken_chunks(chunk):
    assert Arrival(EVENT + b"Transfer-Encoding: chunked\r\n\r\n" + chunk).stage is Stage.UNFINISHED


def test_feishu_sends_nothing_larger_than_a_mebibyte():
    assert Arrival(EVENT + b"Content-Length: 1048576\r\n\r\n").stage is Stage.BODY
    assert Arrival(EVENT + b"Content-Length: 1048577\r\n\r\n").stage is Stage.TOO_LARGE
    endless = Arrival(EVENT + b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n")
    endless.add(b"x" * 1024 * 1024)
    assert endless.stage is Stage.BODY
    assert endless.add(b"x" * 70_000) is Stage.TOO_LARGE


def test_what_is_larger_than_a_form_is_read_by_who_answers_it():
    assert Arrival(FORM + b"Content-Length: 65536\r\n\r\n").pool is PAGES
    upload = Arrival(FORM + b"Content-Length: 65537\r\n\r\n")
    assert (upload.stage, upload.pool) == (Stage.STREAMED, UPLOADS)


def test_a_head_ends():
    assert Arrival(b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000).stage is Stage.TOO_LONG


def test_feishu_probes_and_people_have_threads_of_their_own():
    assert pool_of(f"/{PATH}") is FEISHU
    assert Arrival(b"POST /webhook/event?x=/admin/ HTTP/1.1\r\n\r\n").pool is FEISHU
    assert Arrival(b"GET /readyz HTTP/1.1\r\n\r\n").pool is PROBES
    for path in ("/", "/admin/", "/webhook/event/", "/webhook/%65vent", "//webhook/event", "*", ""):
        assert pool_of(path) is PAGES
