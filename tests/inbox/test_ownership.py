"""Every event has an owner, also one that nothing is done with: the other side sees only that it came."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.urls import reverse

from hireops.inbox import registry
from hireops.inbox.models import Event
from hireops.inbox.tasks import drain
from tests.deliveries import deliver, envelope

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).parents[1] / "feishu" / "data" / "events"
OF_THE_CONTRACT = {path.name.removesuffix(".json").removesuffix(".v1") for path in EXAMPLES.iterdir()} - {
    "hire.eco_exam.created_v1.sdk_extended"
}
ORDERED = "hire.eco_background_check.created_v1"
OF_HR = "hire.referral_account.assets_update_v1"
OF_THE_APP = {"app_ticket", "app_open", "app_status_change", "app_uninstalled"}
OF_THE_VENDOR = OF_THE_CONTRACT - OF_THE_APP - {OF_HR}
NOBODY_KNOWS = {"hire.candidate.hired_v9", ""}
LIST = "/admin/inbox/event/"
ROLES = ("hira", "ada", "vera", "audrey", "otto")
SEES_THE_VENDORS = {"vera", "audrey", "otto"}


@pytest.fixture
def people(request, client_of):
    """``people("hira")``: her browser, in English."""

    def people(name):
        browser = client_of(request.getfixturevalue(name))
        browser.cookies["django_language"] = "en"
        return browser

    return people


@pytest.fixture
def ordered(client, monkeypatch):
    """A customer has ordered a background check as in the contract's example, and no app handles that."""
    known = registry.get(ORDERED)
    assert known
    monkeypatch.setitem(registry._event_types, ORDERED, replace(known, handle=None))
    example = json.loads((EXAMPLES / "hire.eco_background_check.created_v1.json").read_text())
    deliver(client, envelope(ORDERED, example["event"]))
    drain()
    return Event.objects.get()


def page_of(event):
    return reverse("admin:inbox_event_change", args=[event.pk])


def press(browser, action, event):
    form = {"_selected_action": event.pk, "confirmed": "yes", "reason": "please"}
    return browser.post(f"{LIST}actions/{action}/", form, follow=True)


def test_every_type_of_the_contract_has_an_owner(vera, hira, ada, otto, audrey):
    everything = OF_THE_CONTRACT | NOBODY_KNOWS

    def seen(reader):
        return {name for name in everything if name in registry.seen_by(reader)}

    known = [event_type for name in OF_THE_CONTRACT if (event_type := registry.get(name))]
    assert len(known) == len(OF_THE_CONTRACT)
    assert all(event_type.permission for event_type in known)
    assert seen(vera) == OF_THE_VENDOR | OF_THE_APP
    assert seen(hira) == seen(ada) == {OF_HR} | OF_THE_APP
    assert seen(otto) == seen(audrey) == everything


def test_what_nothing_is_done_with_is_kept_and_says_so(ordered, people):
    assert ordered.state == "unhandled"
    assert "Background check ordered" in people("vera").get(page_of(ordered)).text


@pytest.mark.parametrize("name", ROLES)
def test_a_candidate_of_the_vendor_is_no_business_of_hr(ordered, people, name):
    page = people(name).get(page_of(ordered)).text
    sees = name in SEES_THE_VENDORS
    assert ("candidate_info" in page) is sees
    assert ("Your role does not include seeing what this event says." in page) is not sees
    account = ordered.payload["event"]["account_id"]
    Event.objects.update(subject=account)
    whole_list = people(name).get(LIST).text
    assert (account in whole_list) is sees
    assert (page_of(ordered) in people(name).get(LIST, {"q": account}).text) is sees
    assert ('?event_type=hire.eco_background_check.created_v1"' in whole_list) is sees


@pytest.mark.parametrize("name", ["hira", "ada"])
@pytest.mark.parametrize("action", ["replay", "set_aside"])
def test_who_does_not_see_an_event_that_nobody_handles_decides_nothing_about_it(
    ordered, people, name, action
):
    press(people(name), action, ordered)
    ordered.refresh_from_db()
    assert ordered.state == "unhandled"


@pytest.mark.parametrize("name", ROLES)
def test_a_type_that_nobody_knows_is_for_who_sees_both_sides(client, people, name):
    deliver(client, envelope("hire.candidate.hired_v9", {"remark": "王二 13800138000"}))
    drain()
    event = Event.objects.get()
    assert ("remark" in people(name).get(page_of(event)).text) is (name in {"audrey", "otto"})
    press(people(name), "set_aside", event)
    event.refresh_from_db()
    assert (event.state == "set_aside") is (name == "otto")


@pytest.mark.parametrize("name", ROLES)
def test_the_history_of_an_event_is_for_who_sees_the_event(ordered, people, name):
    press(people("otto"), "set_aside", ordered)
    answer = people(name).get(reverse("admin:inbox_event_history", args=[ordered.pk]))
    assert ("please" in answer.text) is (name in SEES_THE_VENDORS)
    assert answer.status_code == (200 if name in SEES_THE_VENDORS else 403)


@pytest.mark.parametrize("name", ROLES)
def test_the_home_page_counts_the_failures_that_one_can_decide_about(ordered, people, name):
    Event.objects.update(state="failed", reason="x")
    cards = {str(card.title): card.value for card in people(name).get("/admin/").context["cards"]}
    assert cards["Events that could not be handled"] == (1 if name in SEES_THE_VENDORS else 0)


def test_a_wish_to_replay_what_the_other_side_got_is_not_shown(ordered, people):
    form = {"since": "2020-01-01T00:00", "event_type": ordered.event_type, "reason": "candidate 王二"}
    people("vera").post(f"{LIST}replay-failed/", form)
    assert "王二" in people("vera").get("/admin/inbox/replay/").text
    assert "王二" not in people("hira").get("/admin/inbox/replay/").text
