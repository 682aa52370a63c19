"""Cells as text, without what Excel has added to them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.invisible import without_invisible
from hireops.spreadsheets.excel import MOST_DIGITS

# ST_Xstring (ECMA-376, part 1, 22.9.2.19): ``_x000D_`` is a carriage return, ``_x005F_`` a low line.
XSTRING = re.compile(r"_x([0-9A-Fa-f]{4})_")
PADDED = re.compile(r'(?:"(?P<prefix>[^"]*)")?(?P<zeros>0+)')  # a number format such as 000000 or "KH"0000
ERROR = re.compile(
    r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA|##+)", re.IGNORECASE
)
# What Excel writes into a CSV file for a date that was typed without a year.
SHORT_DATE = re.compile(r"\d{1,2}月\d{1,2}日|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2}")
# Zero-width joiners are kept in a text: Persian and emoji are written with them. No ID is.
JOINERS = {0x200C: None, 0x200D: None}
QUOTES_IN_FRONT = "'‘’`＇"  # as people type them to keep a number as a text

ERROR_CELL, DATE_CELL, LONG_CELL = "error_cell", "date_cell", "long_cell"
FAULTS: Mapping[str, str | Promise] = {
    ERROR_CELL: gettext_lazy(
        "In the column “%(error_cell)s” Excel shows an error such as #N/A instead of a value. Correct the "
        "formula, or write the value, and save the file again."
    ),
    DATE_CELL: gettext_lazy(
        "In the column “%(date_cell)s” Excel has made a date of an ID or code. Format the column as text, "
        "type the value again and save the file again."
    ),
    LONG_CELL: gettext_lazy("The text is longer than a value can be: “%(long_cell)s”."),
}


class DateCell(str):
    """A date that Excel keeps as a number: somebody may have typed a code."""

    __slots__ = ()


def as_text(value: Any, number_format: str = "") -> str:
    """A value of a sheet as Excel would show it in full."""
    match value:
        case None:
            return ""
        case str():
            return decode_xstring(value)
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, number_format)
        case datetime():
            day, is_day = value.date().isoformat(), value.time() == time.min
            return DateCell(day if is_day else value.isoformat(sep=" ", timespec="seconds"))
        case _:
            return str(value)


def _number(value: float, number_format: str) -> str:
    shown = number_format.partition(";")[0]
    if shown.endswith("%"):
        return f"{value * 100:.{MOST_DIGITS}g}%"
    whole = int(value) if float(value).is_integer() and abs(value) < 10**MOST_DIGITS else None
    if whole is not None and whole >= 0 and (padded := PADDED.fullmatch(shown)):
        return f"{padded['prefix'] or ''}{whole:0{len(padded['zeros'])}}"
    if whole is not None or isinstance(value, int):
        return str(value if whole is None else whole)
    return f"{value:.{MOST_DIGITS}g}"  # a formula's 12.299999999999999 is 12.3 to Excel, too


def decode_xstring(text: str) -> str:
    """``text`` with the characters for which XML has no place."""
    if "_x" not in text:
        return text
    decoded = XSTRING.sub(lambda found: chr(int(found[1], 16)), text)
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def escape_xstring(text: str) -> str:
    """The inverse of ``decode_xstring``."""
    return XSTRING.sub(lambda found: f"_x005F{found[0]}", text) if "_x" in text else text


def clean(text: str) -> str:
    """A value without what nobody sees, with one kind of line break."""
    return without_invisible(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def clean_id(text: str) -> str:
    """An ID or code without what keeps it a text in Excel: ``="00123"``, ``'00123``."""
    value = " ".join(clean(text).translate(JOINERS).split())
    if value.startswith('="') and value.endswith('"'):
        value = value[2:-1]
    return value.lstrip(QUOTES_IN_FRONT).strip()


def is_error(text: str) -> bool:
    return "#" in text and ERROR.fullmatch(text.strip()) is not None


def is_made_a_date(text: str) -> bool:
    return isinstance(text, DateCell) or SHORT_DATE.fullmatch(text.strip()) is not None


def faults_in_words(faults: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with cells of a row, by the keys of ``FAULTS``, in the reader's language."""
    told = {key: _("”, “").join(columns) for key, columns in faults.items()}
    return " ".join(str(FAULTS[key]) % told for key in faults)
