"""SHA-256, continued: what a stranger makes of a signature that he has seen (length extension)."""

import struct
from math import isqrt

MASK = 0xFFFFFFFF
BLOCK = 64


def continued(digest: str, secret_length: int, body: bytes, suffix: bytes) -> tuple[bytes, str]:
    """A body that begins with ``body`` and ends with ``suffix``, and its signature, without the secret."""
    length = secret_length + len(body)
    glue = b"\x80" + b"\0" * (-(length + 9) % BLOCK) + struct.pack(">Q", length * 8)
    whole = length + len(glue) + len(suffix)
    rest = suffix + b"\x80" + b"\0" * (-(whole + 9) % BLOCK) + struct.pack(">Q", whole * 8)
    state = list(struct.unpack(">8I", bytes.fromhex(digest)))
    for start in range(0, len(rest), BLOCK):
        state = _compress(state, rest[start : start + BLOCK])
    return body + glue + suffix, struct.pack(">8I", *state).hex()


def _compress(state: list[int], block: bytes) -> list[int]:
    words = list(struct.unpack(">16I", block))
    for at in range(16, 64):
        low = _turn(words[at - 15], 7) ^ _turn(words[at - 15], 18) ^ words[at - 15] >> 3
        high = _turn(words[at - 2], 17) ^ _turn(words[at - 2], 19) ^ words[at - 2] >> 10
        words.append((words[at - 16] + low + words[at - 7] + high) & MASK)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(CONSTANTS, words, strict=True):
        chosen = (e & f) ^ (~e & g)
        one = h + (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)) + chosen + constant + word
        two = (_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
        a, b, c, d, e, f, g, h = (one + two) & MASK, a, b, c, (d + one) & MASK, e, f, g
    return [(old + new) & MASK for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _turn(word: int, places: int) -> int:
    return (word >> places | word << 32 - places) & MASK


def _cube_root_bits(prime: int) -> int:
    """The first 32 bits of the fraction of its cube root."""
    root, wanted = 0, prime << 96
    for bit in reversed(range(40)):
        if (root | 1 << bit) ** 3 <= wanted:
            root |= 1 << bit
    return root & MASK


PRIMES = [n for n in range(2, 312) if all(n % d for d in range(2, isqrt(n) + 1))]
CONSTANTS = [_cube_root_bits(prime) for prime in PRIMES]
