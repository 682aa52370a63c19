"""One line of a file about orders by itself: what can be read of it, before anything is compared."""

import re
from datetime import UTC, datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from django.conf import settings

from bindings.exams import access, scores, services
from bindings.models import OrderFile, OrderFileRow
from bindings.order_files.columns import WORDS
from hireops.desk.errors import Refused
from hireops.imports.checking import Line
from hireops.imports.models import LONGEST_GIVEN, RowState
from hireops.imports.problems import note

LONGEST_STAGE = 100
LONGEST_TEXT = 5000
LONGEST_REPORT_NAME = 150
_TIME = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:[T\s]+(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2})(?:\.\d+)?)?)?"
)


def row_of(batch: OrderFile, line: Line) -> OrderFileRow:
    """READY, or INVALID with all that is wrong with the line alone."""

    def given(column: str, most: int = LONGEST_GIVEN) -> str:
        return line.cell(column)[:most]

    row = OrderFileRow(
        batch=batch,
        line=line.number,
        state=RowState.READY,
        order_given=given("order"),
        what_given=given("what"),
        stage_name=given("stage"),
        stage_en_name=given("stage_en"),
        time_given=given("time"),
        result=given("result", LONGEST_TEXT),
        score=given("score"),
        parts_given=given("parts", LONGEST_TEXT),
        code=given("code"),
        message=given("message"),
        report_given=given("report", access.LONGEST_URL),
        report_name=given("report_name"),
        reason=given("reason"),
    )
    if not row.order_given:
        note(row, "no_order")
    _read_what(row)
    _read_time(row)
    _read_score(row)
    _read_access(row, line)
    if max(len(row.stage_name), len(row.stage_en_name)) > LONGEST_STAGE:
        note(row, "long_stage")
    return row


def _read_what(row: OrderFileRow) -> None:
    if not row.what_given:
        return
    known = WORDS.get(row.what_given.strip().casefold())
    if known is None:
        note(row, "unknown_what")
    else:
        row.tells = known


def _read_time(row: OrderFileRow) -> None:
    if row.time_given:
        row.time = moment(row.time_given)
        if row.time is None:
            note(row, "bad_time")


def moment(text: str) -> datetime | None:
    """``2026-11-02 14:30`` by the clock of the house; None for what is no time. A day alone is its noon."""
    written = _TIME.fullmatch(text.strip())
    if written is None:
        return None
    year, month, day = (int(written[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(written[name] or 0) for name in ("hour", "minute", "second"))
    try:
        at = time_of_day(hour, minute, second) if written["hour"] else time_of_day(12)
        local = datetime.combine(datetime(year, month, day, tzinfo=UTC).date(), at)
    except ValueError:
        return None
    return local.replace(tzinfo=ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def _read_score(row: OrderFileRow) -> None:
    if row.score:
        try:
            row.score = scores.read_score(row.score)
        except Refused:
            note(row, "bad_score")
    if row.parts_given:
        try:
            scores.read_parts(row.parts_given)
        except Refused:
            note(row, "bad_parts")


def _read_access(row: OrderFileRow, line: Line) -> None:
    link, username, password = (line.cell(name) for name in ("link", "username", "password"))
    if link or username or password:
        try:
            row.access = access.read_access(link, username, password).sealed()
        except Refused:
            note(row, "bad_access")
    if row.code and not code_of(row):
        note(row, "bad_code")


def code_of(row: OrderFileRow) -> int:
    """Our own code of a failure; 0 for what is none."""
    text = row.code.removesuffix(".0")
    if not (text.isascii() and text.isdigit() and len(text) < len(str(services.LAST_CODE))):
        return 0
    return int(text)


def report_of(row: OrderFileRow) -> str:
    """Return the name under which the customer gets the line's report. Empty without one."""
    if not row.report_given:
        return ""
    file = row.report_file.name if row.report_file else ""
    in_address = row.report_given.partition("?")[0].rpartition("/")[2]
    return (row.report_name or file or in_address or "report.pdf")[:LONGEST_REPORT_NAME]
