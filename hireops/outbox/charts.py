"""How many calls were owed to Feishu, day by day, on the home page."""

from django.utils.translation import gettext_lazy as _

from hireops.desk.charts import DaysOfKinds, Span, by_kind, list_of
from hireops.desk.figures import Series
from hireops.outbox import registry
from hireops.outbox.models import Call

DAYS = 14


def _list(span: Span, only: str) -> str:
    narrowed = {"operation": only} if only else {}
    return list_of("outbox_call", "created_at", span, **narrowed)


CALLS = Series("calls", by_kind(Call, "created_at", "operation"), DAYS)
calls = DaysOfKinds(
    CALLS,
    title=_("Calls to Feishu per day"),
    name=_("Calls"),
    permission="outbox.view_call",
    seen_by=registry.seen_by,
    url=_list,
)
