"""One-time binding codes: made, read as people type them, and kept as a keyed digest.

Twelve characters of Crockford's base 32, in groups of four: eleven of chance (55 bits) and one that checks
the others. I, L and O are read as the digits that they look like, and a code with one wrong character, or
with any two exchanged, is none: the check is a word of GF(32), in which each place has a weight of its own.
"""

import secrets
import unicodedata

from django.conf import settings
from django.utils.crypto import salted_hmac

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
GROUP = 4
LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
LONGEST_TYPED = 100

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_POLYNOMIAL = 0b100101  # x⁵ + x² + 1: x runs through all 31 words but zero
_SALT = "bindings.matching.one_time_codes"


def made() -> str:
    """A new one, such as ``7KQ2M8ZC4TX9``."""
    chance = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
    return chance + ALPHABET[_times_x(_sum(chance))]


def read(typed: str) -> str | None:
    """The code as ``made`` gives it; None for what is none."""
    if len(typed) > LONGEST_TYPED:
        return None
    plain = unicodedata.normalize("NFKC", typed).upper().translate(LOOK_ALIKES)
    code = "".join(each for each in plain if not _separates(each))
    is_one = len(code) == LENGTH and all(each in _VALUES for each in code)
    return code if is_one and _sum(code) == 0 else None


def in_groups(code: str) -> str:
    """As it is shown: ``7KQ2-M8ZC-4TX9``."""
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def hint(code: str) -> str:
    """What is shown of it ever after."""
    return f"····-····-{code[-GROUP:]}"


def digest(code: str) -> str:
    """What the database keeps of it, under the newest key."""
    return _digest(code, settings.SECRET_KEY)


def digests(code: str) -> list[str]:
    """The same under each key that may have been the newest one when it was issued."""
    return [_digest(code, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _digest(code: str, key: str | bytes) -> str:
    return salted_hmac(_SALT, code, secret=key, algorithm="sha256").hexdigest()


def _separates(character: str) -> bool:
    """Spaces, dashes of any kind, and what nobody sees."""
    return unicodedata.category(character) in {"Zs", "Cc", "Cf", "Pd"} or character in "\u2212_"


def _sum(characters: str) -> int:
    """Zero for a code with its check character."""
    total = 0
    for character in characters:
        total = _times_x(total) ^ _VALUES[character]
    return total


def _times_x(word: int) -> int:
    doubled = word << 1
    return doubled ^ _POLYNOMIAL if doubled > len(ALPHABET) - 1 else doubled
