"""What staff can do with events."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from hireops.desk.admin import staff_action
from hireops.doorbell import ring
from hireops.inbox import services, tasks
from hireops.inbox.models import Event

REPLAY = "inbox.replay_event"


@staff_action(
    permission=REPLAY,
    label=_("Replay"),
    confirm=_(
        "These events are handled once more, now. Handling an event twice changes nothing that "
        "it has changed already; the earlier attempts stay on record."
    ),
    offered=lambda event: event.state in services.REPLAYABLE and event.has_content,
    why_not=lambda event, by: services.why_not_replayed(event),
    counted=ngettext_lazy("Replay %(count)s event", "Replay %(count)s events", "count"),
)
def replay(event: Event, *, by: User, reason: str) -> None:
    services.replay_event(event, by=by, reason=reason)
    ring(tasks.drain)


@staff_action(
    permission=REPLAY,
    label=_("Set aside"),
    confirm=_(
        "Nothing more is done about these events: they no longer count as failed and are not tried again. "
        "They stay in the list, and can be replayed after all."
    ),
    reason_required=True,
    offered=lambda event: event.state in services.MAY_BE_SET_ASIDE,
    why_not=lambda event, by: services.why_not_set_aside(event),
    counted=ngettext_lazy("Set %(count)s event aside", "Set %(count)s events aside", "count"),
)
def set_aside(event: Event, *, by: User, reason: str) -> None:
    services.set_aside(event, by=by, reason=reason)
