"""What apps ask of the outbox, and what staff can do with calls. Whoever calls one rings on commit."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock, locks
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.client import Answer
from hireops.feishu.models import Tenant
from hireops.outbox import registry
from hireops.outbox.channels import channel_for
from hireops.outbox.models import Call, lane_of
from hireops.outbox.reasons import Reason

State = Call.State
RESENDABLE = {State.REFUSED, State.WAITING}


def enqueue(
    *,
    operation: str,
    target: str,
    payload: dict[str, Any],
    tenant: Tenant | None,
    by: User | None,
    supersede: bool = False,
) -> Call:
    """Owe Feishu one call, if and only if the caller's transaction commits.

    ``payload`` holds the keyword arguments of the operation's ``send``. Calls of a tenant and target leave
    one at a time, as they were enqueued. With ``supersede`` the call replaces every older one of its kind
    for the target (a full replace): what has not left is given up; what may be on its way is never repeated
    and holds this one back until it can no longer land. Raises ``RuntimeError`` outside a transaction and
    ``UnknownOperationError`` for an operation that no app has registered.
    """
    _refuse_outside_a_transaction()
    registry.get(operation)
    lane = lane_of(tenant, target)
    # First the channel: who is just making the same one may want our lane next.
    channel = channel_for(operation, tenant)
    _wait_for_turn(lane)
    now = clock.now()
    call = Call.objects.create(
        operation=operation,
        target=target,
        tenant=tenant,
        channel=channel,
        lane=lane,
        payload=payload,
        replaces_older=supersede,
        not_before=now,
        pending_since=now,
        created_at=now,
        created_by=by,
    )
    if supersede:
        _supersede_older(call)
    return call


def _refuse_outside_a_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue belongs into the transaction of the change that causes the call")


def _wait_for_turn(lane: str) -> None:
    # Otherwise a call with a lower id could appear after a newer one was sent.
    locks.advisory_lock(f"outbox {lane}")


def _supersede_older(call: Call) -> None:
    older = Call.objects.filter(operation=call.operation, lane=call.lane, id__lt=call.pk, answer__isnull=True)
    for old in older.filter(state__in=[State.PENDING, State.WAITING]).select_for_update():
        old.superseded_by = call
        if old.lease_key is None:  # otherwise its worker ends it, when it knows what became of the request
            old.state, old.finished_at, old.reason = State.SUPERSEDED, call.created_at, ""
        old.save(update_fields=["superseded_by", "state", "finished_at", "reason"])


def cancel_call(call: Call, *, by: User | None, reason: str) -> None:
    """Give the call up. Raises ``Refused`` once Feishu may have done it, unless it waits for a person.

    ``by`` is None for the app that owes it; ``kept_by_app`` and ``permission`` bind staff only.
    """
    _refuse_what_is_hidden(call, by)
    _refuse_what_the_app_keeps(call, by)
    with transaction.atomic():
        call = Call.objects.select_for_update().get(pk=call.pk)
        _refuse_to_cancel(call)
        audit.record(by=by, action=gettext_noop("call cancelled"), on=call, reason=reason, state=call.state)
        call.state, call.finished_at = State.CANCELED, clock.now()
        call.reason, call.reason_details = Reason.CANCELED, {}
        call.save(update_fields=["state", "finished_at", "reason", "reason_details"])


def _refuse_what_is_hidden(call: Call, by: User | None) -> None:
    if by is not None and call.operation not in registry.seen_by(by):
        raise Refused(
            _("You may not see what this call is about, so you can't decide about it. Ask somebody who may.")
        )


def _refuse_what_the_app_keeps(call: Call, by: User | None) -> None:
    where_instead = registry.kept_by_app(call.operation)
    if by is not None and where_instead:
        raise Refused(where_instead)


def may_be_cancelled(call: Call) -> bool:
    """Whether it makes sense to offer it; ``cancel_call`` looks again."""
    not_begun = call.state not in Call.FINAL and call.lease_key is None and call.answer is None
    return not_begun and not registry.kept_by_app(call.operation)


def _refuse_to_cancel(call: Call) -> None:
    if call.state in Call.FINAL:
        raise Refused(_("This call has ended. Only a call that has not been done can be cancelled."))
    if call.answer is not None:
        raise Refused(_("Feishu has done this call already. It can't be cancelled any more."))
    if call.lease_key is not None:
        raise Refused(_("This call is on its way at this moment. Look again in a minute."))
    if call.state == State.PENDING and Call.objects.filter(pk=call.pk).may_have_landed().exists():
        raise Refused(
            _("Feishu may have done this call already. hireops is making sure of it; look again soon.")
        )


def never_send_again(call: Call) -> None:
    """End a call for the app that owes it, although Feishu may have done it; the app says why in its audit.

    For a caller that has locked its own rows and writes its own end in the same transaction. An answer that
    comes all the same is kept and applied (``recording.py``). Raises ``Refused`` while a request may be under
    way, and once Feishu has answered or the call has ended.
    """
    call = Call.objects.select_for_update().get(pk=call.pk)
    if why_not := why_not_ended(call):
        raise Refused(why_not)
    call.state, call.finished_at = State.CANCELED, clock.now()
    call.reason, call.reason_details, call.unresolved = Reason.NEVER_AGAIN, {}, False
    call.save(update_fields=["state", "finished_at", "reason", "reason_details", "unresolved"])


def why_not_ended(call: Call) -> str:
    """Why it can't be ended unanswered at this moment, as a sentence for staff. Empty if it can."""
    if call.state in Call.FINAL:
        return _("This call has ended. Only a call that has not been done can be cancelled.")
    if call.answer is not None:
        return _("Feishu has done this call already. It can't be cancelled any more.")
    if call.lease_key is not None:
        return _("This call is on its way at this moment. Look again in a minute.")
    if call.lease_until is not None and call.lease_until > clock.now():
        return _("The last request may still be on its way to Feishu. Look again in a minute.")
    return ""


def resend_call(call: Call, *, by: User | None, reason: str) -> None:
    """Send the same call again, now: for one that was refused, waits for a person, or is tried for ever.

    A call that Feishu has answered with yes is not sent; only its answer is applied again. Raises ``Refused``
    for a call in another state, and for one that a newer call has replaced at Feishu. ``by`` is None for the
    app that owes it; ``kept_by_app`` and ``permission`` bind staff only.
    """
    _refuse_what_is_hidden(call, by)
    _refuse_what_the_app_keeps(call, by)
    with transaction.atomic():
        _wait_for_turn(call.lane)  # a newer call that is just being owed must be seen
        call = Call.objects.select_for_update().get(pk=call.pk)
        _refuse_to_resend(call)
        audit.record(by=by, action=gettext_noop("call sent again"), on=call, reason=reason, state=call.state)
        call.state, call.finished_at = State.PENDING, None
        call.reason, call.reason_details = Reason.SENT_AGAIN, {}
        call.not_before = call.pending_since = clock.now()
        call.unresolved = False  # a person has looked
        call.save(
            update_fields=[
                "state",
                "finished_at",
                "reason",
                "reason_details",
                "not_before",
                "pending_since",
                "unresolved",
            ]
        )


def find_out_again(call: Call) -> None:
    """Ask once more what became of a call that waits for a person; no other call is touched."""
    with transaction.atomic():
        call = Call.objects.select_for_update().get(pk=call.pk)
        if call.state != State.WAITING or call.answer is not None or call.trimmed_at is not None:
            return
        call.state, call.reason, call.reason_details = State.PENDING, Reason.FINDING_OUT, {}
        call.not_before = call.pending_since = clock.now()
        call.unresolved = True
        call.save(
            update_fields=["state", "reason", "reason_details", "not_before", "pending_since", "unresolved"]
        )


def pause_call(call: Call, *, until: datetime) -> None:
    """Postpone the next try of a call that is tried for ever, for the app that owes it.

    The pause ends by itself at ``until``, or by ``end_pause``. Raises ``Refused`` while a try is under way,
    and for a call that has ended or been answered.
    """
    with transaction.atomic():
        call = Call.objects.select_for_update().get(pk=call.pk)
        if call.lease_key is not None or call.answer is not None or call.state in Call.FINAL:
            raise Refused(why_not_ended(call))
        call.not_before = max(call.not_before, until)
        call.reason, call.reason_details = Reason.PAUSED, {}
        call.save(update_fields=["not_before", "reason", "reason_details"])


def end_pause(call: Call) -> None:
    """Let a call leave now that was paused; any other stays as it is."""
    paused = Call.objects.filter(pk=call.pk, state=State.PENDING, reason=Reason.PAUSED, lease_key=None)
    paused.update(not_before=clock.now())


def leaves_from(call: Call) -> datetime:
    """When the next try of a call may leave: not before its channel opens."""
    return max(call.not_before, call.channel.open_from)


def is_pausing(call: Call) -> bool:
    """Whether a call that is tried for ever waits for its next try."""
    never_gives_up = registry.find(call.operation).retry.never_gives_up
    waits = call.state == State.PENDING and call.lease_key is None and call.not_before > clock.now()
    return never_gives_up and waits


def _refuse_to_resend(call: Call) -> None:
    if call.state not in RESENDABLE and not is_pausing(call):
        raise Refused(_("Only a call that was refused or waits for a person can be sent again."))
    if call.trimmed_at is not None:
        raise Refused(
            _("This call is so old that its content has been removed. Ask for it again where it came from.")
        )
    newer = Call.objects.filter(operation=call.operation, lane=call.lane, id__gt=call.pk, replaces_older=True)
    if call.answer is None and (
        newer.filter(state__in=[State.PENDING, State.WAITING]).exists() or newer.may_have_landed().exists()
    ):
        raise Refused(_("A newer call has replaced this one. Sending it now would undo the newer one."))


def mark_as_done(call: Call, *, by: User | None, reason: str) -> None:
    """End a call that waits for a person, who has looked and seen that Feishu has done it.

    What the app does with Feishu's answer is done with an empty one. Raises ``Refused`` for a call in another
    state, for one that hireops itself can simply send again, and if the app needs the answer that was lost.
    ``by`` is None for the app that owes it; ``kept_by_app`` and ``permission`` bind staff only.
    """
    _refuse_what_is_hidden(call, by)
    _refuse_what_the_app_keeps(call, by)
    with transaction.atomic():
        _apply_empty_answer(_refuse_to_mark(Call.objects.get(pk=call.pk)))
        call = _refuse_to_mark(Call.objects.select_for_update().get(pk=call.pk))
        audit.record(by=by, action=gettext_noop("call marked as done"), on=call, reason=reason)
        call.state, call.finished_at, call.answer = State.SUCCEEDED, clock.now(), {}
        call.reason, call.reason_details = Reason.DONE_BY_HAND, {}
        call.unresolved = False
        call.save(update_fields=["state", "finished_at", "answer", "reason", "reason_details", "unresolved"])


def may_be_marked_as_done(call: Call) -> bool:
    """Whether it makes sense to offer it; ``mark_as_done`` looks again."""
    return can_be_marked_as_done(call) and not registry.kept_by_app(call.operation)


def can_be_marked_as_done(call: Call) -> bool:
    safe = registry.find(call.operation).endpoint.safe_to_repeat
    return call.state == State.WAITING and call.answer is None and not safe


def _refuse_to_mark(call: Call) -> Call:
    if can_be_marked_as_done(call):
        return call
    raise Refused(
        _("Only a call that waits for a person, and would do harm if sent twice, can be marked as done.")
    )


def _apply_empty_answer(call: Call) -> None:
    # Before the call is locked, as everywhere: the apps lock their rows first and calls second.
    on_answer = registry.find(call.operation).on_answer
    try:
        if on_answer:
            on_answer(call, Answer(data={}, log_id="", http_status=200, duration_ms=0))
    except (LookupError, TypeError, ValueError) as error:
        raise Refused(
            _("hireops needs the answer that was lost, so this call can't be marked as done.")
        ) from error
