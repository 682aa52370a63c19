"""What the doctor asks of the inbox: whether events arrive, and of which types."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.doctor.findings import Found, Level, Question, Verdict
from hireops.doctor.permissions import needs
from hireops.inbox import registry
from hireops.inbox.event_queries import by_index
from hireops.inbox.models import Event


def _arriving() -> Iterator[Found]:
    last = Event.objects.order_by("-pk").values_list("received_at", flat=True).first()
    if last is not None:
        yield Found("ok", {"age": _seconds_since(last)})
    else:
        yield Found("never, but used" if any(need.events and need.is_used() for need in needs()) else "never")


def _types() -> Iterator[Found]:
    for need in needs():
        for event_type in need.events:
            known = registry.get(event_type)
            facts = {"type": event_type, "label": known.label if known else event_type}
            last = by_index("event_type", event_type).values_list("received_at", flat=True).first()
            if last is not None:
                yield Found("ok", {**facts, "age": _seconds_since(last)})
            else:
                yield Found("never, but used" if need.is_used() else "never", facts)


def _seconds_since(moment: datetime) -> int:
    return round((clock.now() - moment).total_seconds())


NEVER = _("None has ever come. Whether Feishu reaches this host can only be told when one has.")
SUBSCRIBE = _(
    "In the developer console, Events & callbacks: save the request URL https://<your host>/webhook/event "
    "(hireops answers its verification), subscribe to the events, and publish a version."
)

QUESTIONS = (
    Question(
        id="events.arriving",
        title=_("Events"),
        ask=_arriving,
        verdicts={
            "ok": Verdict(Level.OK, _("The last one came %(age)s ago.")),
            "never": Verdict(Level.NOTICE, NEVER, SUBSCRIBE),
            "never, but used": Verdict(Level.WARNING, NEVER, SUBSCRIBE),
        },
    ),
    Question(
        id="events.types",
        title=_("Events by type"),
        ask=_types,
        verdicts={
            "ok": Verdict(Level.OK, _("%(label)s: the last one came %(age)s ago.")),
            "never": Verdict(Level.NOTICE, _("%(label)s (%(type)s): none has ever come.")),
            "never, but used": Verdict(
                Level.WARNING,
                _("%(label)s (%(type)s): none has ever come, though it is worked with."),
                _("See that the app is subscribed to it, and that a version with it is published."),
            ),
        },
    ),
)
