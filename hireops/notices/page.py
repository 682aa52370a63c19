"""What the page of a person says of messages, to administrators and to that person."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hireops.desk.display import state_badge
from hireops.desk.sections import Section
from hireops.notices import content
from hireops.notices.models import Message, Recipient
from hireops.outbox.models import Call
from hireops.people.feishu.accounts import open_id_of

SHOWN = 10


def about(person: User) -> dict[str, Any]:
    recipient = Recipient.objects.filter(person=person).first()
    newest = Message.objects.filter(person=person).select_related("call")[:SHOWN]
    return {
        "is_linked": bool(open_id_of(person)),
        "out_of_range_since": recipient.out_of_range_since if recipient else None,
        "messages_sent": [_row(message) for message in newest],
    }


def _row(message: Message) -> dict[str, Any]:
    state = state_badge(Call.State(message.call.state)) if message.call else ""
    return {"at": message.created_at, "said": content.sentences(message), "state": state}


def messages_of(_request: HttpRequest, person: User) -> Section | None:
    if not settings.FEISHU_MESSAGES:
        return None
    return Section(_("Messages in Feishu"), "notices/of_person.html", about(person))
