"""The events' pages in the admin: what staff see of an event, and replaying it."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from hireops.desk.models import AuditEntry
from hireops.inbox import registry
from hireops.inbox.models import Event, EventContent
from hireops.inbox.tasks import drain
from tests.deliveries import ECO_ACCOUNT_CREATED, deliver, envelope, post, signed
from tests.searching import reveal

pytestmark = pytest.mark.django_db

REPLAY = "/admin/inbox/event/actions/replay/"


def _page(event: Event) -> str:
    return reverse("admin:inbox_event_change", args=[event.pk])


@pytest.fixture
def failed_event(client, handles):
    handles("test.x_v1", lambda event: None)
    deliver(client, envelope("test.x_v1", {"candidate_info": {"mobile": {"number": "18900001111"}}}))
    Event.objects.update(state="failed", reason="ValueError: no such account", not_before=None, tries=6)
    return Event.objects.get()


def _replay(client, event, **more):
    return client.post(REPLAY, {"_selected_action": event.pk, "confirmed": "yes", **more})


def test_the_list_finds_an_event_by_its_id_and_filters_by_state(client_of, vera, failed_event, client):
    deliver(client, envelope("test.other_v1"))
    vera_browser = client_of(vera)
    for query in ({"q": failed_event.event_id}, {"state__exact": "failed"}):
        page = vera_browser.get("/admin/inbox/event/", query)
        assert list(page.context["cl"].result_list) == [failed_event]
        assert failed_event.event_id in page.text


def test_an_events_page_says_what_happened_and_what_to_do(client_of, vera, failed_event):
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    page = browser.get(_page(failed_event)).text
    assert "It could not be handled: ValueError: no such account" in page
    assert "Mend the cause, then replay it." in page


def test_personal_data_is_masked_for_who_may_not_see_it(client_of, audrey, failed_event):
    page = client_of(audrey).get(_page(failed_event)).text
    assert "18900001111" not in page
    assert "189****1111" in page


def test_a_replay_is_confirmed_with_what_is_replayed_and_what_waits_anyway(
    client_of, vera, failed_event, client
):
    deliver(client, envelope("test.x_v1"))
    waiting = Event.objects.exclude(pk=failed_event.pk).get()
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    page = browser.post(REPLAY, {"_selected_action": [failed_event.pk, waiting.pk]}).text
    assert 'value="Replay 1 event"' in page
    taking, apart = page.split("Left out: 1")
    assert _page(failed_event) in taking
    assert "no such account" in taking
    assert _page(waiting) in apart
    assert "Only an event that was handled, failed or had no handler can be replayed." in apart


def test_no_page_shows_the_verification_token(client, client_of, otto, settings, admin_client):
    settings.FEISHU_ENCRYPT_KEY = ""
    settings.FEISHU_VERIFICATION_TOKEN_PREVIOUS = "the-token-before-this-one"
    for token in (settings.FEISHU_VERIFICATION_TOKEN, settings.FEISHU_VERIFICATION_TOKEN_PREVIOUS):
        client.post("/webhook/event", envelope(token=token), content_type="application/json")
        page = admin_client.get(_page(Event.objects.latest("pk"))).text
        assert token not in page


def test_an_unreadable_event_has_a_page(client, admin_client):
    post(client, signed(b'{"encrypt": "\\u0000"}'))
    assert admin_client.get(_page(Event.objects.get())).status_code == 200


def test_replaying_handles_the_event_again_and_keeps_its_attempts(client_of, vera, failed_event, handles):
    new_year = datetime(2026, 1, 1, tzinfo=UTC)
    failed_event.attempts.create(started_at=new_year, finished_at=new_year, outcome="raised")
    handles("test.x_v1", lambda event: None)
    _replay(client_of(vera), failed_event, reason="the account exists now")
    failed_event.refresh_from_db()
    assert (failed_event.state, failed_event.tries) == ("pending", 0)
    drain()
    failed_event.refresh_from_db()
    assert failed_event.state == "handled"
    assert [attempt.outcome for attempt in failed_event.attempts.all()] == ["raised", "handled"]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason) == (vera, "the account exists now")


def test_who_may_not_replay_is_refused_and_nothing_changes(client_of, audrey, failed_event):
    assert _replay(client_of(audrey), failed_event).status_code == 403
    failed_event.refresh_from_db()
    assert failed_event.state == "failed"
    assert not AuditEntry.objects.filter(action="replayed").exists()


def test_an_event_that_is_waiting_already_is_not_replayed(client_of, vera, failed_event):
    Event.objects.update(state="pending", not_before=datetime(2026, 1, 1, tzinfo=UTC), tries=0)
    response = client_of(vera).post(
        REPLAY, {"_selected_action": failed_event.pk, "confirmed": "yes"}, follow=True
    )
    assert AuditEntry.objects.count() == 0
    assert [message.level_tag for message in response.context["messages"]] == ["error"]


@pytest.mark.parametrize("page", ["add/", "{pk}/delete/"])
def test_nobody_adds_or_deletes_events(admin_client, failed_event, page):
    url = "/admin/inbox/event/" + page.format(pk=failed_event.pk)
    assert admin_client.get(url).status_code == 403
    assert Event.objects.count() == 1


def test_the_home_page_tells_of_failures(client_of, vera, failed_event):
    home = client_of(vera).get("/admin/").text
    assert "/admin/inbox/event/?state__exact=failed" in home


def test_the_page_says_it_in_words_and_links_to_what_came_of_it(
    client_of, vera, failed_event, handles, django_user_model
):
    changed = django_user_model.objects.create(username="changed-by-it")
    handles(
        "test.x_v1",
        lambda event: None,
        in_words=lambda payload: f"Somebody <b>did</b> something of {payload['header']['event_type']}.",
        changed=lambda event: [changed],
        followed=lambda event: [failed_event],
    )
    page = client_of(vera).get(_page(failed_event)).text
    assert "Somebody &lt;b&gt;did&lt;/b&gt; something of test.x_v1." in page
    assert f"/admin/auth/user/{changed.pk}/change/" in page
    assert page.count(f'<a href="{_page(failed_event)}">') == 1


def test_a_bound_account_is_told_in_words_and_linked_also_when_the_content_is_gone(client, client_of, vera):
    body = {
        "account_id": "69",
        "account_name": "Bright",
        "custom_field_list": [{"key": "k", "value": "secret"}],
    }
    deliver(client, envelope(ECO_ACCOUNT_CREATED, body))
    drain()
    event = Event.objects.get()
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    page = browser.get(_page(event)).text
    assert "A customer added the account “Bright” (69) and filled in 1 field." in page
    EventContent.objects.all().delete()
    page = browser.get(_page(event)).text
    assert "/admin/bindings/ecoaccount/" in page
    assert "A customer added" not in page


# --- Events about what is none of one's business


@pytest.fixture
def hidden_event(client, handles, django_user_model):
    """Failed; its app shows it to auditors and administrators only."""
    person = django_user_model.objects.create(username="changed-by-it")
    handles(
        "test.salary_v1",
        lambda event: None,
        label="Salary paid",
        in_words=lambda payload: "Somebody got 12.50.",
        changed=lambda event: [person],
        followed=lambda event: [person],
        permission="desk.view_auditentry",
    )
    body = {"account_id": "employee-7", "amount": "12.50"}
    deliver(client, envelope("test.salary_v1", body))
    event = Event.objects.get()
    event.conflicts.create(digest="x", raw=b"12.50", payload=body)
    Event.objects.update(state="failed", reason="KeyError at x.py:1", not_before=None, subject="employee-7")
    event.refresh_from_db()
    return event


TOLD = ("employee-7", "12.50", "changed-by-it")


def test_who_lacks_the_permission_sees_only_that_an_event_came(client_of, vera, hidden_event):
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    page, whole_list = browser.get(_page(hidden_event)).text, browser.get("/admin/inbox/event/").text
    assert "Your role does not include seeing what this event says." in page
    assert "/actions/" not in page
    for text in (page, whole_list):
        assert "Salary paid" in text
        assert hidden_event.event_id in text
        assert [told for told in TOLD if told in text] == []


def test_who_has_the_permission_sees_all_of_it(client_of, otto, hidden_event):
    page = client_of(otto).get(_page(hidden_event)).text
    assert [told for told in TOLD if told not in page] == []
    assert REPLAY in page
    assert "employee-7" in client_of(otto).get("/admin/inbox/event/").text


SET_ASIDE = "/admin/inbox/event/actions/set_aside/"


@pytest.mark.parametrize("url", [REPLAY, SET_ASIDE])
def test_who_can_not_see_what_an_event_says_does_not_decide_about_it(client_of, vera, hidden_event, url):
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    form = {"_selected_action": hidden_event.pk, "confirmed": "yes", "reason": "please"}
    assert "You may not see what this event says" in browser.post(url, form, follow=True).text
    hidden_event.refresh_from_db()
    assert hidden_event.state == "failed"
    assert not AuditEntry.objects.exists()


def test_who_sees_a_hidden_event_replays_it(client_of, otto, hidden_event):
    _replay(client_of(otto), hidden_event, reason="may see it")
    hidden_event.refresh_from_db()
    assert hidden_event.state == "pending"


def test_the_bytes_of_an_unreadable_event_are_for_who_may_see_every_kind(
    client, client_of, vera, otto, handles
):
    post(client, signed(b'{"encrypt": "\\u0000", "amount": "12.50"}'))
    event = Event.objects.get()
    assert "12.50" not in client_of(otto).get(_page(event)).text
    assert "12.50" in reveal(client_of(otto), _page(event)).text
    handles("test.salary_v1", lambda event: None, permission="desk.view_auditentry")
    assert "12.50" not in client_of(vera).get(_page(event)).text
    assert reveal(client_of(vera), _page(event)).status_code == 403
    assert "12.50" in reveal(client_of(otto), _page(event)).text


def test_every_permission_that_an_event_type_asks_for_exists(admin_user):
    asked = {event_type.permission for event_type in registry._event_types.values()} - {""}
    assert asked <= admin_user.get_all_permissions()
