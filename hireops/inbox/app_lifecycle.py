"""Events about a store app itself: its ticket, and which tenants have it (contract 1.4 and 1.7).

They are the platform's, not a business app's, so the inbox handles them.
"""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from hireops.feishu import tenants, tokens
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.inbox.registry import handles

BLANKED = "***"
STATE_AFTER = {
    "start_by_tenant": Tenant.State.ACTIVE,
    "stop_by_tenant": Tenant.State.SUSPENDED,
    "stop_by_platform": Tenant.State.SUSPENDED,
}


@handles("app_ticket", label=_("App ticket"))
def keep_ticket(event: Event) -> None:
    """The newest ticket is kept sealed, and taken out of the event; without one a store app gets no token."""
    ticket = str(event.body["app_ticket"])
    if ticket == BLANKED or event.payload is None:  # replayed
        return
    tokens.keep_app_ticket(app_id=event.app_id, ticket=ticket, sent_at=_time_of(event))
    blanked = {**event.payload, "event": {**event.body, "app_ticket": BLANKED}}
    # Not the object: if this is rolled back, it is handled once more.
    Event.objects.filter(pk=event.pk).update(payload=blanked)


@handles("app_open", label=_("App installed by a tenant"))
def open_tenant(event: Event) -> None:
    tenants.note_state(event.tenant, Tenant.State.ACTIVE, at=_time_of(event))


@handles("app_status_change", label=_("App switched on or off by a tenant"))
def change_status(event: Event) -> None:
    tenants.note_state(event.tenant, STATE_AFTER[event.body["status"]], at=_time_of(event))


@handles("app_uninstalled", label=_("App uninstalled by a tenant"))
def uninstall(event: Event) -> None:
    tenants.note_state(event.tenant, Tenant.State.GONE, at=_time_of(event))


def _time_of(event: Event) -> datetime:
    return event.created_at or event.received_at
