"""Who may not see personal data does not find it out by asking cleverly either."""

import pytest
from django.urls import reverse

from hireops.inbox.models import Event
from referrals.models import Registration
from tests.referrals.conftest import BALANCE_EVENT

SECRET = "+8613812345674"


@pytest.fixture
def somebody(account, hira):
    made = account(mobile=SECRET, email="z6@open.com")
    Registration.objects.create(
        mobile_given="13812345674", mobile=SECRET, state="ready", account=made, created_by=hira
    )
    return made


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ("referrals_referralaccount", {"mobile__startswith": "+861"}),
        ("referrals_referralaccount", {"mobile__gt": "+86138"}),
        ("referrals_referralaccount", {"email__contains": "z6"}),
        ("referrals_referralaccount", {"name__startswith": "张"}),
        ("referrals_referralaccount", {"name__regex": "("}),
        ("referrals_registration", {"mobile_given__contains": "138"}),
        ("referrals_registration", {"account__mobile__startswith": "+861"}),
        ("referrals_withdrawal", {"account__name__startswith": "张"}),
        ("outbox_call", {"payload__mobile__number__startswith": "138"}),
        ("outbox_call", {"answer__account__referrer__mobile__startswith": "138"}),
        ("inbox_event", {"payload__event__account_id": "1"}),
    ],
)
def test_no_list_is_filtered_by_columns_that_it_offers_no_filter_for(
    pages, audrey, somebody, model, question
):
    asked = pages(audrey).get(reverse(f"admin:{model}_changelist"), question)
    assert asked.status_code == 400


@pytest.mark.parametrize(
    ("model", "question"),
    [
        ("referrals_referralaccount", {"status__exact": "1"}),
        (
            "referrals_withdrawal",
            {
                "requested_at__gte": "2026-11-01 00:00:00+08:00",
                "requested_at__lt": "2026-12-01 00:00:00+08:00",
            },
        ),
        ("referrals_balancechange", {"account__exact": "1"}),
        ("referrals_case", {"reconciliation__id__exact": "1"}),
        ("outbox_call", {"state__exact": "waiting", "tenant__id__exact": "1"}),
    ],
)
def test_the_filters_and_links_of_the_pages_work(pages, audrey, somebody, model, question):
    assert pages(audrey).get(reverse(f"admin:{model}_changelist"), question).status_code == 200


def test_hr_replays_its_own_events_and_not_those_of_the_vendor(pages, hira, db):
    def event(event_type):
        return Event.objects.create(
            app_id="cli", event_id=event_type, event_type=event_type, tenant_key="t", raw=b"", state="failed"
        )

    for event_type, allowed in [(BALANCE_EVENT, True), ("hire.eco_account.created_v1", False)]:
        failed = event(event_type)
        chosen = {"_selected_action": [failed.pk], "confirmed": "yes", "reason": "mended"}
        pages(hira).post(reverse("admin:inbox_event_staff_action", args=["replay"]), chosen)
        failed.refresh_from_db()
        assert (failed.state == "pending") is allowed
