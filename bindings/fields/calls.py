"""What we ask of Feishu, and what its answer changes."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from bindings.models import CustomFieldPush
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register

CREATE_CUSTOM_FIELDS = "eco_account_custom_field.create"
UPDATE_CUSTOM_FIELDS = "eco_account_custom_field.batch_update"
DELETE_CUSTOM_FIELDS = "eco_account_custom_field.batch_delete"
OPERATIONS = {
    CustomFieldPush.Kind.REPLACE: CREATE_CUSTOM_FIELDS,
    CustomFieldPush.Kind.UPDATE: UPDATE_CUSTOM_FIELDS,
    CustomFieldPush.Kind.DELETE: DELETE_CUSTOM_FIELDS,
}


def body_of(push: CustomFieldPush) -> dict[str, Any]:
    """What the push sends."""
    if push.kind == CustomFieldPush.Kind.DELETE:
        return {"scope": push.scope, "custom_field_key_list": push.removed}
    return {"scope": push.scope, "custom_field_list": push.fields}


def end_doubtful_deletes(call: Call, _answer: Answer) -> None:
    """The whole list is there: an older delete that is not clear has nothing left to decide."""
    push = CustomFieldPush.objects.get(call=call)
    older = CustomFieldPush.objects.filter(
        scope=push.scope, tenant=push.tenant, pk__lt=push.pk, kind=CustomFieldPush.Kind.DELETE
    )
    for delete in older.filter(call__state=Call.State.WAITING).select_related("call"):
        if not set(delete.removed) & push.keys:
            outbox.cancel_call(delete.call, by=None, reason="")


# Repeating a replace or an update after a lost answer gives the same form (contract 8.6); a delete that is
# repeated may be refused. The push that owes the call reads its state.
for name, label, send in (
    (CREATE_CUSTOM_FIELDS, _("Push custom fields"), hire.create_eco_account_custom_field),
    (UPDATE_CUSTOM_FIELDS, _("Update texts of custom fields"), hire.batch_update_eco_account_custom_field),
    (DELETE_CUSTOM_FIELDS, _("Delete custom fields"), hire.batch_delete_eco_account_custom_field),
):
    register(
        Operation(
            name=name,
            label=label,
            send=send,
            endpoint=ENDPOINTS[name],
            permission="bindings.view_customfieldpush",
            on_answer=end_doubtful_deletes if name == CREATE_CUSTOM_FIELDS else None,
        )
    )
