"""The pages on which staff see what Feishu was told, and decide about what needs a person."""

import json

import pytest

from hireops.desk.models import AuditEntry
from hireops.feishu.models import Tenant
from hireops.outbox import registry
from hireops.outbox.models import Call, Channel
from hireops.outbox.tasks import drain
from tests.outbox.conftest import busy, refused, unknown

pytestmark = pytest.mark.django_db

LIST = "/admin/outbox/call/"
RESEND = "/admin/outbox/call/actions/resend/"
CANCEL = "/admin/outbox/call/actions/cancel/"
DONE = "/admin/outbox/call/actions/mark_as_done/"


@pytest.fixture
def page(client_of, vera):
    """``page(url)``: what vera reads there, in English."""
    client = client_of(vera)
    client.cookies["django_language"] = "en"

    def page(url):
        answer = client.get(url)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


@pytest.fixture
def rung(monkeypatch):
    rung: list[object] = []
    monkeypatch.setattr("hireops.outbox.admin.ring", rung.append)
    return rung


@pytest.fixture
def refused_call(enqueue, feishu):
    feishu.says.append(refused(99991672))
    call = enqueue(1)
    drain()
    return call


def decide(client, url, call, **form):
    return client.post(url, {"_selected_action": [call.pk], "confirmed": "yes", **form})


def test_the_list_shows_operation_target_state_and_the_last_code(refused_call, page):
    text = page(LIST)
    for shown in ("Label of test.safe", "Refused", "99991672", "log-no"):
        assert shown in text


def test_the_calls_of_some_days_stand_in_the_order_of_their_time(enqueue, client_of, vera):
    """Those of an earlier month are found by their time, however many calls came later."""
    first, second = enqueue(1), enqueue(2)
    Call.objects.filter(pk=first.pk).update(created_at="2026-10-20T08:00Z")
    Call.objects.filter(pk=second.pk).update(created_at="2026-10-10T08:00Z")

    def shown(**asked):
        return list(client_of(vera).get(LIST, asked).context["cl"].result_list)

    assert shown() == [second, first]
    october = {"created_at_from": "2026-10-01", "created_at_to": "2026-10-31"}
    assert shown(**october) == [first, second]


def test_a_page_tells_every_attempt_and_what_the_state_means(refused_call, page):
    text = page(f"{LIST}{refused_call.pk}/change/")
    assert "The app lacks a permission" in text
    assert "Refused by Feishu" in text
    assert text.count("log-no") == 2
    assert "Send again" in text


def test_what_was_sent_and_answered_is_shown_without_secrets_and_personal_data(
    enqueue, feishu, registered, page
):
    feishu.says.append({"account_token": "canary-answer"})
    call = enqueue(payload={"password": "canary-secret", "mobile": "13812345678", "exam_id": "e-1"})
    drain()
    text = page(f"{LIST}{call.pk}/change/")
    assert "canary" not in text
    assert "13812345678" not in text
    assert "e-1" in text


TERMS = ["a-target", "log-1", "test.safe", "Label of test.safe", "tenant-a", "Company A"]


@pytest.mark.parametrize("term", TERMS)
def test_a_call_is_found_by_its_target_a_log_id_its_operation_and_its_tenant(enqueue, feishu, page, term):
    company = Tenant.objects.create(app_id="cli_1", tenant_key="tenant-a", name="Company A")
    found = enqueue(1, target="a-target", tenant=company)
    drain()
    other = enqueue(2, target="other-target", operation="test.other")
    drain()
    text = page(f"{LIST}?q={term}")
    assert f"{LIST}{found.pk}/change/" in text
    assert f"{LIST}{other.pk}/change/" not in text


def test_what_was_sent_and_answered_in_each_attempt_can_be_unfolded(enqueue, feishu, page):
    feishu.says.append({"id": "answered-7"})
    call = enqueue(payload={"exam_id": "sent-7"})
    drain()
    text = page(f"{LIST}{call.pk}/change/")
    assert text.count("<details>") == 2
    assert text.count("sent-7") == 2
    assert text.count("answered-7") == 2


def test_a_call_that_its_channel_holds_back_says_so(enqueue, feishu, page):
    feishu.says.append(busy(retry_after_s=600))
    enqueue(1)
    held = enqueue(2, target="b")
    drain()
    assert "rate limit is reached. Calls of this kind leave from" in page(f"{LIST}{held.pk}/change/")
    assert "Label of test.safe" in page("/admin/outbox/channel/")


def test_several_calls_are_sent_again_and_cancelled_at_once_with_one_reason(
    enqueue, feishu, client_of, vera, rung
):
    feishu.says.extend(unknown() for _ in range(3))
    calls = [enqueue(number, operation="test.unsafe", target=str(number)) for number in range(3)]
    drain_each(calls)
    client = client_of(vera)
    form = {"confirmed": "yes", "reason": "looked it up"}
    client.post(RESEND, {"_selected_action": [calls[0].pk, calls[1].pk], **form})
    client.post(CANCEL, {"_selected_action": [calls[2].pk], **form})
    assert list(Call.objects.order_by("id").values_list("state", flat=True)) == [
        "pending",
        "pending",
        "canceled",
    ]
    assert set(AuditEntry.objects.values_list("actor__username", "reason")) == {("vera", "looked it up")}


def drain_each(calls):
    for _ in calls:
        Channel.objects.update(open_from=calls[0].created_at)
        drain()


@pytest.mark.usefixtures("rung")
def test_a_person_who_has_looked_marks_a_doubtful_call_as_done(enqueue, feishu, client_of, vera, page):
    feishu.says.append(unknown())
    call = enqueue(1, operation="test.unsafe")
    drain()
    assert "It was done" in page(f"{LIST}{call.pk}/change/")
    decide(client_of(vera), DONE, call, reason="it is in Feishu")
    call.refresh_from_db()
    assert (call.state, call.reason) == ("succeeded", "done_by_hand")
    assert AuditEntry.objects.get().reason == "it is in Feishu"


def test_the_list_can_be_narrowed_by_state_and_operation(enqueue, feishu, page):
    feishu.says.append(unknown())
    waiting = enqueue(1, operation="test.unsafe")
    done = enqueue(2, target="b")
    drain()
    for query in ("state__exact=waiting", "operation=test.unsafe"):
        text = page(f"{LIST}?{query}")
        assert f"{LIST}{waiting.pk}/change/" in text
        assert f"{LIST}{done.pk}/change/" not in text


def test_sending_again_needs_a_reason_and_rings_for_a_worker(refused_call, client_of, vera, rung):
    client = client_of(vera)
    decide(client, RESEND, refused_call)
    assert Call.objects.get().state == "refused"
    assert not AuditEntry.objects.exists()
    decide(client, RESEND, refused_call, reason="the permission is there now")
    assert Call.objects.get().state == "pending"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.reason) == (vera, "the permission is there now")
    assert rung == [drain]


def test_a_call_is_cancelled_with_a_reason(enqueue, client_of, vera):
    call = enqueue(1)
    decide(client_of(vera), CANCEL, call, reason="typing mistake")
    assert Call.objects.get().state == "canceled"
    assert AuditEntry.objects.get().reason == "typing mistake"


def test_a_call_that_has_ended_meanwhile_is_not_cancelled_and_the_page_says_why(
    enqueue, feishu, client_of, vera
):
    call = enqueue(1)
    drain()
    client = client_of(vera)
    client.cookies["django_language"] = "en"
    answer = client.post(
        CANCEL,
        {"_selected_action": [call.pk], "confirmed": "yes", "reason": "late", "back": LIST},
        follow=True,
    )
    assert "This call has ended" in answer.content.decode()
    assert Call.objects.get().state == "succeeded"
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("url", [RESEND, CANCEL, DONE])
@pytest.mark.parametrize("name", ["ada", "audrey"])
def test_who_may_only_look_can_neither_send_again_nor_cancel(request, refused_call, client_of, name, url):
    client = client_of(request.getfixturevalue(name))
    assert client.get(f"{LIST}{refused_call.pk}/change/").status_code == 200
    before = json.dumps(list(Call.objects.values()), default=str)
    assert decide(client, url, refused_call, reason="please").status_code == 403
    assert json.dumps(list(Call.objects.values()), default=str) == before


def test_who_has_no_role_sees_no_calls(refused_call, client_of, eve):
    assert client_of(eve).get(LIST).status_code == 403


def test_nobody_edits_adds_or_deletes_a_call(refused_call, client_of, admin_user):
    client = client_of(admin_user)
    for url in (f"{LIST}add/", f"{LIST}{refused_call.pk}/delete/"):
        assert client.get(url).status_code == 403
    client.post(f"{LIST}{refused_call.pk}/change/", {"state": "succeeded"})
    assert Call.objects.get().state == "refused"


# --- Calls about what is none of one's business


@pytest.fixture
def hidden_call(enqueue, feishu, registered):
    """Refused by Feishu; its app shows it to auditors and administrators only."""
    registered("test.salary", permission="desk.view_auditentry")
    refusal = refused(1234567)
    refusal.message = "said-12.50"
    feishu.says.append(refusal)
    payload = {"account_id": "employee-7", "amount": "paid-12.50"}
    call = enqueue(operation="test.salary", target="account:employee-7", payload=payload)
    drain()
    return call


CANARIES = ("employee-7", "12.50")


def test_who_lacks_the_permission_sees_only_that_there_was_a_call(hidden_call, page):
    text, whole_list = page(f"{LIST}{hidden_call.pk}/change/"), page(LIST)
    for shown in (
        "Label of test.salary",
        "Refused by Feishu",
        "1234567",
        "log-no",
        "does not include seeing",
    ):
        assert shown in text
    assert "/actions/" not in text
    assert "Label of test.salary" in whole_list
    assert [canary for canary in CANARIES if canary in text + whole_list] == []


def test_who_has_the_permission_sees_all_of_it(hidden_call, client_of, otto):
    text = client_of(otto).get(f"{LIST}{hidden_call.pk}/change/").text
    assert [canary for canary in CANARIES if canary not in text] == []
    assert RESEND in text
    assert "employee-7" in client_of(otto).get(LIST).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=account:employee-7", False),
        ("q=account:employee-7&operation=test.salary", False),
        ("q=log-no", True),
        ("q=test.salary", True),
        ("operation=test.salary", True),
    ],
)
def test_nobody_learns_by_searching_what_a_hidden_call_is_about(
    hidden_call, client_of, request, query, found
):
    def is_found_by(name):
        text = client_of(request.getfixturevalue(name)).get(f"{LIST}?{query}").text
        return f"{LIST}{hidden_call.pk}/change/" in text

    assert is_found_by("vera") is found
    assert is_found_by("otto")


def test_other_calls_with_the_same_target_are_found_without_the_hidden_one(hidden_call, enqueue, page):
    other = enqueue(1, target=hidden_call.target)
    text = page(f"{LIST}?q={hidden_call.target}")
    assert f"{LIST}{other.pk}/change/" in text
    assert f"{LIST}{hidden_call.pk}/change/" not in text


@pytest.mark.parametrize(
    "lookup", ["target", "target__startswith", "payload__amount", "attempts__request__x"]
)
def test_no_address_compares_what_is_hidden(hidden_call, client_of, vera, lookup):
    assert client_of(vera).get(LIST, {lookup: "account:employee-7"}).status_code == 400


@pytest.mark.usefixtures("rung")
@pytest.mark.parametrize("url", [RESEND, CANCEL, DONE])
def test_who_can_not_see_what_a_call_is_about_does_not_decide_about_it(hidden_call, client_of, vera, url):
    state = "refused" if url == RESEND else "waiting"
    Call.objects.update(state=state, finished_at=hidden_call.created_at if url == RESEND else None)
    client = client_of(vera)
    client.cookies["django_language"] = "en"
    form = {"_selected_action": [hidden_call.pk], "confirmed": "yes", "reason": "please", "back": LIST}
    assert "You may not see what this call is about" in client.post(url, form, follow=True).text
    assert Call.objects.get().state == state
    assert not AuditEntry.objects.exists()


def test_who_sees_a_hidden_call_sends_it_again(hidden_call, client_of, otto, rung):
    decide(client_of(otto), RESEND, hidden_call, reason="may see it")
    assert Call.objects.get().state == "pending"


def test_every_permission_that_an_operation_asks_for_exists(admin_user):
    asked = {operation.permission for operation in registry._operations.values()} - {""}
    assert asked <= admin_user.get_all_permissions()


def test_vendor_and_hr_staff_do_not_see_what_the_calls_of_the_others_are_about(vera, hira, ada, otto, audrey):
    # What drills have registered in this process is nobody's.
    names = [name for name, _ in registry.labels() if not name.startswith("drill.")]
    of_hr = {name for name in names if name.startswith("referral_account.")}
    assert len(of_hr) == 6
    of_everybody = {"message.create"}

    def hidden_from(reader):
        seen = registry.seen_by(reader)
        return {name for name in [*names, "of_an_app_that_is_gone"] if name not in seen}

    assert hidden_from(vera) == of_hr | {"of_an_app_that_is_gone"}
    of_the_vendor = {*names} - of_hr - of_everybody | {"of_an_app_that_is_gone"}
    assert hidden_from(hira) == hidden_from(ada) == of_the_vendor
    assert hidden_from(otto) == hidden_from(audrey) == set()


def test_the_history_of_a_call_is_for_who_sees_what_it_is_about(hidden_call, client_of, vera, otto):
    decide(client_of(otto), RESEND, hidden_call, reason="said-by-staff")
    history = f"{LIST}{hidden_call.pk}/history/"
    assert "said-by-staff" in client_of(otto).get(history).text
    answer = client_of(vera).get(history)
    assert answer.status_code == 403
    assert "said-by-staff" not in answer.text


def test_the_call_of_an_app_that_is_gone_is_for_who_sees_both_sides(
    hidden_call, client_of, vera, otto, monkeypatch
):
    monkeypatch.delitem(registry._operations, "test.salary")
    for person, sees in ((vera, False), (otto, True)):
        text = client_of(person).get(f"{LIST}{hidden_call.pk}/change/").text
        assert ("employee-7" in text) is sees


@pytest.mark.parametrize("name", ["vera", "audrey", "otto"])
def test_a_contact_in_what_feishu_said_long_ago_is_masked(refused_call, client_of, request, name):
    Call.objects.update(error_message="mobile 13812345674 of wang@abc.com")
    text = client_of(request.getfixturevalue(name)).get(f"{LIST}{refused_call.pk}/change/").text
    assert "138****5674" in text
    assert "13812345674" not in text
