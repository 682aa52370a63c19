"""What Feishu has of an account's order form: read from our pushes and what was answered.

Feishu can't be asked (contract 4 has no read call), so our own record is the only memory of the form.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from bindings.models import OrderFormPush
from bindings.order_forms.plan import NOTHING, Asked, Form, Heard, Known, learn
from hireops.outbox.models import Attempt, Call

ORDER_FORM_EXISTS = 1002855  # at a create (contract 4.1)
ORDER_FORM_NOT_DELETED = 1002860  # at a delete (contract 4.3)

OPEN = [Call.State.PENDING, Call.State.WAITING]


@dataclass(frozen=True, slots=True)
class Told:
    """One call of a push, what was sent with it, and what is known of its end."""

    push: OrderFormPush
    call: Call
    asked: Asked
    form: Form
    heard: Heard


def read(account_id: int, *, before: Call | None = None) -> Known:
    """What is known of the account's form; ``before``: as it was when this call was about to leave."""
    return known_from(told for told in calls_of(account_id) if before is None or told.call.pk < before.pk)


def known_from(told: Iterable[Told]) -> Known:
    known = Known()
    for each in told:
        known = learn(known, each.asked, each.form, each.heard)
    return known


def calls_of(account_id: int) -> list[Told]:
    """Every call about the account's form, in the order in which they left."""
    return list(_told(pushes_with_calls(OrderFormPush.objects.filter(account_id=account_id))))


def calls_of_all(account_ids: Iterable[int]) -> list[Told]:
    """The same of many accounts, in one query; those of one account are in their order."""
    return list(_told(pushes_with_calls(OrderFormPush.objects.filter(account__in=list(account_ids)))))


def pushes_with_calls(pushes: QuerySet[OrderFormPush]) -> QuerySet[OrderFormPush]:
    """Oldest first, with their calls and whether these may have landed."""
    landed = Call.objects.may_have_landed()
    return (
        pushes.select_related("deletion", "sending")
        .annotate(
            deletion_landed=Exists(landed.filter(pk=OuterRef("deletion"))),
            sending_landed=Exists(landed.filter(pk=OuterRef("sending"))),
        )
        .order_by("pk")
    )


def _told(pushes: Iterable[OrderFormPush]) -> Iterator[Told]:
    for push in pushes:
        if push.deletion is not None:
            heard = heard_of(push.deletion, landed=push.deletion_landed)  # type: ignore[attr-defined]
            yield Told(push, push.deletion, Asked.DELETE, NOTHING, heard)
        if push.sending is not None:
            asked = Asked.UPDATE if push.road == OrderFormPush.Road.UPDATE else Asked.CREATE
            heard = heard_of(push.sending, landed=push.sending_landed)  # type: ignore[attr-defined]
            yield Told(push, push.sending, asked, push.sent, heard)


REFUSALS = {
    ORDER_FORM_EXISTS: (Heard.EXISTS, Heard.PERHAPS_EXISTS),
    ORDER_FORM_NOT_DELETED: (Heard.NOT_DELETED, Heard.PERHAPS_DELETED),
}


def heard_of(call: Call, *, landed: bool) -> Heard:
    """``landed``: whether one of its tries may have been done at Feishu."""
    if call.state == Call.State.SUCCEEDED:
        return Heard.DONE
    if call.state == Call.State.REFUSED and call.error_code in REFUSALS:
        return heard_refusal(call.error_code, landed=landed)
    return Heard.PERHAPS if landed else Heard.NOT_DONE


def heard_refusal(code: int, *, landed: bool) -> Heard:
    alone, repeated = REFUSALS[code]
    return repeated if landed else alone


def has_landed(call: Call) -> bool:
    """Whether an ended try of the call may have been done at Feishu, whatever is under way now."""
    return call.attempts.filter(Attempt.MAY_HAVE_LANDED, finished_at__isnull=False).exists()


def open_calls(account_id: int) -> QuerySet[Call]:
    """Those that are owed, or wait for a person."""
    theirs = Q(order_form_push__account=account_id) | Q(order_form_deletion__account=account_id)
    return Call.objects.filter(theirs, state__in=OPEN).order_by("pk")


def newest(told: Sequence[Told]) -> OrderFormPush | None:
    return told[-1].push if told else None
