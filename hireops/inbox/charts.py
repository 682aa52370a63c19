"""How many events came, day by day, on the home page."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count
from django.utils.translation import gettext as _

from hireops.desk.cards import list_url
from hireops.desk.charts import Chart, Span, bars_of_kinds, days
from hireops.desk.figures import Figure, Series, counted
from hireops.desk.staff import Reader
from hireops.inbox import registry
from hireops.inbox.models import Event

DAYS = 14


def _received(since: datetime, until: datetime) -> Mapping[str, Figure]:
    """By type of event."""
    came = Event.objects.filter(received_at__gte=since, received_at__lt=until)
    by_type = came.order_by().values_list("event_type").annotate(Count("pk"))
    return {event_type: Figure(count) for event_type, count in by_type}


EVENTS = Series("events", _received, DAYS)


def events(reader: Reader) -> list[Chart]:
    """Of the types that are the reader's."""
    kept = counted(EVENTS)
    if kept.at is None or not reader.has_perm("inbox.view_event"):
        return []
    spans = days(DAYS)
    bars = bars_of_kinds(kept, spans, registry.seen_by(reader), _list)
    return [Chart(_("Events from Feishu per day"), [_("Events")], spans, bars, kept.at)] if bars else []


def _list(span: Span, only: str) -> str:
    return list_url("inbox_event", urlencode({"day": span.first} | ({"event_type": only} if only else {})))
