"""Rows of a table that are no rows of it: what people write below, or between groups."""

import re
import unicodedata
from collections.abc import Sequence

TOTAL = re.compile(r"(?:本页)?(?:合计|总计|小计|共计)")
# Companies and people are called so, too.
TOTAL_IN_ENGLISH = re.compile(r"(?:(?:grand|sub|sub-)\s?)?totals?|sum", re.IGNORECASE)
UNIT = r"(?:人|名|条|行|笔|家|个|元|people|%)?"
COUNTED = re.compile(rf"(?:合计|总计|小计|共计|共|total)\s*+(?::\s*+)?[\d,.]++\s*+{UNIT}", re.IGNORECASE)
NUMBER = re.compile(rf"[A-Z]{{0,3}}[¥￥$€]?\s*+(?:-\s*+)?[\d,.]++\s*+{UNIT}", re.IGNORECASE)
NOTE = re.compile(
    r"(?:注|备注|附注|说明|制表|制表人|制单|制单人|填表人|经办人|审核|审核人|复核|复核人|审批|审批人|批准人|签字|签名"
    r"|日期|填表日期|制表日期|notes?|remarks?|prepared by|checked by|approved by|signature|date)\s*+:",
    re.IGNORECASE,
)


def is_total(cells: Sequence[str], ids: Sequence[str] = ()) -> bool:
    """*合计*, and beside it nothing but numbers. A company that is called Total has a name beside it, or
    one of the ``ids``, which are the cells that say what a row is about."""
    filled = _filled(cells)
    if not filled:
        return False
    first, *others = filled
    word = first.partition("(")[0].rstrip(": ")
    is_called_so = bool(TOTAL.fullmatch(word) or COUNTED.fullmatch(first))
    if not is_called_so and TOTAL_IN_ENGLISH.fullmatch(word):
        is_called_so = not any(cell != first for cell in _filled(ids))
    return is_called_so and all(NUMBER.fullmatch(other) for other in others)


def is_note(cells: Sequence[str]) -> bool:
    """*制表人：…* or *备注：…* at the beginning of a row."""
    filled = _filled(cells)
    return bool(filled) and NOTE.match(filled[0]) is not None


def _filled(cells: Sequence[str]) -> list[str]:
    plain = (unicodedata.normalize("NFKC", cell).strip() for cell in cells)
    return [cell for cell in plain if cell]
