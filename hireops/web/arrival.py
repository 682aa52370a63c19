"""One HTTP request as it comes in, byte by byte: is it wholly there? Knows nothing of sockets."""

import re
from enum import Enum

from hireops.web.pools import FEISHU, PAGES, UPLOADS, Pool, pool_of

HEAD_MAX_BYTES = 32 * 1024
# What frames the chunks of a body, beyond what is in them.
FRAMING_MAX_BYTES = 64 * 1024
CHUNK_LINE_MAX_BYTES = 4096

END = b"\r\n\r\n"
TARGET = re.compile(rb"[^ ]* +([^ ?]*)")
FIELD = re.compile(rb"(?im)^(content-length|transfer-encoding|expect)[ \t]*:[ \t]*(.*?)[ \t]*\r$")
POST = b"POST "
NUMBER = re.compile(rb"[0-9]{1,15}")
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class Stage(Enum):
    HEAD = "the head is not complete"
    BODY = "the body is not complete"
    WHOLE = "all of it is there"
    # Told by its head or by what has come: there is no waiting for the rest.
    UNFINISHED = "the rest is not worth waiting for"
    STREAMED = "whoever answers it reads the rest"
    TOO_LONG = "the head has no end"
    TOO_LARGE = "the body is larger than any that is right"


class Arrival:
    """``data`` is what has come, ``size`` how much of that is this request once it is ``WHOLE``."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray()
        self.stage = Stage.HEAD
        self.size = 0
        self.pool: Pool = PAGES
        self.expects_continue = False
        self._head = 0
        self._chunked = False
        self._next_chunk = 0
        self.add(data)

    @property
    def is_delivery(self) -> bool:
        """Whether it came to Feishu's address as Feishu sends: with a body whose length it told."""
        is_whole = self.stage is Stage.WHOLE and not self._chunked
        return is_whole and self.pool is FEISHU and self.data.startswith(POST)

    def add(self, data: bytes) -> Stage:
        seen = len(self.data)
        self.data += data
        if self.stage is Stage.HEAD and data:
            self._read_head(max(0, seen - len(END) + 1))
        if self.stage is Stage.BODY:
            self._read_body()
        return self.stage

    def _read_head(self, begin: int) -> None:
        end = self.data.find(END, begin)
        if end < 0:
            if len(self.data) > HEAD_MAX_BYTES:
                self.stage = Stage.TOO_LONG
            return
        self._head = end + len(END)
        head = bytes(self.data[: self._head])
        target = TARGET.match(head)
        self.pool = pool_of(target[1].decode("latin-1") if target else "")
        self.stage = self._framing([(name.lower(), value.lower()) for name, value in FIELD.findall(head)])

    def _framing(self, fields: list[tuple[bytes, bytes]]) -> Stage:
        """How the body ends, told by the head. What is ambiguous is refused by the server's own parser."""
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        self.expects_continue = (b"expect", b"100-continue") in fields
        if codings == [b"chunked"] and not lengths:
            self._chunked, self._next_chunk = True, self._head
            return Stage.BODY
        if codings or len(lengths) > 1 or not all(map(NUMBER.fullmatch, lengths)):
            return Stage.UNFINISHED
        self.size = self._head + int(lengths[0] if lengths else 0)
        return Stage.BODY

    def _read_body(self) -> None:
        if self._chunked:
            self._read_chunks()
        elif self.size - self._head > self.pool.body_max:
            self._give_up_waiting()
        elif len(self.data) >= self.size:
            self.stage = Stage.WHOLE

    def _read_chunks(self) -> None:
        """Looks from chunk to chunk for the last one, and for the end of what trails it."""
        while (line_end := self.data.find(b"\r\n", self._next_chunk)) >= 0:
            size = CHUNK_SIZE.fullmatch(self.data, self._next_chunk, line_end)
            if size is None:
                self.stage = Stage.UNFINISHED
                return
            if int(size[1], 16) == 0:
                end = self.data.find(END, line_end)
                if end >= 0:
                    self.stage, self.size = Stage.WHOLE, end + len(END)
                    return
                break
            self._next_chunk = line_end + int(size[1], 16) + 2 * len(b"\r\n")
        if len(self.data) - self._head > self.pool.body_max + FRAMING_MAX_BYTES:
            self._give_up_waiting()
        elif line_end < 0 and len(self.data) - self._next_chunk > CHUNK_LINE_MAX_BYTES:
            self.stage = Stage.UNFINISHED

    def _give_up_waiting(self) -> None:
        """Feishu sends nothing that large. A person may, who has signed in."""
        if self.pool is PAGES:
            self.stage, self.pool = Stage.STREAMED, UPLOADS
        else:
            self.stage = Stage.TOO_LARGE
