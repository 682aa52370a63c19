"""How many events came, day by day, on the home page."""

from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from hireops.desk.cards import list_url
from hireops.desk.charts import DaysOfKinds, Span, by_kind
from hireops.desk.figures import Series
from hireops.inbox import registry
from hireops.inbox.models import Event

DAYS = 14


def _list(span: Span, only: str) -> str:
    return list_url("inbox_event", urlencode({"day": span.first} | ({"event_type": only} if only else {})))


EVENTS = Series("events", by_kind(Event, "received_at", "event_type"), DAYS)
events = DaysOfKinds(
    EVENTS,
    title=_("Events from Feishu per day"),
    name=_("Events"),
    permission="inbox.view_event",
    seen_by=registry.seen_by,
    url=_list,
)
