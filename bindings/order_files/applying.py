"""The lines of a confirmed file are told, by the same services as on the pages, some in each transaction."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min, Q

from bindings.checks import services as checks
from bindings.exams import access, scores
from bindings.exams import services as exams
from bindings.models import BackgroundCheck, Exam, OrderFile, OrderFileRow
from bindings.order_files.imports import KIND
from bindings.order_files.reading import code_of, report_of
from bindings.reports import services as reports
from hireops.desk.errors import Refused
from hireops.doorbell import ring
from hireops.imports.applying import apply_next
from hireops.imports.models import RowState
from hireops.imports.problems import note
from hireops.jobs.registry import repeated
from hireops.outbox.tasks import drain

AT_ONCE = 50
DOWNLOADABLE = 1  # report_url_type

Tells = OrderFileRow.Tells


def apply(batch: OrderFile, rows: Sequence[OrderFileRow]) -> None:
    """Tell what they say, in their order. The first that its order does not take any more stops the order."""
    _lock_orders(rows)
    failed = _first_failed(batch, rows)
    by = batch.confirmed_by
    if by is None:
        raise RuntimeError("only a confirmed file is applied")
    for row in rows:
        order, line = (row.background_check_id, row.exam_id), row.line or 0
        try:
            if failed.get(order, line) < line:
                note(row, "after_failed")
            else:
                with transaction.atomic():
                    _tell(row, by)
                row.state = RowState.APPLIED
        except Refused:
            note(row, "changed_meanwhile")
            failed[order] = line
        row.access = ""
    transaction.on_commit(partial(ring, drain))


WRITTEN = ["access", "check_update", "exam_update"]
apply_parts = repeated(partial(apply_next, KIND, apply, at_once=AT_ONCE, also=WRITTEN))


def _first_failed(batch: OrderFile, rows: Sequence[OrderFileRow]) -> dict[tuple[int | None, int | None], int]:
    """Return the first line with a problem of each order, as far as the parts before this one went."""
    invalid = KIND.rows_of(batch, state=RowState.INVALID)
    checks, exams = ({getattr(row, name) for row in rows} for name in ("background_check_id", "exam_id"))
    of_these = Q(background_check__in=checks - {None}) | Q(exam__in=exams - {None})
    found = invalid.filter(of_these).order_by().values_list("background_check_id", "exam_id")
    return {(check, exam): line for check, exam, line in found.annotate(Min("line"))}


def _lock_orders(rows: Sequence[OrderFileRow]) -> None:
    """In one order, as everybody who locks several."""
    for model, name in ((BackgroundCheck, "background_check_id"), (Exam, "exam_id")):
        keys = {getattr(row, name) for row in rows} - {None}
        list(model._default_manager.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))  # noqa: SLF001


def _tell(row: OrderFileRow, by: User) -> None:
    if row.background_check is not None:
        _tell_check(row, row.background_check, by)
    elif row.exam is not None:
        _tell_exam(row, row.exam, by)


def _tell_check(row: OrderFileRow, check: BackgroundCheck, by: User) -> None:
    if row.tells == Tells.RESULT:
        row.check_update = checks.report_result(
            check, by=by, result=row.result, reports=_reports(row), reason=row.reason, time=row.time
        )
        return
    row.check_update = checks.report_stage(
        check,
        by=by,
        name=row.stage_name,
        en_name=row.stage_en_name,
        result=row.result if row.tells == Tells.INTERIM else "",
        reports=_reports(row) if row.tells == Tells.INTERIM else (),
        time=row.time,
    )


def _tell_exam(row: OrderFileRow, exam: Exam, by: User) -> None:
    match row.tells:
        case Tells.ACCESS:
            opened = access.opened(row.access)
            if opened is None:
                raise Refused("")  # the key that it was encrypted with is gone
            row.exam_update = exams.arrange(exam, opened, by=by, message=row.message)
        case Tells.FAILURE:
            row.exam_update = exams.arrangement_failed(exam, by=by, code=code_of(row), message=row.message)
        case Tells.SCORE:
            score = exams.Score(
                score=row.score,
                parts=scores.read_parts(row.parts_given),
                reports=_reports(row),
                time=row.time,
                reason=row.reason,
            )
            row.exam_update = exams.report_score(exam, score, by=by)


def _reports(row: OrderFileRow) -> list[dict[str, Any]]:
    name = report_of(row)
    if row.report_file is not None:
        return [{"name": name, "link": reports.make_link(row.report_file).pk}]
    return [{"name": name, "url": row.report_given, "type": DOWNLOADABLE}] if row.report_given else []
