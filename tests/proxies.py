"""A TCP relay that a test can close or freeze, to play a server that is away or hangs."""

import contextlib
import socket
import threading
from typing import Self


class Proxy:
    """Relays connections on ``port`` to ``target``, an address or the file of a socket.

    Frozen, it accepts and passes nothing on.
    """

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._moving = threading.Event()
        self._moving.set()
        self._links: list[socket.socket] = []
        self._door: socket.socket | None = None
        self.port = 0
        self.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def open(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._door], daemon=True).start()

    def close(self) -> None:
        """Refuse new connections and cut those that are there."""
        if self._door:
            with contextlib.suppress(OSError):
                self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
            self._door = None
        for link in self._links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()
        self._links.clear()
        self._moving.set()

    def freeze(self) -> None:
        self._moving.clear()

    def thaw(self) -> None:
        self._moving.set()

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                near, _address = door.accept()
            except OSError:
                return
            far = self._connect()
            self._links += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=[source, sink], daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, tuple):
            return socket.create_connection(self._target)
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._target)
        return far

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._moving.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):  # also after a reset: the other side would wait for ever
            sink.shutdown(socket.SHUT_WR)
