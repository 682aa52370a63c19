"""What we ask of Feishu, and what its answer changes."""

from django.utils.translation import gettext_lazy as _

from hireops.feishu import hire
from hireops.feishu.endpoints import ENDPOINTS
from hireops.outbox.registry import Operation, register

CREATE_CUSTOM_FIELDS = "eco_account_custom_field.create"

# A full replace: repeating it after a lost answer gives the same form (contract 8.6). The push that owes
# the call reads its state, so the answer changes nothing else.
register(
    Operation(
        name=CREATE_CUSTOM_FIELDS,
        label=_("Push custom fields"),
        send=hire.create_eco_account_custom_field,
        endpoint=ENDPOINTS[CREATE_CUSTOM_FIELDS],
        permission="bindings.view_customfieldpush",
    )
)
