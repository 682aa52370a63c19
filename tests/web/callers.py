"""Callers who hold on to what they have: a byte now and then, or none at all."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

HOST = b"Host: localhost\r\n"
SLOW_WAYS = {
    "an event": b"POST /webhook/event HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n",
    "an event in chunks": b"POST /webhook/event HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n",
    "a password": b"POST /admin/login/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n",
    "a head": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Slow: ",
    "an upload": b"POST /admin/login/ HTTP/1.1\r\n" + HOST + b"Content-Length: 208000000\r\n\r\n",
    "nothing": b"",
}


class SlowCallers:
    """Each opens a connection, begins, and goes on by a byte at a time; whoever is cut off comes again."""

    def __init__(self, web: str, number: int) -> None:
        address = urlsplit(web)
        self.address = (address.hostname or "", address.port or 0)
        self.answers: list[bytes] = []
        self.cut_off = 0
        self._ways = list(SLOW_WAYS.values())
        self._links = [self._begin(turn) for turn in range(number)]

    def _begin(self, turn: int) -> socket.socket:
        link = socket.create_connection(self.address, timeout=5)
        link.sendall(self._ways[turn % len(self._ways)])
        link.setblocking(False)
        return link

    def go_on(self) -> None:
        for turn, link in enumerate(self._links):
            if self._has_ended(link):
                link.close()
                self.cut_off += 1
                with contextlib.suppress(OSError):
                    self._links[turn] = self._begin(turn)
            elif turn % len(self._ways) < len(self._ways) - 1:
                with contextlib.suppress(OSError):
                    link.send(b"x")

    def _has_ended(self, link: socket.socket) -> bool:
        try:
            answer = link.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self.answers.append(answer)
        return True

    def close(self) -> None:
        for link in self._links:
            link.close()


@contextmanager
def slow_callers(web: str, number: int) -> Iterator[SlowCallers]:
    """As many of them as that, while the block lasts."""
    callers = SlowCallers(web, number)
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.5):
            callers.go_on()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        time.sleep(0.3)  # the last of them has come in
        yield callers
    finally:
        over.set()
        thread.join()
        callers.close()
