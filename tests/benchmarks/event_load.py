"""Events as Feishu delivers them, and a sender that delivers many of them over HTTP.

Each delivery is another event, sealed and signed before the clock starts, so that sending costs little: one
process with eight connections and blocking sockets, of which it waits for whichever is answered first.
A kept connection stays with the process that accepted it; so that no luck of the first eight decides, each is
replaced after fifty requests.
"""

import hashlib
import json
import random
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from time import perf_counter
from typing import Any

from hireops.feishu.crypto import encrypt, sign

APP_ID = "cli_benchmark000001"
ENCRYPT_KEY = "the key of the benchmark"
VERIFICATION_TOKEN = "the token of the benchmark"
TENANT_KEY = "2ca1d211f64f6438"

BALANCE = "hire.referral_account.assets_update_v1"
BINDING = "hire.eco_account.created_v1"
ACCOUNTS = 5000

CONNECTIONS = 8
REQUESTS_PER_CONNECTION = 50
LAST_ANSWERS_S = 20.0
AN_HOUR_MS = 3_600_000


# --- Events ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """An HTTP request; if it tells a balance, whose, and how much."""

    request: bytes
    number: int
    account_id: str = ""
    points: Decimal = Decimal(0)
    cash: Decimal = Decimal(0)


class Feishu:
    """Makes events; no two have the same id, and each balance is newer than all before it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = count(1)
        self._started_ms = int(time.time() * 1000) - AN_HOUR_MS

    def balances(self, number: int) -> Iterator[Delivery]:
        return (self._balance(self._random.randrange(ACCOUNTS)) for _ in range(number))

    def a_balance_of_each(self) -> Iterator[Delivery]:
        return (self._balance(account) for account in range(ACCOUNTS))

    def mixed(self, number: int) -> Iterator[Delivery]:
        """Balances of known or new accounts, and new accounts that are bound, by turns."""
        for turn in range(number):
            yield self._balance(self._random.randrange(ACCOUNTS)) if turn % 2 else self._binding()

    def _balance(self, account: int) -> Delivery:
        number = next(self._numbers)
        account_id = str(7_147_998_241_542_539_527 + account)
        points, cents = self._random.randrange(1, 5000), self._random.randrange(1, 1_000_000)
        cash = {"currency_type": "CNY", "amount": cents / 100}
        body = {
            "account_id": account_id,
            "assets": {"confirmed_bonus": {"point_bonus": points, "cash_bonus": [cash]}},
            "modify_time": str(self._started_ms + number),
        }
        request = self._sealed(BALANCE, body, number)
        return Delivery(request, number, account_id, Decimal(points), Decimal(cents) / 100)

    def _binding(self) -> Delivery:
        number = next(self._numbers)
        body = {
            "scope": 1 + number % 2,
            "account_id": str(6_931_286_400_470_354_183 + number),
            "account_name": f"背调账号 {number}",
            "usage_list": [1],
            "custom_field_list": [
                {"key": "ord_id", "value": str(7_233_333 + number)},
                {"key": "account_token", "value": f"{self._random.getrandbits(64):x}"},
            ],
        }
        return Delivery(self._sealed(BINDING, body, number), number)

    def _sealed(self, event_type: str, body: dict[str, Any], number: int) -> bytes:
        envelope = {
            "schema": "2.0",
            "header": {
                "event_id": hashlib.sha256(f"{self._started_ms} {number}".encode()).hexdigest()[:32],
                "event_type": event_type,
                "create_time": str(self._started_ms + number),
                "token": VERIFICATION_TOKEN,
                "app_id": APP_ID,
                "tenant_key": TENANT_KEY,
            },
            "event": body,
        }
        plain = json.dumps(envelope, ensure_ascii=False).encode()
        sealed = json.dumps({"encrypt": encrypt(plain, ENCRYPT_KEY)}).encode()
        timestamp, nonce = str(int(time.time())), str(number)
        head = (
            "POST /webhook/event HTTP/1.1\r\n"
            "Host: 127.0.0.1\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            f"Content-Length: {len(sealed)}\r\n"
            f"X-Lark-Request-Timestamp: {timestamp}\r\n"
            f"X-Lark-Request-Nonce: {nonce}\r\n"
            f"X-Lark-Signature: {sign(timestamp, nonce, ENCRYPT_KEY, sealed)}\r\n"
            "\r\n"
        )
        return head.encode() + sealed


# --- Sending ---------------------------------------------------------------------------------------------


@dataclass
class Window:
    """What was answered with 200 between two moments; ``latencies`` in ms, from when each was due."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]


class Sender:
    """Sends to one port and remembers which deliveries were answered with 200, and what else was answered."""

    def __init__(self, port: int) -> None:
        self.accepted: list[Delivery] = []
        self.refused: Counter[str] = Counter()
        self._port = port
        self._idle: deque[_Connection] = deque()
        self._busy: dict[int, _Connection] = {}
        self._window = Window()

    def as_fast_as_possible(self, deliveries: Iterator[Delivery], seconds: float = float("inf")) -> Window:
        """Each connection sends again as soon as it has its answer, for so long or until all are sent."""
        return self._run(deliveries, seconds, interval=0.0)

    def steadily(self, deliveries: Iterator[Delivery], seconds: float, *, per_s: float) -> Window:
        """Each request is due at its time, whether or not those before it are answered."""
        return self._run(deliveries, seconds, interval=1 / per_s)

    def _run(self, deliveries: Iterator[Delivery], seconds: float, *, interval: float) -> Window:
        self._window = window = Window()
        self._idle.extend(_Connection(self._port) for _ in range(CONNECTIONS))
        started = now = perf_counter()
        sent = 0
        delivery = next(deliveries, None)
        while delivery and now - started < seconds:
            due = started + sent * interval if interval else now
            if self._idle and due <= now:
                self._send(delivery, due)
                sent += 1
                delivery = next(deliveries, None)
            else:
                until = min(due, started + seconds) if self._idle else started + seconds
                self._receive(until - now)
            now = perf_counter()
        window.seconds = now - started
        self._window = Window()  # what is answered from now on belongs to none
        self._take_last_answers()
        if delivery is None and seconds < float("inf"):
            raise RuntimeError(f"{sent} events were not enough for {seconds} s")
        return window

    def _send(self, delivery: Delivery, due: float) -> None:
        connection = self._idle.popleft()
        connection.send(delivery, due)
        self._busy[connection.number] = connection

    def _receive(self, timeout: float) -> None:
        wait = max(timeout, 0) if timeout < LAST_ANSWERS_S else LAST_ANSWERS_S
        for number in select.select(list(self._busy), [], [], wait)[0]:
            connection = self._busy[number]
            status = connection.receive()
            if status:
                del self._busy[number]
                self._note(connection, status)
                self._idle.append(connection.ready())

    def _note(self, connection: "_Connection", status: str) -> None:
        if status != "200":
            self.refused[status] += 1
            return
        assert connection.delivery
        self.accepted.append(connection.delivery)
        self._window.latencies.append((perf_counter() - connection.due) * 1000)

    def _take_last_answers(self) -> None:
        deadline = perf_counter() + LAST_ANSWERS_S
        while self._busy and perf_counter() < deadline:
            self._receive(deadline - perf_counter())
        self.refused["no answer"] += len(self._busy)
        for connection in [*self._idle, *self._busy.values()]:
            connection.close()
        self._idle.clear()
        self._busy.clear()


class _Connection:
    def __init__(self, port: int) -> None:
        self._address = "127.0.0.1", port
        self.delivery: Delivery | None = None
        self.due = 0.0
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=LAST_ANSWERS_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = self._socket.fileno()
        self._left = REQUESTS_PER_CONNECTION
        self._received = b""

    def close(self) -> None:
        self._socket.close()

    def ready(self) -> "_Connection":
        if self._left <= 0:
            self.close()
            self._open()
        return self

    def send(self, delivery: Delivery, due: float) -> None:
        self.delivery, self.due = delivery, due
        self._left -= 1
        self._socket.sendall(delivery.request)

    def receive(self) -> str:
        """The status, once the whole answer has come; ``closed`` if it does not come any more."""
        try:
            received = self._socket.recv(65536)
        except OSError:
            received = b""
        if not received:
            self._left = 0
            return "closed"
        self._received += received
        head, end, body = self._received.partition(b"\r\n\r\n")
        head = head.lower()
        if not (end and _is_whole(head, body)):
            return ""
        if b"connection: close" in head:
            self._left = 0
        self._received = b""
        return head[9:12].decode()


def _is_whole(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
