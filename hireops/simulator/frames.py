"""The frames of the long connection (contract 7.2): protobuf (proto2), as little of it as they need."""

from collections.abc import Iterator
from dataclasses import dataclass

CONTROL, DATA = 0, 1

_VARINT, _BYTES = 0, 2
_NUMBERS = {1: "seq_id", 2: "log_id", 3: "service", 4: "method"}
_HEADER, _PAYLOAD = 5, 8
_KEY, _VALUE = 1, 2


class NoFrameError(ValueError):
    """These bytes are no frame."""


@dataclass(slots=True, kw_only=True)
class Frame:
    """One message; ``method`` is ``CONTROL`` or ``DATA``, the header ``type`` says what it is."""

    method: int
    headers: dict[str, str]
    payload: bytes = b""
    service: int = 0
    seq_id: int = 0
    log_id: int = 0

    def encode(self) -> bytes:
        parts = [_number(number, getattr(self, name)) for number, name in _NUMBERS.items()]
        for key, value in self.headers.items():
            parts.append(_piece(_HEADER, _piece(_KEY, key.encode()) + _piece(_VALUE, value.encode())))
        return b"".join([*parts, _piece(_PAYLOAD, self.payload)])


def decode(raw: bytes) -> Frame:
    """The frame in ``raw``; fields that we do not know are skipped."""
    frame = Frame(method=-1, headers={})
    for number, value in _fields(raw):
        if isinstance(value, int):
            if number in _NUMBERS:
                setattr(frame, _NUMBERS[number], value)
        elif number == _HEADER:
            header = {part: piece for part, piece in _fields(value) if isinstance(piece, bytes)}
            frame.headers[header.get(_KEY, b"").decode()] = header.get(_VALUE, b"").decode()
        elif number == _PAYLOAD:
            frame.payload = value
    if frame.method not in {CONTROL, DATA}:
        raise NoFrameError("There is no method.")
    return frame


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _piece(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits to a byte, the lowest first; the top bit says that more follow."""
    coded = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - the largest number of seven bits
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    coded.append(value)
    return bytes(coded)


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(raw):
        tag, at = _read_varint(raw, at)
        if tag & 7 not in {_VARINT, _BYTES}:
            raise NoFrameError("A field has a form that no frame has.")
        value, at = _read_varint(raw, at)
        if tag & 7 == _VARINT:
            yield tag >> 3, value
            continue
        if at + value > len(raw):
            raise NoFrameError("The bytes end in the middle of a field.")
        yield tag >> 3, raw[at : at + value]
        at += value


def _read_varint(raw: bytes, at: int) -> tuple[int, int]:
    """The number that begins at ``at``, and where the next thing begins."""
    value = shift = 0
    while at < len(raw):
        byte, at = raw[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte <= 0x7F:  # noqa: PLR2004
            return value, at
        shift += 7
    raise NoFrameError("The bytes end in the middle of a number.")
