"""The lines of a confirmed file are told, by the same services as on the pages, some in each transaction."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from bindings.checks import services as checks
from bindings.exams import access, scores
from bindings.exams import services as exams
from bindings.models import BackgroundCheck, Exam, OrderFile, OrderFileRow
from bindings.order_files.imports import KIND
from bindings.order_files.reading import code_of
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
    """Tell what they say, in their order. One that its order does not take any more is left, and says so."""
    _lock_orders(rows)
    by = batch.confirmed_by
    if by is None:
        raise RuntimeError("only a confirmed file is applied")
    for row in rows:
        try:
            with transaction.atomic():
                _tell(row, by)
        except Refused:
            note(row, "changed_meanwhile")
        else:
            row.state = RowState.APPLIED
        row.access = ""
    transaction.on_commit(partial(ring, drain))


WRITTEN = ["access", "check_update", "exam_update"]
apply_parts = repeated(partial(apply_next, KIND, apply, at_once=AT_ONCE, also=WRITTEN))


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
    if row.report_file is not None:
        link = reports.make_link(row.report_file)
        return [{"name": row.report_name or row.report_file.name, "link": link.pk}]
    if row.report_given:
        name = row.report_name or row.report_given.partition("?")[0].rpartition("/")[2] or "report.pdf"
        return [{"name": name[:150], "url": row.report_given, "type": DOWNLOADABLE}]
    return []
