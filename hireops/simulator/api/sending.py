"""How an answer goes out: whole, or spoilt by the fault that its call met."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from hireops.simulator.api.answers import ApiAnswer
from hireops.simulator.faults import Fault, FaultKind
from hireops.simulator.wire import to_json

_JSON = "application/json; charset=utf-8"
_MEGABYTE = b" " * 1024 * 1024


def send(
    request: HttpRequest, answer: ApiAnswer | None, fault: Fault | None, log_id: str
) -> HttpResponseBase:
    """The response to the call; without an answer its connection is cut."""
    if answer is None:
        return _cut(request, b"", how=socket.SHUT_RDWR, seconds=0)
    content = (answer.body if isinstance(answer.body, str) else to_json(answer.body)).encode()
    kind = "text/html" if isinstance(answer.body, str) and content else _JSON
    form: dict[str, Any] = {
        "status": answer.http_status,
        "content_type": kind,
        "headers": {"X-Tt-Logid": log_id, **answer.headers},
    }
    match fault and fault.kind:
        case FaultKind.TRUNCATED:
            return HttpResponse(content[: len(content) // 2], **form)
        case FaultKind.HALF_CLOSED if fault:
            return _cut(request, _half(answer, content, log_id), how=socket.SHUT_WR, seconds=fault.seconds)
        case FaultKind.TRICKLE if fault:
            form["headers"]["Content-Length"] = str(len(content))
            return StreamingHttpResponse(_byte_by_byte(content, fault.seconds), **form)
        case FaultKind.HUGE if fault:
            return StreamingHttpResponse(_padded(content, fault.megabytes), **form)
    return HttpResponse(content, **form)


def _byte_by_byte(content: bytes, pause_s: float) -> Iterator[bytes]:
    for position in range(len(content)):
        time.sleep(pause_s)
        yield content[position : position + 1]


def _padded(content: bytes, megabytes: int) -> Iterator[bytes]:
    """The answer after so much white space, which JSON allows: nothing tells how long it will be."""
    for _ in range(megabytes):
        yield _MEGABYTE
    yield content


def _half(answer: ApiAnswer, content: bytes, log_id: str) -> bytes:
    head = (
        f"HTTP/1.1 {answer.http_status} Half\r\nContent-Type: {_JSON}\r\n"
        f"Content-Length: {len(content)}\r\nX-Tt-Logid: {log_id}\r\n\r\n"
    )
    return head.encode() + content[: len(content) // 2]


def _cut(request: HttpRequest, first: bytes, *, how: int, seconds: float) -> HttpResponse:
    """Ends the connection under gunicorn's feet: what it then writes goes nowhere, and it says nothing."""
    connection: socket.socket = request.META["gunicorn.socket"]
    with suppress(OSError):  # the caller may be faster
        connection.sendall(first)
        connection.shutdown(how)
        time.sleep(seconds)
    return HttpResponse()
