"""Customers' codes, compared as people type them: width, case, spaces and invisible signs do not count."""

import re
import unicodedata

LONGEST = 255

# Hyphens and dashes of every width and length, and the minus sign.
_DASHES = re.compile(
    r"[\u00ad\u058a\u1806\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe31\ufe32\ufe58\ufe63\uff0d]"
)
_SPACE = re.compile(r"\s+")


def normalised(text: str) -> str:
    """``text`` as codes are compared: NFKC, without invisible characters, one kind of dash, one case."""
    dashed = _DASHES.sub("-", text)
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", dashed))
    visible = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return _SPACE.sub(" ", visible).strip().casefold()
