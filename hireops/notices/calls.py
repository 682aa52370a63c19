"""Sending a message, and what the answers change here."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.feishu import im
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.notices import content, standing
from hireops.notices.models import Message, Occasion, Recipient
from hireops.notices.standing import SEND
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register
from hireops.outbox.timing import RetryPolicy
from hireops.outbox.try_errors import NotWantedError
from hireops.people.feishu.accounts import open_id_of

# Feishu knows a uuid for an hour. After that, a message that may have arrived could arrive twice.
GIVEN_UP_AFTER = timedelta(minutes=50)
NEVER_SENT_AFTER = timedelta(minutes=55)  # also what something else has held up, or staff send again


def send(tenant_key: str, *, message: int) -> Answer:
    """Built when it leaves, from what is so then. Raises ``NotWantedError`` when that is nothing."""
    row = Message.objects.select_related("person").get(pk=message)
    told = content.told_by(row)
    open_id = open_id_of(row.person) if row.person.is_active and settings.FEISHU_MESSAGES else ""
    if not open_id or _is_pointless(row) or not (told or row.is_test):
        raise NotWantedError
    return im.send_card(tenant_key, open_id=open_id, card=content.card_of(row, told), uuid=str(row.uuid))


def _is_pointless(message: Message) -> bool:
    too_old = message.created_at < clock.now() - NEVER_SENT_AFTER
    return too_old or standing.refused_since(message.created_at)


def arrived(call: Call, _answer: Answer) -> None:
    people = Message.objects.filter(call=call).values("person")
    Recipient.objects.filter(person__in=people).update(out_of_range_since=None)


def refused(call: Call, error: FeishuError) -> None:
    """One person out of range is left alone from now on; if it is the app, all of it is told later."""
    if error.code == standing.NOT_IN_RANGE:
        person = Message.objects.get(call=call).person
        Recipient.objects.update_or_create(person=person, defaults={"out_of_range_since": clock.now()})
    if error.code in standing.APP_NOT_ALLOWED:
        not_sent = Q(messages__call=call) | Q(
            messages__call__operation=SEND, messages__call__state=Call.State.PENDING
        )
        untold = Occasion.objects.filter(not_sent).values("pk")
        Occasion.objects.filter(pk__in=list(untold.values_list("pk", flat=True))).update(told_at=None)


register(
    Operation(
        name=SEND,
        label=_("Tell somebody in Feishu"),
        send=send,
        endpoint=ENDPOINTS[SEND],
        retry=RetryPolicy(give_up_after=GIVEN_UP_AFTER),
        is_news=True,
        on_answer=arrived,
        on_refusal=refused,
    )
)
