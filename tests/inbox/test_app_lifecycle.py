"""Store apps: the ticket and the tenants' states follow the events, whatever their order."""

import json
import time
from datetime import UTC, datetime

import pytest
from django.utils import translation

from hireops import encryption
from hireops.feishu.models import AppTicket, Tenant
from hireops.inbox.models import Event
from hireops.inbox.services import explain
from hireops.inbox.tasks import drain
from tests.deliveries import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def tell(client, settings):
    """Deliver an event of schema 1.0 (contract 6.3) and have it handled."""

    def tell(event_type, ts, becomes="handled", **body):
        event = {"app_id": settings.FEISHU_APP_ID, "type": event_type, **body}
        content = {
            "uuid": f"{event_type}-{ts}",
            "ts": ts,
            "token": settings.FEISHU_VERIFICATION_TOKEN,
            "type": "event_callback",
            "event": event,
        }
        assert deliver(client, content).status_code == 200
        drain()
        told = Event.objects.get(event_id=content["uuid"])
        assert told.state == becomes
        return told

    return tell


def test_the_newest_ticket_is_kept_whatever_the_order(tell):
    tell("app_ticket", "1700000000.5", app_ticket="middle")
    tell("app_ticket", "1700003600.5", app_ticket="newest")
    tell("app_ticket", "1699990000.5", app_ticket="oldest")
    assert encryption.decrypt(AppTicket.objects.get().sealed) == "newest"


def test_a_ticket_is_kept_and_blanked_also_beside_one_that_can_not_be_read(client, settings):
    def ticket(name, **body):
        event = {"app_id": settings.FEISHU_APP_ID, "type": "app_ticket", **body}
        token = settings.FEISHU_VERIFICATION_TOKEN
        deliver(
            client,
            {"uuid": name, "ts": "1700000000.5", "token": token, "type": "event_callback", "event": event},
        )

    ticket("good", app_ticket="a-secret-ticket")
    ticket("bad")
    drain()
    assert Event.objects.get(event_id="bad").state == "failed"
    assert encryption.decrypt(AppTicket.objects.get().sealed) == "a-secret-ticket"
    assert "a-secret-ticket" not in json.dumps(Event.objects.get(event_id="good").payload)


def test_the_ticket_is_on_no_page(tell, admin_client):
    tell("app_ticket", "1700000000.5", app_ticket="a-secret-ticket")
    page = admin_client.get(f"/admin/inbox/event/{Event.objects.get().pk}/change/").text
    assert "app_ticket" in page
    assert "a-secret-ticket" not in page


def test_a_tenants_state_follows_its_life(tell):
    def state():
        return Tenant.objects.get(tenant_key="t1").state

    tell("app_open", "1700000001.0", tenant_key="t1", applicants=[{"open_id": "ou_1"}])
    assert state() == "active"
    tell("app_status_change", "1700000002.0", tenant_key="t1", status="stop_by_tenant")
    assert state() == "suspended"
    tell("app_status_change", "1700000003.0", tenant_key="t1", status="start_by_tenant")
    assert state() == "active"
    tell("app_uninstalled", "1700000005.0", tenant_key="t1")
    assert state() == "gone"
    tell("app_status_change", "1700000004.0", tenant_key="t1", status="start_by_tenant")
    assert state() == "gone"
    tell("app_open", "1700000006.0", tenant_key="t1", applicants=[])
    assert state() == "active"


def test_a_time_from_the_future_keeps_no_later_ticket_and_no_later_state_from_counting(tell):
    tell("app_ticket", "9999999999.0", app_ticket="from the future")
    tell("app_open", "9999999999.0", tenant_key="t1")
    now = time.time()
    tell("app_ticket", f"{now + 1}", app_ticket="newest")
    tell("app_uninstalled", f"{now + 1}", tenant_key="t1")
    assert encryption.decrypt(AppTicket.objects.get().sealed) == "newest"
    assert Tenant.objects.get().state == "gone"


def test_what_counted_from_the_future_before_an_update_counts_no_more(tell):
    tell("app_ticket", "1700000000.5", app_ticket="from the future")
    tell("app_open", "1700000000.5", tenant_key="t1")
    AppTicket.objects.update(sent_at=datetime(2286, 11, 20, tzinfo=UTC))
    Tenant.objects.update(state_at=datetime(2286, 11, 20, tzinfo=UTC))
    tell("app_ticket", "1700000001.5", app_ticket="newest")
    tell("app_uninstalled", "1700000001.5", tenant_key="t1")
    assert encryption.decrypt(AppTicket.objects.get().sealed) == "newest"
    assert Tenant.objects.get().state == "gone"


@pytest.mark.parametrize("status", ["paused_by_the_moon", "", None, 7, {"stop": "by_tenant"}])
def test_a_status_that_nobody_knows_is_kept_with_words_of_its_own_and_changes_nothing(tell, status):
    tell("app_open", "1700000001.0", tenant_key="t1")
    event = tell("app_status_change", "1700000002.0", becomes="failed", tenant_key="t1", status=status)
    assert (event.cause, event.body["status"]) == ("content", status)
    assert "nobody knows whether the app is on" in event.reason
    assert "Compare its content" in explain_in_the_end(event)
    assert Tenant.objects.get(tenant_key="t1").state == "active"


def explain_in_the_end(event):
    """What its page says once it is not tried again by itself."""
    event.not_before = None
    with translation.override("en"):
        return explain(event)


@pytest.mark.parametrize("event_type", ["app_open", "app_status_change", "app_uninstalled"])
def test_what_names_no_tenant_is_kept_and_nobodys(tell, settings, event_type):
    settings.FEISHU_APP_TYPE = "store"
    tell("app_open", "1700000001.0", tenant_key="t1")
    event = tell(event_type, "1700000002.0", becomes="failed", status="stop_by_tenant")
    assert event.cause == "content"
    assert "names no tenant" in event.reason
    assert list(Tenant.objects.values_list("tenant_key", "state")) == [("t1", "active")]


def test_a_ticket_needs_no_tenant(tell, settings):
    settings.FEISHU_APP_TYPE = "store"
    tell("app_ticket", "1700000000.5", app_ticket="newest")
    assert encryption.decrypt(AppTicket.objects.get().sealed) == "newest"
    assert not Tenant.objects.exists()


def test_the_payload_of_a_ticket_event_is_readable_json(tell):
    tell("app_ticket", "1700000000.5", app_ticket="x")
    assert json.loads(json.dumps(Event.objects.get().payload))["uuid"] == "app_ticket-1700000000.5"
