"""Orders by the week in which they came, and how many of these were late, on the home page."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils.translation import gettext as _

from bindings.models import BackgroundCheck, Exam, Order
from bindings.orders import promises
from hireops.desk.charts import Bar, Chart, Span, list_of, weeks
from hireops.desk.figures import Counted, Counting, Figure, Series, counted
from hireops.desk.staff import Reader

WEEKS = 12
DAYS = 7 * WEEKS
ALL, LATE = "all", "late"


def _counting(kind: type[Order]) -> Counting:
    def received(since: datetime, until: datetime) -> Mapping[str, Figure]:
        rows = kind._default_manager.filter(received_at__gte=since, received_at__lt=until)  # noqa: SLF001
        found = rows.aggregate(all=Count("pk"), late=Count("pk", filter=promises.was_late()))
        return {key: Figure(found[key]) for key in (ALL, LATE) if found[key]}

    return received


# An order of weeks ago becomes late today, so their days are looked at again.
CHECKS = Series("background checks", _counting(BackgroundCheck), DAYS, settles=timedelta(days=DAYS))
EXAMS = Series("exams", _counting(Exam), DAYS, settles=timedelta(days=DAYS))


def checks(reader: Reader) -> list[Chart]:
    if not reader.has_perm("bindings.view_backgroundcheck"):
        return []
    return _of(counted(CHECKS), _("Background checks per week"), "bindings_backgroundcheck")


def exams(reader: Reader) -> list[Chart]:
    if not reader.has_perm("bindings.view_exam"):
        return []
    return _of(counted(EXAMS), _("Exams per week"), "bindings_exam")


def _of(kept: Counted, title: str, model: str) -> list[Chart]:
    if kept.at is None or not any(kept.by_day.values()):
        return []
    spans = weeks(WEEKS)
    bars = [_bars(kept, span, model) for span in spans]
    return [Chart(title, [_("Orders"), _("Late")], spans, bars, kept.at, is_part=True)]


def _bars(kept: Counted, span: Span, model: str) -> list[Bar]:
    found = kept.between(span.first, span.last)
    came, late = (found.get(key, Figure()).count for key in (ALL, LATE))
    return [
        Bar(came, f"{came:,}", list_of(model, "received_at", span)),
        Bar(late, f"{late:,}", list_of(model, "received_at", span, **{promises.FILTER: promises.WAS_LATE})),
    ]
