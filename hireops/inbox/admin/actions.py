"""What staff can do with events."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

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
    offered=lambda event: event.state in services.REPLAYABLE and not event.trimmed_at,
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
)
def set_aside(event: Event, *, by: User, reason: str) -> None:
    services.set_aside(event, by=by, reason=reason)
