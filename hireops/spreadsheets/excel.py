"""What Excel does to cells: how many digits it keeps, and which text it would calculate."""

import re

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

MOST_DIGITS = 15

# Full-width signs are taken for formulas by Excel in Chinese and Japanese. The quotation marks in front
# make escaping reversible: what began with one gets another.
FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@|%＝＋－＠])")


def escape_formula(cell: str) -> str:
    text = ILLEGAL_CHARACTERS_RE.sub("", cell)
    return f"'{text}" if FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """The inverse of ``escape_formula``."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
