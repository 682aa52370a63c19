"""A webhook for the simulator to deliver to: keeps what came, answers as it is told."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


@dataclass
class Delivery:
    """One request as it came."""

    body: bytes
    headers: Message

    def opened(self, encrypt_key: str) -> dict[str, Any]:
        """The event, decrypted by the steps of contract 6.4 and none of our own code."""
        sealed = base64.b64decode(json.loads(self.body)["encrypt"])
        key = hashlib.sha256(encrypt_key.encode()).digest()
        decryptor = Cipher(algorithms.AES(key), modes.CBC(sealed[:16])).decryptor()
        padded = decryptor.update(sealed[16:]) + decryptor.finalize()
        return dict(json.loads(padded[: -padded[-1]]))

    def signature(self, encrypt_key: str) -> str:
        """What ``X-Lark-Signature`` must be (contract 6.5)."""
        signed = (
            f"{self.headers['X-Lark-Request-Timestamp']}{self.headers['X-Lark-Request-Nonce']}{encrypt_key}"
        )
        return hashlib.sha256(signed.encode() + self.body).hexdigest()


@dataclass
class Receiver:
    """``statuses`` are used up one by one, then 200; ``delay_s`` holds every answer back."""

    url: str
    deliveries: list[Delivery] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    body: bytes = b'{"msg":"success"}'
    challenge_key: str = ""

    def forget(self) -> None:
        self.deliveries.clear()
        self.statuses.clear()
        self.delay_s, self.challenge_key = 0.0, ""

    def wait_for(self, number: int) -> list[Delivery]:
        deadline = time.monotonic() + 10
        while len(self.deliveries) < number:
            assert time.monotonic() < deadline, f"{len(self.deliveries)} of {number} deliveries came"
            time.sleep(0.01)
        return self.deliveries

    def answer(self, delivery: Delivery) -> tuple[int, bytes]:
        time.sleep(self.delay_s)
        if self.challenge_key:
            challenge = delivery.opened(self.challenge_key)["challenge"]
            return 200, json.dumps({"challenge": challenge}).encode()
        return (self.statuses.pop(0) if self.statuses else 200), self.body


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    server = _Server(("127.0.0.1", 0), _Handler)
    receiver = server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhook/event")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        delivery = Delivery(body, self.headers)
        self.server.receiver.deliveries.append(delivery)
        status, answer = self.server.receiver.answer(delivery)
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:
            self.close_connection = True  # whoever asked has given up waiting

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name for it
        """Tests are quiet."""
