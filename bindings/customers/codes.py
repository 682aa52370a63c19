"""Comparison of customer codes and tiers: width, case, spaces and invisible characters do not count."""

import re
import unicodedata

LONGEST = 255

# Hyphens and dashes of every width and length, and the minus sign.
_DASHES = re.compile(
    r"[\u00ad\u058a\u1806\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe31\ufe32\ufe58\ufe63\uff0d]"
)
# Pictographs, their variation selector and the enclosing keycap. The stars \u2605 and \u2606 stay.
_EMOJI = re.compile(r"[\u20e3\u2600-\u2604\u2607-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001ffff]")


def has_emoji(text: str) -> bool:
    return _EMOJI.search(text) is not None


def normalised(text: str) -> str:
    """Return the key that codes and tiers are compared by.

    NFKC, without spaces and invisible characters, one kind of dash, one case.
    """
    dashed = _DASHES.sub("-", text)
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", dashed))
    visible = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return "".join(visible.split()).casefold()
