"""What staff can do with events. Whoever calls one rings on commit."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.inbox import registry
from hireops.inbox.models import Event, Replay
from hireops.jobs import services as jobs

REPLAY = "inbox.replay"
REPLAYABLE = {Event.State.HANDLED, Event.State.UNHANDLED, Event.State.FAILED, Event.State.SET_ASIDE}
MAY_BE_SET_ASIDE = {Event.State.UNHANDLED, Event.State.FAILED, Event.State.UNREADABLE}


def replay_event(event: Event, *, by: User, reason: str) -> None:
    """Have the event handled once more, now. Its earlier attempts stay; a handler run twice changes nothing.

    Raises ``Refused`` for an event that is waiting or being handled already, cannot be read at all, or whose
    content was removed, and for one whose content ``by`` may not see.
    """
    _refuse_what_is_hidden(event, by)
    with transaction.atomic():
        event = _locked(event)
        if why := why_not_replayed(event):
            raise Refused(why)
        _make_due(event, by=by, reason=reason)


def why_not_replayed(event: Event) -> str:
    """Why it can't be handled once more now, as a sentence for staff. Empty if it can."""
    if event.state not in REPLAYABLE:
        return _("Only an event that was handled, failed or had no handler can be replayed.")
    if not event.has_content:
        return _("Its content was removed, because it was old. It cannot be handled again.")
    return ""


def replay_failed(*, since: datetime, event_type: str = "", by: User, reason: str) -> Replay:
    """Have everything replayed that was received since then and is failed now; it is done in the background.

    Events whose content ``by`` may not see are left out. Raises ``Refused`` if that moment has not come yet.
    """
    now = clock.now()
    if since > now:
        raise Refused(_("That moment has not come yet. Nothing was replayed: choose an earlier one."))
    with transaction.atomic():
        replay = Replay.objects.create(
            since=since, event_type=event_type, reason=reason, asked_by=by, asked_at=now
        )
        jobs.start(REPLAY, about=replay, by=by)
        action = gettext_noop("replay of failed events asked for")
        audit.record(
            by=by, action=action, on=replay, reason=reason, since=since, **_if_given(event_type=event_type)
        )
    return replay


def replay_again(event: Event, replay: Replay) -> None:
    """One event of a replay of many, whose row the caller has locked."""
    _make_due(event, by=replay.asked_by, reason=replay.reason, replay=replay.pk)


def why_not_set_aside(event: Event) -> str:
    if event.state in MAY_BE_SET_ASIDE:
        return ""
    return _("Only an event that failed, had no handler or cannot be read can be set aside.")


def set_aside(event: Event, *, by: User, reason: str) -> None:
    """Nothing more is to be done about the event. It stays, and can be replayed after all.

    Raises ``Refused`` for an event that took effect or is still to be handled, and for one whose content
    ``by`` may not see.
    """
    _refuse_what_is_hidden(event, by)
    with transaction.atomic():
        event = _locked(event)
        if why := why_not_set_aside(event):
            raise Refused(why)
        audit.record(by=by, action=gettext_noop("set aside"), on=event, reason=reason, state=event.state)
        event.state, event.not_before = Event.State.SET_ASIDE, None
        event.save(update_fields=["state", "not_before"])


def _refuse_what_is_hidden(event: Event, by: User) -> None:
    if event.event_type not in registry.seen_by(by):
        raise Refused(
            _("You may not see what this event says, so you can't decide about it. Ask somebody who may.")
        )


def _locked(event: Event) -> Event:
    locked = Event.objects.select_for_update(skip_locked=True).filter(pk=event.pk).first()
    if locked is None:
        raise Refused(_("A worker is handling this event at this moment. Look again in a minute."))
    return locked


def _make_due(event: Event, *, by: User, reason: str, **details: int) -> None:
    action = gettext_noop("replayed")
    audit.record(by=by, action=action, on=event, reason=reason, state=event.state, **details)
    event.state, event.not_before = Event.State.PENDING, clock.now()
    event.handled_at, event.tries = None, 0
    event.save(update_fields=["state", "not_before", "handled_at", "tries"])


def _if_given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def explain(event: Event) -> str:
    """What the state of the event means and what to do, in the words of staff."""
    match event.state:
        case Event.State.PENDING:
            return _("It is stored and will be handled within seconds. Nothing to do.")
        case Event.State.HANDLED:
            return _("It has taken effect. Nothing to do.")
        case Event.State.SET_ASIDE:
            return _("It did not take effect, and somebody decided that it need not: see the history.")
        case Event.State.UNHANDLED:
            return _explain_unhandled(event)
        case Event.State.UNREADABLE:
            return _(
                "It comes from Feishu, but cannot be read: %(reason)s Feishu was told that it arrived. "
                "Show the raw bytes to whoever looks after hireops."
            ) % {"reason": _(event.reason)}
    return _explain_failure(event)


def _explain_unhandled(event: Event) -> str:
    if registry.is_handled(event.event_type):
        return _(
            "It came before hireops knew what to do with events of this type, and nothing has followed. "
            "If it still matters, replay it; if not, set it aside."
        )
    return _(
        "hireops does nothing with events of this type. It is kept; after an update that knows "
        "the type, replay it."
    )


def _explain_failure(event: Event) -> str:
    reason = {"reason": _(event.reason)}
    if event.not_before:
        text = _("It could not be handled: %(reason)s. It is tried again by itself; nothing to do yet.")
        return text % reason
    text = _("It could not be handled: %(reason)s. It is not tried again by itself.")
    return f"{text % reason} {_next_step(event)}"


def _next_step(event: Event) -> str:
    match event.cause:
        case Event.Cause.CONTENT:
            return _(
                "Compare its content with what Feishu shows. If it is wrong there, have it corrected there "
                "and set this event aside: the correction sends a new one. If it is right, tell whoever "
                "looks after hireops, and replay it after the update."
            )
        case Event.Cause.ERROR:
            return _(
                "This is a fault inside hireops, not in the event. Tell whoever looks after hireops the "
                "reason; once it is mended, replay it."
            )
        case Event.Cause.LOST:
            return _(
                "The worker ended each time, often for want of memory. Have whoever looks after hireops "
                "look at the worker at the times of the attempts below, then replay it."
            )
    return _("Mend the cause, then replay it.")
