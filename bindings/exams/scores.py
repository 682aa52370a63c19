"""Scores and their parts as people write them, and as Feishu takes them (contract 5.5)."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import NotRequired, TypedDict

from django.utils.translation import gettext as _

from hireops.desk.errors import Refused

LONGEST_SCORE, LONGEST_PART = 32, 255
LOWEST, HIGHEST = Decimal(0), Decimal(100)

_WRITTEN = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?")
_BETWEEN_PARTS = re.compile(r"[\n;；]+")
# The sign between name and result is the last one that can be one: names hold colons more often.
_SIGNS = ":：="


class Part(TypedDict):
    """One part of an exam and its result. Feishu shows equal names side by side."""

    id: NotRequired[str]
    name: str
    result: str


def read_score(text: str) -> str:
    """The score as it is sent: half-width, its decimals as they were written. Raises ``Refused``."""
    plain = (
        unicodedata.normalize("NFKC", text)
        .strip()
        .removesuffix("分")
        .removesuffix("%")
        .strip()
        .replace("−", "-")
    )
    if not _WRITTEN.fullmatch(plain) or len(plain) > LONGEST_SCORE:
        raise Refused(
            _("“%(score)s” is no score. Write a number such as 60 or 60.5.") % {"score": text[:LONGEST_SCORE]}
        )
    return plain


def is_unusual(score: str) -> bool:
    """Whether Feishu advises against it: it wants 0 to 100."""
    try:
        return not LOWEST <= Decimal(score) <= HIGHEST
    except InvalidOperation:
        return True


def read_parts(text: str) -> list[Part]:
    """One part in each line, or between semicolons: ``基本功：优秀``. Raises ``Refused``."""
    lines = (line.strip() for line in _BETWEEN_PARTS.split(text))
    return [_part(line) for line in lines if line]


def _part(line: str) -> Part:
    end = max(line.rfind(sign) for sign in (*_SIGNS, "\t")) + 1
    name, result = line[:end].rstrip(), line[end:].lstrip()
    if name.endswith(tuple(_SIGNS)):
        name = name[:-1].rstrip()
    if not name or not result or len(line) > LONGEST_PART:
        raise Refused(
            _("“%(line)s” is no part of a score. Write its name, a colon and its result, such as Logic: 85.")
            % {"line": line[:80]}
        )
    return Part(name=name, result=result)


def parts_in_words(parts: list[Part]) -> str:
    """As ``read_parts`` reads them."""
    return "\n".join(f"{part['name']}：{part['result']}" for part in parts)
