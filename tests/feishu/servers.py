"""A small real server on 127.0.0.1 that misbehaves as told, one answer for each request."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import sleep
from typing import Any

Behaviour = Callable[[socket.socket], None]


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(
    content: Any = None, *, status: int = 200, headers: dict[str, str] | None = None, raw: bytes | None = None
) -> Behaviour:
    """Answer properly: ``content`` as JSON, or ``raw`` as it is."""
    body = json.dumps(content).encode() if raw is None else raw
    head = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}

    def behave(link: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in head.items())]
        link.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return behave


def ok(data: dict[str, Any] | None = None) -> Behaviour:
    return answer({"code": 0, "msg": "ok", "data": data or {}}, headers={"X-Tt-Logid": "log-ok"})


def send_slowly(*pieces: bytes, every_s: float) -> Behaviour:
    def behave(link: socket.socket) -> None:
        for piece in pieces:
            link.sendall(piece)
            sleep(every_s)

    return behave


def send_and_close(raw: bytes) -> Behaviour:
    def behave(link: socket.socket) -> None:
        link.sendall(raw)
        link.shutdown(socket.SHUT_RDWR)

    return behave


def say_nothing(link: socket.socket) -> None:
    sleep(3)


@dataclass
class Server:
    """``behaviours`` are used up one by one; then ``otherwise`` decides by the request."""

    behaviours: list[Behaviour] = field(default_factory=list)
    otherwise: Callable[[Request], Behaviour] = lambda _request: ok()
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.target.partition("?")[0] == path]

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _address = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[link], daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, link.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
            for request in _requests(stream):
                with self._lock:
                    self.requests.append(request)
                    behave = self.behaviours.pop(0) if self.behaviours else self.otherwise(request)
                behave(link)


def _requests(stream: Any) -> Iterator[Request]:
    while line := stream.readline().decode():
        method, target, _version = line.split(" ", 2)
        headers = {}
        while header := stream.readline().decode().strip():
            name, _colon, value = header.partition(": ")
            headers[name] = value
        yield Request(method, target, headers, stream.read(int(headers.get("Content-Length", 0))))
