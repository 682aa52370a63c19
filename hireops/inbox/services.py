"""What staff can do with events."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops import database
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.inbox.models import Event

REPLAYABLE = {Event.State.HANDLED, Event.State.UNHANDLED, Event.State.FAILED}


def replay_event(event: Event, *, by: User, reason: str) -> None:
    """Have the event handled once more, now. Its earlier attempts stay; a handler run twice changes nothing.

    Raises ``Refused`` for an event that is waiting or being handled already, or cannot be read at all.
    """
    with transaction.atomic():
        event = Event.objects.select_for_update().defer("raw").get(pk=event.pk)
        if event.state not in REPLAYABLE:
            raise Refused(_("Only an event that was handled, failed or had no handler can be replayed."))
        if event.lease_key:
            raise Refused(_("A worker is handling this event at this moment. Look again in a minute."))
        audit.record(by=by, action=gettext_noop("replayed"), on=event, reason=reason, state=event.state)
        event.state, event.not_before = Event.State.PENDING, database.now()
        event.handled_at, event.tries = None, 0
        event.save(update_fields=["state", "not_before", "handled_at", "tries"])


def explain(event: Event) -> str:
    """What the state of the event means and what to do, in the words of staff."""
    match event.state:
        case Event.State.PENDING:
            return _("It is stored and will be handled within seconds. Nothing to do.")
        case Event.State.HANDLED:
            return _("It has taken effect. Nothing to do.")
        case Event.State.UNHANDLED:
            return _(
                "hireops does nothing with events of this type. It is kept; after an update that knows "
                "the type, replay it."
            )
        case Event.State.UNREADABLE:
            return _(
                "It comes from Feishu, but cannot be read: %(reason)s Feishu was told that it arrived. "
                "Show the raw bytes to whoever looks after hireops."
            ) % {"reason": _(event.reason)}
        case _ if event.not_before:
            return _(
                "It could not be handled: %(reason)s. It is tried again by itself; nothing to do yet."
            ) % {"reason": _(event.reason)}
    return _(
        "It could not be handled: %(reason)s. It is not tried again by itself. Mend the cause, "
        "then replay it."
    ) % {"reason": _(event.reason)}
