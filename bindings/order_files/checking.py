"""The lines of a file about orders against the orders themselves, and against the lines above them."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db.models import Max

from bindings.checks.services import why_no_result
from bindings.exams import scores
from bindings.models import (
    BackgroundCheck,
    CheckUpdate,
    Exam,
    ExamUpdate,
    OrderFile,
    OrderFileRow,
    ReportFile,
)
from bindings.order_files import reading
from bindings.order_files.columns import COLUMNS, NEEDED, OF_CHECKS
from bindings.order_files.imports import KIND
from bindings.reports.checking import clean_name
from hireops.database import clock
from hireops.encryption import decrypt_bytes
from hireops.imports import checking
from hireops.imports.models import RowState
from hireops.imports.problems import note
from hireops.jobs.models import Job
from hireops.jobs.registry import Part
from hireops.spreadsheets.reading import open_table

Tells = OrderFileRow.Tells
AnOrder = TypeVar("AnOrder", BackgroundCheck, Exam)
MILLISECOND = timedelta(milliseconds=1)
NEWEST_REPORTS = 20_000  # among which a report file is looked for by its name
CHECK_ENDED = {
    BackgroundCheck.State.CANCELED_BY_CUSTOMER: "called_off",
    BackgroundCheck.State.TERMINATED_BY_VENDOR: "terminated",
}


def parts(job: Job) -> Iterator[Part]:
    batch = KIND.batch(job)
    content, sheet = io.BytesIO(decrypt_bytes(batch.content or b"") or b""), checking.sheet_of(batch)
    wanted = checking.needs(COLUMNS, NEEDED)
    lines = checking.lines(batch, partial(open_table, content, batch.file_name, wanted, sheet=sheet))
    row_of = partial(reading.row_of, batch)
    return checking.parts(KIND, job, batch, lines, row_of=row_of, compare=partial(compare, batch))


def compare(batch: OrderFile, rows: Sequence[OrderFileRow]) -> None:
    """Each line with its order as it is, and as the lines above it will have left it."""
    _find_orders(rows)
    past = _Past(batch, rows)
    reports = _Reports(rows)
    for row in rows:
        _read_tells(row)
        reports.find(row)
        if row.background_check is not None:
            _compare_check(row, row.background_check, past)
        elif row.exam is not None:
            _compare_exam(row, row.exam, past)
        if row.state == RowState.READY and past.has_failed(row):
            note(row, "after_failed")
        if row.state == RowState.INVALID:
            row.access = ""  # nobody tells it any more
        past.take(row)


# --- Which order, and what of it


def _find_orders(rows: Sequence[OrderFileRow]) -> None:
    ids = {row.order_given for row in rows if row.order_given}
    checks = _by_id(BackgroundCheck.objects.filter(background_check_id__in=ids), "background_check_id")
    exams = _by_id(Exam.objects.filter(exam_id__in=ids), "exam_id")
    for row in rows:
        if not row.order_given:
            continue
        found = [*checks.get(row.order_given, ()), *exams.get(row.order_given, ())]
        if len(found) != 1:
            note(row, "several_orders" if found else "unknown_order")
        elif isinstance(found[0], BackgroundCheck):
            row.background_check = found[0]
        else:
            row.exam = found[0]


def _by_id(orders: Iterable[AnOrder], name: str) -> dict[str, list[AnOrder]]:
    found: dict[str, list[AnOrder]] = {}
    for order in orders:
        found.setdefault(getattr(order, name), []).append(order)
    return found


def _read_tells(row: OrderFileRow) -> None:
    """What the line tells, where it does not say so itself: by what is in it."""
    if row.tells or row.what_given:
        return
    if row.exam is not None:
        ways = [(row.score, Tells.SCORE), (row.access, Tells.ACCESS), (row.code, Tells.FAILURE)]
    else:
        stage = Tells.INTERIM if row.result or row.report_given else Tells.STAGE
        ways = [(row.stage_name, stage), (row.result, Tells.RESULT)]
    row.tells = next((tells for given, tells in ways if given), "")
    if not row.tells and (row.exam or row.background_check):
        note(row, "tells_nothing")


# --- What the lines above have told


@dataclass(slots=True)
class _Told:
    """What an order will have, when the lines above have been told."""

    last_stage: datetime | None = None
    has_result: bool = False
    has_score: bool = False
    has_failed: bool = False  # a line above can't be told, so none below it is


class _Past:
    """By order; what earlier parts of the file told is read from their rows, so that memory stays flat."""

    def __init__(self, batch: OrderFile, rows: Sequence[OrderFileRow]) -> None:
        checks = {row.background_check.pk for row in rows if row.background_check}
        exams = {row.exam.pk for row in rows if row.exam}
        self._checks = {pk: _Told() for pk in checks}
        self._exams = {pk: _Told() for pk in exams}
        self._read_what_is_told(checks, exams)
        above = KIND.rows_of(batch).order_by("line")
        for row in [*above.filter(background_check__in=checks), *above.filter(exam__in=exams)]:
            self.take(row)

    def _read_what_is_told(self, checks: Collection[int], exams: Collection[int]) -> None:
        updates = CheckUpdate.objects.filter(background_check__in=checks).order_by()
        for pk, last in updates.values_list("background_check").annotate(Max("time")):
            self._checks[pk].last_stage = last
        results = updates.filter(kind=CheckUpdate.Kind.RESULT).exclude(state=CheckUpdate.State.STOPPED)
        for pk in results.values_list("background_check_id", flat=True):
            self._checks[pk].has_result = True
        versions = ExamUpdate.objects.filter(exam__in=exams, kind=ExamUpdate.Kind.SCORE).order_by()
        for pk in versions.exclude(state=ExamUpdate.State.STOPPED).values_list("exam_id", flat=True):
            self._exams[pk].has_score = True

    def of_check(self, check: BackgroundCheck) -> _Told:
        return self._checks[check.pk]

    def of_exam(self, exam: Exam) -> _Told:
        return self._exams[exam.pk]

    def has_failed(self, row: OrderFileRow) -> bool:
        told = self._told(row)
        return told is not None and told.has_failed

    def take(self, row: OrderFileRow) -> None:
        """The line will have been told before those below it, or stops its order."""
        told = self._told(row)
        if told is None:
            return
        if row.state != RowState.READY:
            told.has_failed = True
            return
        told.has_result = told.has_result or row.tells == Tells.RESULT
        told.has_score = told.has_score or row.tells == Tells.SCORE
        told.last_stage = row.time or told.last_stage

    def _told(self, row: OrderFileRow) -> _Told | None:
        if row.background_check_id is not None:
            return self._checks[row.background_check_id]
        return self._exams[row.exam_id] if row.exam_id is not None else None


# --- Background checks


def _compare_check(row: OrderFileRow, check: BackgroundCheck, past: _Past) -> None:
    told = past.of_check(check)
    if row.tells and row.tells not in OF_CHECKS:
        note(row, "not_of_a_check")
    if check.emptied_at:
        note(row, "emptied")
    elif check.state in CHECK_ENDED:
        note(row, CHECK_ENDED[BackgroundCheck.State(check.state)])
    elif why_no_result(check):
        note(row, "ending")
    if row.tells == Tells.RESULT:
        _compare_result(row, told)
    elif row.tells in {Tells.STAGE, Tells.INTERIM}:
        _compare_stage(row, check, told)


def _compare_result(row: OrderFileRow, told: _Told) -> None:
    if not row.result:
        note(row, "no_result")
    if told.has_result and not row.reason:
        note(row, "no_reason")
    elif told.has_result:
        row.remarks.append({"key": "corrects"})
    _place_in_time(row, told)


def _compare_stage(row: OrderFileRow, check: BackgroundCheck, told: _Told) -> None:
    if check.state == BackgroundCheck.State.COMPLETED:
        note(row, "completed")
    elif told.has_result:
        note(row, "after_result")
    if not row.stage_name:
        note(row, "no_stage")
    if row.tells == Tells.INTERIM and not (row.result and row.report_given):
        note(row, "no_report")
    _place_in_time(row, told)


def _place_in_time(row: OrderFileRow, told: _Told) -> None:
    """Stages strictly follow each other (contract 4.7): one that does not is moved, for everybody to see."""
    if row.time is None:
        return
    if row.time > clock.now() + clock.FROM_THE_FUTURE:
        note(row, "future_time")
    elif told.last_stage is not None and row.time <= told.last_stage:
        moved = told.last_stage + MILLISECOND
        row.remarks.append(
            {
                "key": "time_moved",
                "from": row.time.isoformat(timespec="milliseconds"),
                "to": moved.isoformat(timespec="milliseconds"),
            }
        )
        row.time = moved


# --- Exams


def _compare_exam(row: OrderFileRow, exam: Exam, past: _Past) -> None:
    told = past.of_exam(exam)
    if row.tells in OF_CHECKS:
        note(row, "not_of_an_exam")
    if exam.emptied_at:
        note(row, "emptied")
    elif exam.state in {Exam.State.MARKED, Exam.State.SET_ASIDE}:
        note(row, exam.state)
    if row.tells == Tells.SCORE:
        _compare_score(row, told)
    elif row.tells == Tells.ACCESS:
        _compare_access(row, exam)
    elif row.tells == Tells.FAILURE:
        _compare_failure(row, told)


def _compare_score(row: OrderFileRow, told: _Told) -> None:
    if not row.score:
        note(row, "no_score")
    elif row.state == RowState.READY and scores.is_unusual(row.score):
        row.remarks.append({"key": "unusual_score"})
    if row.time is not None and row.time > clock.now() + clock.FROM_THE_FUTURE:
        note(row, "future_time")
    if told.has_score and not row.reason:
        note(row, "no_reason")
    elif told.has_score:
        row.remarks.append({"key": "corrects"})


def _compare_access(row: OrderFileRow, exam: Exam) -> None:
    if not row.access and "bad_access" not in row.problems:
        note(row, "no_link")
    if exam.state != Exam.State.RECEIVED:
        row.remarks.append({"key": "access_again"})


def _compare_failure(row: OrderFileRow, told: _Told) -> None:
    if not reading.code_of(row) and "bad_code" not in row.problems:
        note(row, "bad_code")
    if not row.message:
        note(row, "no_message")
    if told.has_score:
        note(row, "has_score")


# --- Reports


class _Reports:
    """Report files that were uploaded before, by the names that the lines give."""

    def __init__(self, rows: Sequence[OrderFileRow]) -> None:
        names = {clean_name(row.report_given) for row in rows if row.report_given and not _is_link(row)}
        self._files: Mapping[str, list[ReportFile]] = {}
        if names:
            newest = ReportFile.objects.aggregate(newest=Max("pk"))["newest"] or 0
            lately = ReportFile.objects.filter(pk__gt=newest - NEWEST_REPORTS, emptied_at=None)
            self._files = _grouped(lately.filter(name__in=names))

    def find(self, row: OrderFileRow) -> None:
        if not row.report_given or _is_link(row):
            return
        found = self._files.get(clean_name(row.report_given), [])
        if len(found) == 1:
            row.report_file = found[0]
        else:
            note(row, "several_reports" if found else "no_such_report")


def _grouped(files: Iterable[ReportFile]) -> dict[str, list[ReportFile]]:
    found: dict[str, list[ReportFile]] = {}
    for file in files:
        found.setdefault(file.name, []).append(file)
    return found


def _is_link(row: OrderFileRow) -> bool:
    return row.report_given.startswith(("https://", "http://"))
