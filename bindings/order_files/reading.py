"""One line of a file about orders by itself: what can be read of it, before anything is compared."""

from bindings.exams import access, scores, services
from bindings.models import OrderFile, OrderFileRow
from bindings.order_files.columns import LONGEST_REPORT_NAME, WORDS
from hireops.database import clock
from hireops.desk.errors import Refused
from hireops.imports.models import RowState
from hireops.imports.problems import note
from hireops.spreadsheets.moments import read_moment
from hireops.spreadsheets.tables import Line


def row_of(batch: OrderFile, line: Line) -> OrderFileRow:
    """READY, or INVALID with all that is wrong with the line alone."""
    row = OrderFileRow(
        batch=batch,
        line=line.number,
        state=RowState.READY,
        order_given=line.cell("order"),
        what_given=line.cell("what"),
        stage_name=line.cell("stage"),
        stage_en_name=line.cell("stage_en"),
        time_given=line.cell("time"),
        result=line.cell("result"),
        score=line.cell("score"),
        parts_given=line.cell("parts"),
        code=line.cell("code"),
        message=line.cell("message"),
        report_given=line.cell("report"),
        report_name=line.cell("report_name"),
        reason=line.cell("reason"),
    )
    if not row.order_given:
        note(row, "no_order")
    _read_what(row)
    _read_time(row)
    _read_score(row)
    _read_access(row, line)
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
        row.time = read_moment(row.time_given, now=clock.now())
        if row.time is None:
            note(row, "bad_time")


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
