"""Raw bytes over a socket: what a real web server makes of broken HTTP, and that it goes on answering."""

import base64
import json
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from hireops.encryption import decrypt_bytes
from tests.databases import Database
from tests.fuzz.judging import Tally
from tests.fuzz.keys import APP_ID, BLOCK, KEY, TOKEN, encrypted, padded, signature

STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3}) ", re.MULTILINE)
PATIENCE_S = 10.0  # the server itself gives silent callers two seconds
HEALTHY_EVERY = 20
# What a server says of its own faults; 501 and 505 are said of the caller's HTTP.
FAULTS = {500, 502, 503, 504}


@dataclass
class Request:
    """A right one, in its parts."""

    body: bytes
    headers: list[tuple[bytes, bytes]]
    line: bytes = b"POST /webhook/event HTTP/1.1"

    def head(self) -> bytes:
        return b"\r\n".join([self.line, *(b": ".join(each) for each in self.headers), b"", b""])

    def whole(self) -> bytes:
        length = b"%d" % len(self.body)
        return Request(self.body, [*self.headers, (b"Content-Length", length)], self.line).head() + self.body


def request(random: Random) -> Request:
    envelope = {
        "schema": "2.0",
        "header": {
            "event_id": f"{random.getrandbits(128):032x}",
            "event_type": "nobody.knows.this_v1",
            "create_time": "1608725989000",
            "token": TOKEN,
            "app_id": APP_ID,
            "tenant_key": "2ca1d211f64f6438",
        },
        "event": {"text": "x" * random.choice((0, 10, 3000))},
    }
    cipher = encrypted(padded(json.dumps(envelope).encode()), KEY, random.randbytes(BLOCK))
    body = json.dumps({"encrypt": base64.b64encode(cipher).decode()}).encode()
    headers = {
        "Host": "localhost",
        "Connection": "close",
        "X-Lark-Request-Timestamp": "1700000000",
        "X-Lark-Request-Nonce": "nonce",
        "X-Lark-Signature": signature("1700000000", "nonce", KEY, body),
    }
    return Request(body, [(name.encode(), value.encode()) for name, value in headers.items()])


# --- Ways to break it --------------------------------------------------------------------------------------


def _chunks(random: Random, body: bytes) -> list[bytes]:
    pieces = []
    while body:
        size = random.choice((1, 7, 100, 4096))
        pieces.append(b"%x\r\n%s\r\n" % (len(body[:size]), body[:size]))
        body = body[size:]
    return pieces


def _chunked(random: Random, right: Request) -> bytes:
    head = Request(b"", [*right.headers, (b"Transfer-Encoding", b"chunked")]).head()
    return head + b"".join(_chunks(random, right.body)) + b"0\r\n\r\n"


def _chunk_garbage(random: Random, right: Request) -> bytes:
    coding = random.choice(
        (b"chunked", b"chunked", b"chunked", b"gzip, chunked", b"chunked, chunked", b"xchunked")
    )
    headers = [*right.headers, (b"Transfer-Encoding", coding)]
    if random.random() < 0.2:
        headers.append((b"Content-Length", random.choice((b"0", b"5", b"%d" % len(right.body)))))
    pieces = [*_chunks(random, right.body), b"0\r\n\r\n"]
    odd = (
        b"zz\r\nabc\r\n",
        b"-5\r\nabc\r\n",
        b"\r\n",
        b"ffffffffffffffffffff\r\n",
        b"7fffffff\r\nabc",
        b"0x5\r\nabcde\r\n",
        b"1_0\r\n0123456789abcdef\r\n",
        b" 5 \r\nabcde\r\n",
        b"5;a=b\r\nabcde\r\n",
        b"5\nabcde\n",
        b"5\r\nabcdefgh\r\n",
        b"0\r\nTrailer: x\r\n\r\n",
        b"0\r\n" + b"x" * 9000,
        random.randbytes(30),
        b"",
    )
    place = random.randrange(len(pieces))
    pieces[place : place + random.randint(0, 1)] = [random.choice(odd)]
    return Request(b"", headers).head() + b"".join(pieces)


def _lengths(random: Random, right: Request) -> bytes:
    size = len(right.body)
    lengths = random.choice(
        (
            (),
            (b"",),
            (b"0",),
            (b"%d" % (size - 1),),
            (b"%d" % (size + 1),),
            (b"%d" % (size + 5000),),
            (b"1048576",),
            (b"1048577",),
            (b"1" + b"0" * 30,),
            (b"9" * 5000,),
            (b"-1",),
            (b"+%d" % size,),
            (b"%d_0" % size,),
            (b"0x%x" % size,),
            (b"abc",),
            (b"%d" % size, b"%d" % size),
            (b"%d" % size, b"0"),
            (b"%d, %d" % (size, size),),
            (b"\xd9\xa1\xd9\xa2",),
        )
    )
    headers = [*right.headers, *((b"Content-Length", length) for length in lengths)]
    return Request(right.body, headers).head() + right.body


def _heads(random: Random, right: Request) -> bytes:
    whole = right.whole()
    odd = (
        b"X: " + b"x" * random.choice((8180, 9000, 100_000)),
        b"\r\n".join(b"X-%d: y" % number for number in range(random.choice((90, 101, 1000)))),
        b"no colon",
        b"Space : x",
        b" folded: x",
        b": x",
        b"X: a\x00b",
        b"X: \xff\xfe\xe5\xad\x97",
        b"X\xc3\xa9: y",
        b"X: a\nY: b",
        b"X_Lark_Signature: " + b"0" * 64,
        b"X-Lark-Signature: " + b"0" * 64,
        b"X-Lark-Signature: ",
        b"Expect: 100-continue",
        b"Expect: something",
        b"Upgrade: h2c",
        b"Content-Encoding: gzip",
        b"Content-Type: application/json; charset*=nothing'en'%E4",
        b"Content-Type: application/json; charset=" + b"y" * 2000,
        b"Host: elsewhere",
    )
    return whole.replace(b"\r\n", b"\r\n" + random.choice(odd) + b"\r\n", 1)


def _lines(random: Random, right: Request) -> bytes:
    line = random.choice(
        (
            b"POST /webhook/event HTTP/1.0",
            b"POST /webhook/event HTTP/0.9",
            b"POST /webhook/event HTTP/2.0",
            b"POST /webhook/event HTTP/9.9",
            b"POST /webhook/event HTTP/1.1.1",
            b"POST /webhook/event",
            b"POST",
            b"",
            b"post /webhook/event HTTP/1.1",
            b"P\xc3\xb6ST /webhook/event HTTP/1.1",
            b"POST http://localhost/webhook/event HTTP/1.1",
            b"POST //webhook/event HTTP/1.1",
            b"POST /webhook/event?%ff#x HTTP/1.1",
            b"POST /webhook/../webhook/event HTTP/1.1",
            b"POST /webhook/%65vent HTTP/1.1",
            b"POST /webhook/event%00 HTTP/1.1",
            b"POST /webhook/\xff HTTP/1.1",
            b"POST * HTTP/1.1",
            b"POST  /webhook/event  HTTP/1.1",
            b"POST /webhook/event?" + b"x" * 9000 + b" HTTP/1.1",
            b"CONNECT localhost:80 HTTP/1.1",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        )
    )
    return Request(right.body, right.headers, line).whole()


def _flips(random: Random, right: Request) -> bytes:
    some = bytearray(right.whole())
    for _ in range(random.choice((1, 1, 3, 20))):
        some[random.randrange(len(some))] ^= 1 << random.randrange(8)
    return bytes(some)


def _half(random: Random, right: Request) -> bytes:
    whole = random.choice((right.whole(), _chunked(random, right)))
    return whole[: random.randrange(len(whole))]


def _newlines(random: Random, right: Request) -> bytes:
    return right.whole().replace(b"\r\n", random.choice((b"\n", b"\r", b"\r\r\n", b"\n\r")))


def _pipelined(random: Random, right: Request) -> bytes:
    kept_alive = [each for each in right.headers if each[0] != b"Connection"]
    first = Request(right.body, kept_alive).whole()
    second = random.choice((right.whole(), random.randbytes(200), b"GET / HTTP/1.1\r\n\r\n", b"\r\n" * 50))
    return first + second


WAYS: dict[str, Callable[[Random, Request], bytes]] = {
    "right": lambda _, right: right.whole(),
    "right, chunked": _chunked,
    "chunk garbage": _chunk_garbage,
    "lengths": _lengths,
    "heads": _heads,
    "request lines": _lines,
    "flips": _flips,
    "half requests": _half,
    "line ends": _newlines,
    "pipelined": _pipelined,
    "noise": lambda random, _: random.randbytes(random.choice((1, 100, 20_000))),
}


# --- The caller --------------------------------------------------------------------------------------------


def exchange(address: tuple[str, int], sent: bytes, *, hang_up: bool = False) -> bytes:
    """All that the server answers, to the end; nothing if we hang up at once."""
    answer = b""
    with socket.create_connection(address, timeout=PATIENCE_S) as link:
        with suppress(ConnectionError):  # the server may refuse without reading to the end
            link.sendall(sent)
            if hang_up:
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return answer
            link.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while some := link.recv(65536):
                answer += some
    return answer


class Wire:
    """Puts cases to a server, and compares its database with what was signed."""

    def __init__(self, address: tuple[str, int], database: Database) -> None:
        self.address, self.database = address, database
        self.tally = Tally("--wire-case")
        self._signed: set[bytes] = set()
        self._promised: dict[bytes, int] = {}

    def try_case(self, seed: int) -> tuple[bytes, bytes]:
        random = Random(seed)
        way = random.choice(list(WAYS))
        right = request(random)
        self._signed.add(right.body)
        sent = WAYS[way](random, right)
        hang_up = way not in {"right", "right, chunked"} and random.random() < 0.1
        try:
            answer = exchange(self.address, sent, hang_up=hang_up)
        except TimeoutError:
            self.tally.fault(f"no end of an answer within {PATIENCE_S:.0f} s", seed)
            answer = b""
        self._count(f"wire: {way}", seed, answer)
        if way.startswith("right"):
            self._promise(seed, right, answer)
        return sent, answer

    def be_healthy(self, seed: int) -> None:
        """However broken the callers before were, a right one is served."""
        right = request(Random(~seed & (1 << 64) - 1))
        self._signed.add(right.body)
        answer = exchange(self.address, right.whole())
        self._count("wire: right", seed, answer)
        self._promise(seed, right, answer)

    def _count(self, kind: str, seed: int, answer: bytes) -> None:
        statuses = [int(status) for status in STATUS.findall(answer)]
        self.tally.kinds[kind] += 1
        self.tally.deliveries += 1
        self.tally.statuses.update(statuses or [0])
        if faulty := FAULTS.intersection(statuses):
            self.tally.fault(f"over the wire: {min(faulty)} ({kind})", seed)

    def _promise(self, seed: int, right: Request, answer: bytes) -> None:
        self.tally.signed += 1
        if STATUS.findall(answer) != [b"200"]:
            self.tally.fault("over the wire: a right delivery is not answered 200", seed, repr(answer[:300]))
        self._promised[right.body] = seed

    def settle(self) -> None:
        kept = "SELECT raw FROM inbox_eventcontent UNION ALL SELECT raw FROM inbox_conflict"
        stored = {decrypt_bytes(raw) or b"" for (raw,) in self.database.rows(kept)}
        self.tally.events += len(stored)
        for raw in stored - self._signed:
            self.tally.fault("over the wire: stored, though nobody signed it", 0, repr(raw[:300]))
        for body in self._promised.keys() - stored:
            self.tally.fault("over the wire: answered 200 and not stored", self._promised[body])
