"""Owing Feishu the calls of a road, and ending those of an older one."""

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import EcoAccount, OrderForm, OrderFormField, OrderFormPush
from bindings.order_forms import history
from bindings.order_forms.plan import Asked, Plan, Road, base_of
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.tenants import call_tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Call

CREATE = "eco_background_check_custom_field.create"
UPDATE = "eco_background_check_custom_field.batch_update"
DELETE = "eco_background_check_custom_field.batch_delete"
OPERATIONS = {Asked.CREATE: CREATE, Asked.UPDATE: UPDATE, Asked.DELETE: DELETE}


def owe(
    plan: Plan,
    *,
    account: EcoAccount,
    form: OrderForm | None,
    by: User | None,
    instead_of: OrderFormPush | None = None,
) -> OrderFormPush:
    """Write the push and owe its calls, one behind the other. The caller has locked the account's row."""
    sent = [field.as_sent() for field in plan.form]
    calls = {asked: _owe(asked, account, sent, by) for asked in plan.calls}
    push = OrderFormPush.objects.create(
        account=account,
        form=form,
        road=plan.road.value,
        why=[why.value for why in plan.why],
        fields=[] if plan.road is Road.DELETE else sent,
        sensitive=_sensitive(plan, form),
        deletion=calls.pop(Asked.DELETE, None),
        sending=next(iter(calls.values()), None),
        instead_of=instead_of,
        created_by=by,
    )
    audit.record(
        by=by,
        action=gettext_noop("order form pushed"),
        on=account,
        push=push.pk,
        form=form.name if form else "",
        road=push.road,
        why=push.why,
    )
    return push


def _owe(asked: Asked, account: EcoAccount, sent: list[dict[str, Any]], by: User | None) -> Call:
    payload: dict[str, Any] = {"account_id": account.account_id}
    if asked is not Asked.DELETE:
        payload["custom_field_list"] = sent
    return outbox.enqueue(
        operation=OPERATIONS[asked],
        target=target_of(account),
        payload=payload,
        tenant=call_tenant(account.tenant),
        by=by,
    )


def target_of(account: EcoAccount) -> str:
    return f"eco_background_check_custom_fields:{account.account_id}"[:255]


def _sensitive(plan: Plan, form: OrderForm | None) -> list[str]:
    personal = OrderFormField.objects.filter(form=form, sensitive=True).values_list("base_key", flat=True)
    bases = set(personal) if form else set()
    return [field.key for field in plan.form if base_of(field.key) in bases]


def follow(plan: Plan, refused: OrderFormPush) -> OrderFormPush:
    """The other road, in place of a push whose create was refused because there is a form."""
    return owe(plan, account=refused.account, form=refused.form, by=None, instead_of=refused)


def end_open_calls(account: EcoAccount) -> None:
    """What an older push still owes is never sent again. Raises ``Refused`` while one is on its way."""
    for call in history.open_calls(account.pk):
        try:
            outbox.never_send_again(call)
        except Refused as refusal:
            raise Refused(
                _("Nothing was sent: an earlier push to this account is on its way. %(why)s")
                % {"why": refusal}
            ) from refusal


def end_what_waits(push: OrderFormPush) -> None:
    """The form is there: nobody has to decide any more about a delete that was not clear."""
    if push.deletion is not None and push.deletion.state == Call.State.WAITING:
        outbox.never_send_again(push.deletion)
