"""What we ask of Feishu, and what its answer changes (contract 4.1 to 4.3)."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bindings.models import OrderFormPush
from bindings.order_forms import history, sending, standings
from bindings.order_forms.history import ORDER_FORM_EXISTS, REFUSALS
from bindings.order_forms.plan import Heard, after_existing
from bindings.order_forms.sending import CREATE, DELETE, UPDATE
from bindings.order_forms.standings import Became
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register

KEPT_BY_APP = _(
    "Decide about this on the page of the account's order form: a push there ends this call and takes its "
    "place. Sent alone, it could undo what came after it."
)


def take_answer(call: Call, _answer: Answer) -> None:
    push = _push_of(call)
    row = standings.locked(push.account_id)
    if push.sending == call:
        sending.end_what_waits(push)
    standings.refresh(row, {call.pk: Became(Call.State.SUCCEEDED, Heard.DONE)})


def take_refusal(call: Call, error: FeishuError) -> None:
    """A create that is refused because there is a form takes the other road by itself, once."""
    push = _push_of(call)
    row = standings.locked(push.account_id)
    heard = _heard(call, error)
    if error.code == ORDER_FORM_EXISTS and push.sending == call and push.instead_of_id is None:
        before = history.read(push.account_id, before=call)
        sending.follow(after_existing(before, push.sent, heard), push)
    standings.refresh(row, {call.pk: Became(Call.State.REFUSED, heard)})


def _heard(call: Call, error: FeishuError) -> Heard:
    landed = history.has_landed(call)
    if error.code in REFUSALS:
        return history.heard_refusal(error.code, landed=landed)
    return Heard.PERHAPS if landed else Heard.NOT_DONE


def begin_to_wait(call: Call) -> None:
    row = standings.locked(_push_of(call).account_id)
    standings.refresh(row, {call.pk: Became(Call.State.WAITING, Heard.PERHAPS)})


def _push_of(call: Call) -> OrderFormPush:
    return OrderFormPush.objects.get(Q(sending=call) | Q(deletion=call))


for name, label, send in (
    (CREATE, _("Create an order form"), hire.create_eco_background_check_custom_field),
    (UPDATE, _("Update the texts of an order form"), hire.batch_update_eco_background_check_custom_field),
    (DELETE, _("Delete an order form"), hire.batch_delete_eco_background_check_custom_field),
):
    register(
        Operation(
            name=name,
            label=label,
            send=send,
            endpoint=ENDPOINTS[name],
            permission="bindings.view_orderformpush",
            kept_by_app=KEPT_BY_APP,
            on_answer=take_answer,
            on_refusal=take_refusal,
            on_waiting=begin_to_wait,
        )
    )
