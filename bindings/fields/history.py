"""Which lists of custom fields Feishu has, may have, or is owed: read from our pushes and their calls.

Feishu can't be asked (contract 3 has no read call), so our own record is the only memory of its form. The
form belongs to the app and a scope. Whether a store app has one per tenant is not documented; pushes to all
tenants count as one history here, which keeps a key burned under either reading.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, OuterRef

from bindings.fields.plan import Field, burned_keys
from bindings.models import CustomFieldPush
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call

OPEN = [Call.State.PENDING, Call.State.WAITING]


def read(scope: int) -> "History":
    """All pushes of the scope, in one query. Read it once for each thing that is to be decided."""
    perhaps = Call.objects.may_have_landed().filter(pk=OuterRef("call"))
    rows = CustomFieldPush.objects.filter(scope=scope).annotate(may_have_landed=Exists(perhaps))
    shown = (
        "scope",
        "kind",
        "fields",
        "removed",
        "tenant",
        "created_at",
        "created_by__username",
        "created_by__last_name",
        "created_by__first_name",
        "call__state",
    )
    rows = rows.select_related("call", "created_by").only(*shown).order_by("pk")
    return History([_Past(row, landed=row.may_have_landed) for row in rows])


@dataclass(frozen=True, slots=True)
class _Past:
    push: CustomFieldPush
    landed: bool

    @property
    def accepted(self) -> bool:
        return self.push.call.state == Call.State.SUCCEEDED


class History:
    """The pushes of one scope, oldest first: their ids follow the order in which they may land."""

    def __init__(self, pushes: Sequence[_Past]) -> None:
        self._pushes = pushes

    @property
    def newest(self) -> CustomFieldPush | None:
        return self._pushes[-1].push if self._pushes else None

    @cached_property
    def accepted(self) -> CustomFieldPush | None:
        """The push whose list Feishu shows customers today, as far as its answers say."""
        return next((past.push for past in reversed(self._pushes) if past.accepted), None)

    @property
    def form_today(self) -> tuple[Field, ...]:
        return self.accepted.form if self.accepted else ()

    @cached_property
    def sent(self) -> list[CustomFieldPush]:
        """Pushes that reached Feishu or may have: accepted, or with a try whose end is not known."""
        return [past.push for past in self._pushes if past.accepted or past.landed]

    @property
    def unclear(self) -> list[CustomFieldPush]:
        """Pushes newer than the accepted one that may have replaced its list without our hearing of it."""
        newer = [push for push in self.sent if self.accepted is None or push.pk > self.accepted.pk]
        return [push for push in newer if not self._deletes_what_is_gone(push)]

    @cached_property
    def open(self) -> list[CustomFieldPush]:
        """Pushes that are still owed to Feishu."""
        owed = [past.push for past in self._pushes if past.push.call.state in OPEN]
        return [push for push in owed if not self._deletes_what_is_gone(push)]

    def _deletes_what_is_gone(self, push: CustomFieldPush) -> bool:
        """A delete that waits for a person, of keys that the accepted list has no more: if Feishu refuses
        that, they were gone (contract 3.2 and 3.4 leave open which)."""
        if push.kind != CustomFieldPush.Kind.DELETE or push.call.state != Call.State.WAITING:
            return False
        return self.accepted is not None and not set(push.removed) & self.accepted.keys

    @cached_property
    def burned(self) -> frozenset[str]:
        return burned_keys(push.keys for push in self.sent)

    @cached_property
    def pushed_keys(self) -> frozenset[str]:
        """Keys that Feishu knows, may know, or is about to be sent."""
        return frozenset[str]().union(*(push.keys for push in (*self.sent, *self.open)))

    def tenants_without_form(self, tenants: Iterable[Tenant]) -> list[Tenant]:
        """Those of the ``tenants`` whose last accepted list is another one than the list of today."""
        if self.accepted is None:
            return []
        latest = {past.push.tenant_id: past.push.fields for past in self._pushes if past.accepted}
        return [tenant for tenant in tenants if latest.get(tenant.pk) != self.accepted.fields]
