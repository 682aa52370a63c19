"""Events about a store app itself: its ticket, and which tenants have it (contract 1.4 and 1.7).

They are the platform's, not a business app's, so the inbox handles them.
"""

from django.utils.translation import gettext_lazy as _

from hireops.encryption import KeyGoneError, decrypt
from hireops.feishu import tenants, tokens
from hireops.feishu.app_events import (
    AppOpenEvent,
    AppStatus,
    AppStatusChangeEvent,
    AppTicketEvent,
    AppUninstalledEvent,
)
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event, EventContent
from hireops.inbox.registry import EventType, Received, each, register

BLANKED = "***"
PERMISSION = "feishu.view_tenant"
STATE_AFTER = {
    AppStatus.START_BY_TENANT: Tenant.State.ACTIVE,
    AppStatus.STOP_BY_TENANT: Tenant.State.SUSPENDED,
    AppStatus.STOP_BY_PLATFORM: Tenant.State.SUSPENDED,
}


def keep_ticket(received: Received[AppTicketEvent]) -> None:
    """The newest ticket is kept, and taken out of the event; without one a store app gets no token."""
    event, encrypted = received.event, received.content.app_ticket
    if encrypted == BLANKED or event.payload is None:  # replayed
        return
    ticket = decrypt(encrypted)
    if ticket is None:
        raise KeyGoneError
    tokens.keep_app_ticket(app_id=event.app_id, ticket=ticket, sent_at=event.happened_at)
    blanked = {**event.payload, "event": {**event.body, "app_ticket": BLANKED}}
    # Not the object: if this is rolled back, it is handled once more.
    EventContent.objects.filter(event=event).update(payload=blanked)


def open_tenant(received: Received[AppOpenEvent]) -> None:
    _record_state(received.event, Tenant.State.ACTIVE)


def change_status(received: Received[AppStatusChangeEvent]) -> None:
    _record_state(received.event, STATE_AFTER[received.content.status])


def uninstall(received: Received[AppUninstalledEvent]) -> None:
    _record_state(received.event, Tenant.State.GONE)


def _record_state(event: Event, state: Tenant.State) -> None:
    tenants.record_state(event.tenant, state, at=event.happened_at)


register(
    EventType(
        name="app_ticket",
        label=_("App ticket"),
        read=AppTicketEvent.of,
        handle=each(keep_ticket),
        permission=PERMISSION,
        of_a_tenant=False,
    )
)
register(
    EventType(
        name="app_open",
        label=_("App installed by a tenant"),
        read=AppOpenEvent.of,
        handle=each(open_tenant),
        permission=PERMISSION,
    )
)
register(
    EventType(
        name="app_status_change",
        label=_("App switched on or off by a tenant"),
        read=AppStatusChangeEvent.of,
        handle=each(change_status),
        permission=PERMISSION,
    )
)
register(
    EventType(
        name="app_uninstalled",
        label=_("App uninstalled by a tenant"),
        read=AppUninstalledEvent.of,
        handle=each(uninstall),
        permission=PERMISSION,
    )
)
