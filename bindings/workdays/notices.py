"""What the State Council announces for a year, as people paste it: one line for each day or range of days.

::

    2027-02-05 ~ 2027-02-11 休 春节
    2027/2/20 班
    10月1日至10月7日 放假 国庆节

Days that are not named are worked on from Monday to Friday.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import IO

from django.utils.translation import gettext as _

from hireops.desk.errors import Refused
from hireops.invisible import without_invisible
from hireops.spreadsheets.cells import clean, is_error
from hireops.spreadsheets.reading import open_table

OFF = ("休", "放假", "假", "off", "holiday", "no", "false", "0")
WORK = ("班", "上班", "补班", "work", "workday", "yes", "true", "1")
DATE = (
    r"(?:(?P<year{0}>\d{{4}})\s*[-/.年]\s*)?"
    r"(?P<month{0}>\d{{1,2}})\s*[-/.月]\s*(?P<day{0}>\d{{1,2}})(?:\s*日)?"
)
LINE = re.compile(
    DATE.format(1) + r"(?:\s*(?:~|至|到|–|—|to|-)\s*" + DATE.format(2) + r")?[\s,;、:]*(?P<rest>.*)"
)
DAY = re.compile(r"\d{1,4}[-/.年月]\d")
LONGEST_RANGE = 15
LONGEST_NAME = 50
LEAST_DAYS_OFF = 7  # from Monday to Friday; any year has more


@dataclass(frozen=True, slots=True)
class NamedDay:
    day: date
    works: bool
    name: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A year with the days that are otherwise than their weekday says."""

    year: int
    source: str
    days: tuple[NamedDay, ...]

    @property
    def days_off(self) -> list[NamedDay]:
        return [each for each in self.days if not each.works]

    @property
    def days_worked(self) -> list[NamedDay]:
        return [each for each in self.days if each.works]

    @property
    def looks_incomplete(self) -> bool:
        on_weekdays = [each for each in self.days_off if each.day.isoweekday() <= 5]  # noqa: PLR2004 - Friday
        return len(on_weekdays) < LEAST_DAYS_OFF or not self.days_worked


def read(text: str, *, year: int, source: str) -> Notice:
    """Raises ``Refused`` with the first line that can't be read, or contradicts another one."""
    found: dict[date, NamedDay] = {}
    for number, line in enumerate(_lines(text), 1):
        if not line:
            continue
        for each in _days(line, number, year):
            if each.day in found and found[each.day].works != each.works:
                raise Refused(_("%(day)s is both a day off and a working day.") % {"day": each.day})
            found[each.day] = each
    if not found:
        raise Refused(_("There is no day in it. Write one line for each holiday and each make-up day."))
    return Notice(year, source, tuple(found[day] for day in sorted(found)))


def lines_of(file: IO[bytes], file_name: str) -> str:
    """The rows of a table as lines of a notice. Raises ``UnreadableFileError``."""
    lines: list[str] = []
    for number, row in open_table(file, file_name).rows:
        if line := " ".join(filter(None, map(clean, row))):
            lines.extend([""] * (number - 1 - len(lines)))  # so that it keeps its number
            lines.append(line)
    return "\n".join(lines)


def _lines(text: str) -> Iterator[str]:
    for line in without_invisible(unicodedata.normalize("NFKC", text)).splitlines():
        yield line.strip().strip(",;")


def _days(line: str, number: int, year: int) -> Iterator[NamedDay]:
    found = LINE.fullmatch(line)
    if not found:
        if number == 1 and not re.search(r"\d", line):  # the heading of a file
            return
        raise _unreadable(line, number)
    first = _date(found, 1, year, line, number)
    last = _date(found, 2, first.year, line, number) if found["month2"] else first
    works, name = _what(found["rest"], line, number)
    if not 0 <= (last - first).days < LONGEST_RANGE:
        raise _unreadable(line, number)
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day.year != year and (day.year, day.month) != (year - 1, 12):
            text = _("Line %(number)s: %(day)s is not in %(year)s.")
            raise Refused(text % {"number": number, "day": day, "year": year})
        yield NamedDay(day, works, name)


def _date(found: re.Match[str], which: int, year: int, line: str, number: int) -> date:
    try:
        return date(
            int(found[f"year{which}"] or year), int(found[f"month{which}"]), int(found[f"day{which}"])
        )
    except ValueError:
        raise _unreadable(line, number) from None


def _what(rest: str, line: str, number: int) -> tuple[bool, str]:
    words = [word for word in re.split(r"[\s,;、]+", rest) if word]
    for place, word in enumerate(words):
        if word.lower() in (*OFF, *WORK):
            others = words[:place] + words[place + 1 :]
            if any(is_error(other) or DAY.match(other) for other in others):
                break
            name = " ".join(others)
            return word.lower() in WORK, name[:LONGEST_NAME]
    raise _unreadable(line, number)


def _unreadable(line: str, number: int) -> Refused:
    text = _(
        "Line %(number)s can't be read: “%(line)s”. Write it like “2027-02-05 ~ 2027-02-11 休” for days off "
        "or “2027-02-20 班” for a day that is worked on."
    )
    return Refused(text % {"number": number, "line": line[:60]})
