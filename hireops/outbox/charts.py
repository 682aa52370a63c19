"""How many calls were owed to Feishu, day by day, on the home page."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from hireops.desk.charts import Chart, Span, bars_of_kinds, days, list_of
from hireops.desk.figures import Figure, Series, counted
from hireops.desk.staff import Reader
from hireops.outbox import registry
from hireops.outbox.models import Call

DAYS = 14


def _owed(since: datetime, until: datetime) -> Mapping[str, Figure]:
    """By operation."""
    calls = Call.objects.filter(created_at__gte=since, created_at__lt=until)
    by_operation = calls.order_by().values_list("operation").annotate(Count("pk"))
    return {operation: Figure(count) for operation, count in by_operation}


CALLS = Series("calls", _owed, DAYS)


def calls(reader: Reader) -> list[Chart]:
    """Of the operations that are the reader's."""
    kept = counted(CALLS)
    if kept.at is None or not reader.has_perm("outbox.view_call"):
        return []
    spans = days(DAYS)
    bars = bars_of_kinds(kept, spans, registry.seen_by(reader), _list)
    return [Chart(_("Calls to Feishu per day"), [_("Calls")], spans, bars, kept.at)] if bars else []


def _list(span: Span, only: str) -> str:
    narrowed = {"operation": only} if only else {}
    return list_of("outbox_call", "created_at", span, **narrowed)
