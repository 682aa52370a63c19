"""Cases by seed: deliveries as Feishu makes them, broken on any layer between the envelope and the socket.

A case is one delivery, or one and its repetitions. Everything in it comes from its 64-bit seed, so each can
be made again alone. Layers are broken from the inside outwards: what lies outside a broken layer is right
again unless it is broken too, so a broken envelope comes encrypted and signed and reaches the code for it.
"""

import base64
import io
import json
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.fuzz.keys import (
    APP_ID,
    BLOCK,
    FOREIGN_KEYS,
    KEY,
    OTHER_APP_ID,
    PREVIOUS_KEY,
    TOKEN,
    encrypted,
    padded,
    signature,
)

MAX_BYTES = 1024 * 1024
RARE = 0.0005  # for what takes a thousand times as long as the rest
SIGNATURE, TIMESTAMP, NONCE = (
    "HTTP_X_LARK_SIGNATURE",
    "HTTP_X_LARK_REQUEST_TIMESTAMP",
    "HTTP_X_LARK_REQUEST_NONCE",
)


@dataclass(slots=True)
class Delivery:
    """What a web server hands on: the request, and a stream that holds ``body`` or breaks."""

    body: bytes
    headers: dict[str, str]
    method: str = "POST"
    content_length: str | None = None
    stream_breaks: bool = False

    def stream(self) -> io.BytesIO:
        return _BrokenStream(self.body) if self.stream_breaks else io.BytesIO(self.body)


class _BrokenStream(io.BytesIO):
    """A caller that falls silent or hangs up in the middle of its body."""

    def read(self, _size: int | None = -1, /) -> bytes:
        raise TimeoutError("the body did not come")


@dataclass(slots=True)
class Case:
    seed: int
    kind: str
    deliveries: list[Delivery] = field(default_factory=list)


def case(seed: int) -> Case:
    return _Maker(seed).make()


# --- Envelopes -------------------------------------------------------------------------------------------

EVENT_TYPES = (
    "hire.eco_account.created_v1",
    "hire.eco_background_check.created_v1",
    "hire.eco_background_check.canceled_v1",
    "hire.eco_exam.created_v1",
    "hire.referral_account.assets_update_v1",
    "nobody.knows.this_v1",
)
OLD_EVENT_TYPES = ("app_ticket", "app_open", "app_status_change", "app_uninstalled")
TEXTS = ("", "背调账号 001", "a", "𝄞 and ü", '"quotes" \\ and /', "\x7f\u2028\ufeff", "x" * 255, "null")
CREATED = ("1608725989000", "1608725989000123", "1608725989", "", "later", "9" * 16, "-5", "٣" * 13)


def _event_2(random: Random, event_id: str) -> dict[str, Any]:
    return {
        "schema": "2.0",
        "header": {
            "event_id": event_id,
            "event_type": random.choice(EVENT_TYPES),
            "create_time": random.choice(CREATED),
            "token": TOKEN,
            "app_id": APP_ID,
            "tenant_key": random.choice(("2ca1d211f64f6438", "73658811060f175d")),
        },
        "event": _content(random),
    }


def _event_1(random: Random, event_id: str) -> dict[str, Any]:
    event = {"app_id": APP_ID, "type": random.choice(OLD_EVENT_TYPES), **_content(random)}
    if random.random() < 0.7:
        event["tenant_key"] = "2ca1d211f64f6438"
    ts = random.choice(("1502199207.7171419", "1502199207", "1502199207.", ".5", "soon"))
    return {"ts": ts, "uuid": event_id, "token": TOKEN, "type": "event_callback", "event": event}


def _url_verification(random: Random, event_id: str) -> dict[str, Any]:
    challenge = random.choice((event_id, "ajls384kdjx98XX", 'a","b":"c', "x" * 3000, "", "挑战"))
    return {"challenge": challenge, "token": TOKEN, "type": "url_verification"}


def _content(random: Random) -> dict[str, Any]:
    content: dict[str, Any] = {"account_id": str(random.getrandbits(62)), "scope": random.randint(0, 3)}
    for _ in range(random.randint(0, 4)):
        content[random.choice(("account_name", "usage_list", "assets", "modify_time", "更多"))] = (
            random.choice(
                (
                    random.choice(TEXTS),
                    [1, 2],
                    {"point_bonus": 5, "cash": [{"amount": 1234.5}]},
                    None,
                    True,
                    0.1,
                )
            )
        )
    return content


# --- What is put where something else belongs ---------------------------------------------------------------

# JSON that json.dumps does not write; it is put in the place of a text that stands for it.
RAW: tuple[Callable[[Random], str], ...] = (
    lambda _: "NaN",
    lambda _: "-Infinity",
    lambda _: "1e999",
    lambda _: "-1E-400000",
    lambda random: "1" * random.choice((18, 19, 20, 100, 101, 309, 4300, 4301, 9000)),
    lambda random: "0." + "3" * random.choice((17, 99, 5000)),
    lambda _: "-0",
    lambda _: "01",
    lambda _: r'"\ud800"',
    lambda _: r'"\udc00\ud800"',
    lambda _: r'"\ud834\udd1e"',
    lambda _: r'"a\u0000b"',
    lambda _: r'"\\u0000"',
    lambda _: '"a\x00b"',
    lambda _: '"a\nb"',
    lambda _: '"\\x41"',
    lambda _: '{"a":1,"a":2,"a":{"a":3}}',
    lambda _: r'{"\u0000":1}',
    lambda _: r'{"\ud800":1}',
    lambda random: _nested(random.choice((5, 60, 96, 99, 100, 101, 130, 500, 985, 1000, 5000))),
)
PLACE = "ONE-OF-RAW-STANDS-HERE"

ODD: tuple[Callable[[Random], Any], ...] = (
    lambda _: None,
    lambda _: True,
    lambda _: 0,
    lambda _: -1,
    lambda _: 1.5,
    lambda _: "",
    lambda _: [],
    lambda _: {},
    lambda _: ["a", ["b"]],
    lambda _: {"$ne": None},
    lambda _: " ",
    lambda _: "\x00",
    lambda _: "a\x00b",
    lambda _: "\ud800",
    lambda _: "' OR 1=1 --",
    lambda random: random.choice("x字𝄞") * random.choice((254, 255, 256, 300, 10_000)),
    lambda random: 10 ** random.randint(1, 400),
    lambda random: {f"k{number}": number for number in range(random.choice((3, 300)))},
    lambda _: TOKEN,
    lambda _: APP_ID,
)


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth if depth % 2 else '{"a":' * depth + "1" + "}" * depth


def _holders(envelope: dict[str, Any]) -> list[dict[str, Any]]:
    return [envelope, *(value for value in envelope.values() if isinstance(value, dict))]


def _break_member(random: Random, envelope: dict[str, Any]) -> None:
    holder = random.choice(_holders(envelope))
    name = random.choice(list(holder)) if holder else "token"
    turn = random.random()
    if turn < 0.2:
        holder.pop(name, None)
    elif turn < 0.6:
        holder[name] = random.choice(ODD)(random)
    elif turn < 0.85:
        holder[name] = PLACE
    else:
        holder[random.choice(("schema", "uuid", "type", "header", "event", "encrypt", "x"))] = random.choice(
            ("2.0", "url_verification", "event_callback", PLACE, None, {}, "x")
        )


def _break_owner(random: Random, envelope: dict[str, Any]) -> None:
    """Another app, or a token that is not ours: authentic bytes that are not for us."""
    header = envelope.get("header")
    bearer = header if isinstance(header, dict) else envelope
    if random.random() < 0.5:
        owner = bearer if bearer is header else envelope.get("event")
        if isinstance(owner, dict):
            owner["app_id"] = random.choice(
                (OTHER_APP_ID, APP_ID.upper(), f"{APP_ID} ", "x", "字", "x" * 255)
            )
    else:
        bearer["token"] = random.choice(
            ("wrong", "", TOKEN.lower(), TOKEN[:-1], f"{TOKEN} ", f"{TOKEN}\x00", f" {TOKEN}", "字", "é" * 32)
        )


def _break_much(random: Random, envelope: dict[str, Any]) -> None:
    """Very many keys, or nesting beyond any stack."""
    if random.random() < 0.5:
        envelope["event"] = {f"key {number}": number for number in range(100_000)}
    else:
        envelope["event"] = PLACE


# --- Text and bytes -----------------------------------------------------------------------------------------


def _break_text(random: Random, text: str) -> bytes:
    whole = text.encode(errors="surrogatepass")
    choices: tuple[Callable[[], bytes], ...] = (
        lambda: b"\xef\xbb\xbf" + whole,
        lambda: text.encode("utf-16", errors="surrogatepass"),
        lambda: text.encode("utf-16-le", errors="surrogatepass"),
        lambda: text.encode("utf-32", errors="surrogatepass"),
        lambda: text.encode("gb18030", errors="replace"),
        lambda: text.encode("latin-1", errors="replace"),
        lambda: b" \r\n\t" * random.randint(1, 9) + whole + b"\n" * random.randint(0, 9),
        lambda: whole[:1] + b'"token":"wrong",' + whole[1:],
        lambda: whole[:1] + b'"schema":"1.0","schema":"2.0",' + whole[1:],
        lambda: whole[:-1] + b',"token":"wrong"}',
        lambda: whole[:-1] + b',"schema":null}',
        lambda: whole[:-1] + b',"event":{}}',
        lambda: whole[:-1] + b',"header":{}}',
        lambda: whole[:-1] + b",}",
        lambda: whole + whole,
        lambda: whole + b"/* end */",
        lambda: b"[" + whole + b"]",
        lambda: json.dumps(text).encode(),
        lambda: text.replace('"', "'").encode(errors="surrogatepass"),
        lambda: text.replace(TOKEN, f"\\u{ord(TOKEN[0]):04x}{TOKEN[1:]}").encode(errors="surrogatepass"),
        lambda: random.choice((b"", b"null", b"1", b'""', b"{}", b"[]", b"\x00", b"true", b"NaN", b"hello")),
    )
    return random.choice(choices)()


def _break_bytes(random: Random, whole: bytes) -> bytes:
    if not whole:
        return random.randbytes(random.randint(1, 40))
    some = bytearray(whole)
    start = random.randrange(len(some))
    end = min(len(some), start + random.randint(1, 40))
    turn = random.randrange(6)
    if turn == 0:
        for _ in range(random.randint(1, 8)):
            some[random.randrange(len(some))] ^= 1 << random.randrange(8)
    elif turn == 1:
        del some[start:]
    elif turn == 2:
        del some[start:end]
    elif turn == 3:
        some[start:start] = some[start:end] * random.randint(1, 20)
    elif turn == 4:
        some[start:start] = random.choice(
            (b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5", b"\x1b")
        )
    else:
        some[start:end] = random.randbytes(end - start)
    return bytes(some)


# --- The case -----------------------------------------------------------------------------------------------

INNER = ("member", "owner", "text", "bytes", "padding", "cipher", "sealed", "outer")
OUTER = ("signature", "length", "method", "type", "noise", "stream")
LAYERS = ("member",) * 6 + ("owner",) * 2 + INNER[2:] * 2 + ("signature",) * 7 + ("length",) * 3 + OUTER[2:]


class _Maker:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.key = KEY if self.random.random() < 0.8 else PREVIOUS_KEY
        self.broken: set[str] = set()

    def make(self) -> Case:
        random = self.random
        what, envelope = self._envelope()
        if random.random() > 0.3:
            self.broken = set(random.choices(LAYERS, k=random.choice((1, 1, 1, 2, 3))))
        if random.random() < RARE:
            self.broken.add("much")
        again = random.random() < 0.1
        plaintext = self._plaintext(envelope)
        deliveries = [self._delivery(plaintext)]
        if again:
            deliveries += self._again(envelope, plaintext, deliveries[0])
        if not self.broken:
            kind = what
        elif len(self.broken) > 1:
            kind = "broken on several layers"
        else:
            kind = f"broken: {min(self.broken)}"
        return Case(self.seed, f"{kind}, repeated" if again and not self.broken else kind, deliveries)

    def _envelope(self) -> tuple[str, dict[str, Any]]:
        event_id = f"{self.random.getrandbits(128):032x}"
        turn = self.random.random()
        if turn < 0.6:
            return "event 2.0", _event_2(self.random, event_id)
        if turn < 0.85:
            return "event 1.0", _event_1(self.random, event_id)
        return "URL verification", _url_verification(self.random, event_id)

    def _again(self, envelope: dict[str, Any], plaintext: bytes, first: Delivery) -> list[Delivery]:
        """The same bytes, the same content sealed anew, or another content under the same id."""
        turn = self.random.randrange(4)
        if turn == 0:
            return [first] * self.random.randint(1, 3)
        if turn == 1:
            return [self._delivery(plaintext), first]
        other = json.dumps({**envelope, "event": {**_content(self.random), **_owner(envelope)}}).encode()
        if turn == 2:
            return [self._delivery(other), self._delivery(plaintext)]
        return [self._delivery(other), self._delivery(other), first]

    # --- From the inside outwards

    def _plaintext(self, envelope: dict[str, Any]) -> bytes:
        random = self.random
        if "owner" in self.broken:
            _break_owner(random, envelope)
        if "member" in self.broken:
            for _ in range(random.choice((1, 1, 1, 2, 4))):
                _break_member(random, envelope)
        if "much" in self.broken:
            _break_much(random, envelope)
        text = json.dumps(envelope, ensure_ascii=random.random() < 0.5)
        while f'"{PLACE}"' in text:
            depth = 100_000 if "much" in self.broken else 0
            raw = _nested(depth + random.randint(0, 1)) if depth else random.choice(RAW)(random)
            text = text.replace(f'"{PLACE}"', raw, 1)
        plaintext = (
            _break_text(random, text) if "text" in self.broken else text.encode(errors="surrogatepass")
        )
        return _break_bytes(random, plaintext) if "bytes" in self.broken else plaintext

    def _delivery(self, plaintext: bytes) -> Delivery:
        body = self._outer(self._sealed(plaintext))
        delivery = Delivery(body, self._headers(body), content_length=str(len(body)))
        for layer in sorted(self.broken & set(OUTER)):
            getattr(self, f"_break_{layer}")(delivery, plaintext)
        return delivery

    def _sealed(self, plaintext: bytes) -> str:
        random = self.random
        blocks = padded(plaintext)
        if "padding" in self.broken:
            blocks = plaintext + random.choice((b"", bytes(16), b"\x11" * 17, b"\x02", b"\x01\x02\x03\x03"))
            blocks += bytes(-len(blocks) % BLOCK)
        key = random.choice((KEY, PREVIOUS_KEY, *FOREIGN_KEYS)) if self._turn("cipher", 0.4) else self.key
        cipher = encrypted(blocks, key, random.randbytes(BLOCK))
        if self._turn("cipher", 0.7):
            cipher = (
                cipher[: random.choice((0, 1, 15, 16, 17, 31, 32, 33, 47, 48))]
                if random.random() < 0.5
                else _break_bytes(random, cipher)
            )
        text = base64.b64encode(cipher).decode()
        if "sealed" in self.broken:
            place = random.randint(0, len(text))
            text = random.choice(
                (
                    text.rstrip("="),
                    f"{text}=",
                    text.replace("+", "-").replace("/", "_"),
                    f"{text[:place]}\n{text[place:]}",
                    text[:place] + random.choice("?= 字é*\x00") + text[place:],
                    text[:place],
                    "",
                    "=" * 64,
                    f"{text}{text}",
                )
            )
        return text

    def _turn(self, layer: str, share: float) -> bool:
        return layer in self.broken and self.random.random() < share

    def _outer(self, sealed: str) -> bytes:
        random = self.random
        whole = json.dumps({"encrypt": sealed}).encode()
        if self._turn("outer", 0.01):
            return whole[:-1] + b" " * (MAX_BYTES - len(whole) + random.randint(-1, 1)) + b"}"
        if "outer" not in self.broken:
            return whole
        number = random.choice(RAW)(random).encode(errors="surrogatepass")
        return random.choice(
            (
                _break_bytes(random, whole),
                _break_text(random, whole.decode()),
                b'{"encrypt":' + number + b"}",
                b'{"x":' + number + b"," + whole[1:],
                b'{"encrypt":"AAAA",' + whole[1:],
                whole[:-1] + b',"encrypt":null}',
                b'{"encrypt":' + whole + b"}",
                b'{"ENCRYPT"' + whole[10:],
                b"",
            )
        )

    def _headers(self, body: bytes) -> dict[str, str]:
        random = self.random
        timestamp = random.choice(("1700000000", "1700000000000", "0", str(random.getrandbits(40))))
        nonce = "".join(random.choices(string.ascii_letters + string.digits, k=random.choice((1, 10, 36))))
        return {
            TIMESTAMP: timestamp,
            NONCE: nonce,
            SIGNATURE: signature(timestamp, nonce, self.key, body),
            "CONTENT_TYPE": "application/json; charset=utf-8",
        }

    def _break_signature(self, delivery: Delivery, plaintext: bytes) -> None:
        random, headers = self.random, delivery.headers
        right, timestamp, nonce = headers[SIGNATURE], headers[TIMESTAMP], headers[NONCE]
        place = random.randrange(len(right))

        def by(key: str, body: bytes = delivery.body) -> str:
            return signature(timestamp, nonce, key, body)

        turn = random.randrange(6)
        if turn == 0:
            for name in random.choice(((SIGNATURE,), (SIGNATURE, TIMESTAMP, NONCE), (TIMESTAMP,), (NONCE,))):
                del headers[name]
        elif turn == 1:
            headers[SIGNATURE] = by(random.choice(FOREIGN_KEYS))
        elif turn == 2:
            headers[SIGNATURE] = by(self.key, random.choice((plaintext, delivery.body + b" ")))
        elif turn == 3:
            headers[random.choice((TIMESTAMP, NONCE))] = random.choice(
                ("", "1700000001", "é", "x" * 8000, "\xff")
            )
        elif turn == 4:
            odd = random.choice(("é", "\xe5\xad\x97", "a,b", " ", "x" * 8000))
            headers[NONCE] = odd
            headers[SIGNATURE] = signature(timestamp, odd, self.key, delivery.body)
        else:
            headers[SIGNATURE] = random.choice(
                (
                    "",
                    " ",
                    f"{right},{right}",
                    f"{right}, {by(FOREIGN_KEYS[0])}",
                    right.upper(),
                    right[:-1],
                    f"{right}0",
                    f"{right[:place]}{random.choice('0g é')}{right[place + 1 :]}",
                    f"sha256={right}",
                    "0" * 64,
                    "é" * 64,
                    "\xff\xfe",
                    "x" * 8000,
                )
            )

    def _break_length(self, delivery: Delivery, _plaintext: bytes) -> None:
        random, size = self.random, len(delivery.body)
        turn = random.random()
        if turn < 0.25:
            delivery.content_length = None
            delivery.headers["HTTP_TRANSFER_ENCODING"] = random.choice(("chunked", "Chunked", "CHUNKED"))
            if random.random() < 0.01:
                delivery.body += b" " * MAX_BYTES
        elif turn < 0.35:
            delivery.headers["HTTP_TRANSFER_ENCODING"] = random.choice(
                ("chunked", "gzip, chunked", "identity", "", "chunked\x0b", "é")
            )
            if random.random() < 0.5:
                delivery.content_length = None
        else:
            delivery.content_length = random.choice(
                (
                    None,
                    "",
                    "0",
                    str(random.randint(0, size)),
                    str(max(size - 1, 0)),
                    str(size + 1),
                    str(size + random.randint(1, 4000)),
                    str(MAX_BYTES),
                    str(MAX_BYTES + 1),
                    str(10**30),
                    f"0{size}",
                    f"+{size}",
                    f" {size} ",
                    f"{size}, {size}",
                    f"{size}.0",
                    f"{size}_0",
                    "-1",
                    f"-{size}",
                    "abc",
                    hex(size),
                    "1e3",
                    "\xb2",
                    "9" * 5000,
                )
            )

    def _break_method(self, delivery: Delivery, _plaintext: bytes) -> None:
        delivery.method = self.random.choice(
            (
                "GET",
                "HEAD",
                "PUT",
                "PATCH",
                "DELETE",
                "OPTIONS",
                "TRACE",
                "CONNECT",
                "PROPFIND",
                "POSTS",
                "post",
                "",
            )
        )

    def _break_type(self, delivery: Delivery, _plaintext: bytes) -> None:
        if self.random.random() < 0.5:  # what is kept of each new name would add up
            name = f"{self.random.getrandbits(64):x}" + "y" * self.random.choice((0, 8000))
            delivery.headers["CONTENT_TYPE"] = f"application/json; charset={name}"
            return
        delivery.headers["CONTENT_TYPE"] = self.random.choice(
            (
                "",
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "multipart/form-data",
                "application/json; charset=utf-16",
                "application/json; charset=rot13",
                "application/json; charset=",
                "application/json; charset=é",
                "application/json; charset*=utf-8''%E4",
                "application/json; charset*=nothing'en'%E4",
                "application/json; charset*=",
                "application/json; charset*=a'b'c'd",
                'application/json; charset="',
                ";" * 5000,
                "é" * 20,
            )
        )

    def _break_noise(self, delivery: Delivery, _plaintext: bytes) -> None:
        """Headers that are no business of the webhook's."""
        random = self.random
        name, value = random.choice(
            (
                ("HTTP_COOKIE", "sessionid=x; csrftoken=é; =; ;;"),
                ("HTTP_COOKIE", "a=b; " * 1000),
                ("HTTP_ACCEPT_LANGUAGE", "zh,en;q=0.5,*;q=-1,é"),
                ("HTTP_ACCEPT_LANGUAGE", "x-" * 2000),
                ("HTTP_X_HTTP_METHOD_OVERRIDE", "GET"),
                ("HTTP_CONTENT_ENCODING", "gzip"),
                ("HTTP_ORIGIN", "https://elsewhere.example"),
                ("HTTP_REFERER", "é\xff"),
                ("HTTP_X_FORWARDED_PROTO", "https,http"),
                ("HTTP_X_FORWARDED_FOR", "x" * 8000),
                ("HTTP_EXPECT", "100-continue"),
                ("HTTP_RANGE", "bytes=0-1"),
                ("HTTP_AUTHORIZATION", "Basic é"),
                ("HTTP_IF_NONE_MATCH", '*, W/"'),
                ("QUERY_STRING", "token=x&%ff&a[]=;" + "&" * 2000),
            )
        )
        delivery.headers[name] = value

    def _break_stream(self, delivery: Delivery, _plaintext: bytes) -> None:
        delivery.stream_breaks = True


def _owner(envelope: dict[str, Any]) -> dict[str, Any]:
    """What a content of envelope 1.0 has to keep, so that only the rest of it differs."""
    event = envelope.get("event")
    if "schema" in envelope or not isinstance(event, dict):
        return {}
    return {name: event[name] for name in ("app_id", "type", "tenant_key") if name in event}
