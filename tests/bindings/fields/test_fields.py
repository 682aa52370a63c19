"""Defining the fields of the form: what may be changed, and what Feishu makes final."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bindings.fields import services as fields
from bindings.models import CustomField, MatchingRule
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.outbox.models import Call
from tests.bindings.conftest import confirm, feishu_says, says

LIST = "admin:bindings_customfield_changelist"


def form(**values):
    filled = {
        "scope": 1,
        "key": "token",
        "name_zh": "令牌",
        "name_en": "",
        "description_zh": "",
        "description_en": "",
    }
    return {**filled, "position": "", "is_required": "on", **values}


def add(client, **values):
    return client.post(reverse("admin:bindings_customfield_add"), form(**values))


def page_of(field, page="change"):
    return reverse(f"admin:bindings_customfield_{page}", args=[field.pk])


UNRETIRED = {"initial-retired": "True"}  # the page was opened while the field was retired


def as_shown(page):
    """The form of a page, filled in as it stands, with what it remembers of that."""
    shown = {}
    for each in page.context["adminform"].form:
        value = each.value()
        shown[each.html_name] = "on" if value is True else "" if value is None else value
        if value is False:
            del shown[each.html_name]
        shown[each.html_initial_name] = "" if value is None else str(value)
    return shown


def errors(answer):
    return {name: " ".join(messages) for name, messages in answer.context["adminform"].form.errors.items()}


def test_a_field_is_added_at_the_end_and_audited_with_its_values(vendor, vera, field):
    field("first", position=70)
    assert add(vendor, name_en="Token").status_code == 302
    added = CustomField.objects.get(key="token")
    assert (added.scope, added.name_zh, added.name_en, added.is_required) == (1, "令牌", "Token", True)
    assert added.position == 80
    entry = entries_about(added).get()
    assert (entry.actor, entry.action) == (vera, "custom field added")
    assert entry.details["changes"]["name_zh"] == [None, "令牌"]


@pytest.mark.parametrize("key", ["", "a b", "a-b", "名称", "a" * 65, "a\n", "<b>"])
def test_a_key_that_is_not_1_to_64_letters_digits_or_underscores_is_refused(vendor, key):
    answer = add(vendor, key=key)
    if key == "a\n":  # the browser's form strips it
        assert CustomField.objects.get().key == "a"
        return
    assert "key" in errors(answer)
    assert CustomField.objects.count() == 0


@pytest.mark.parametrize("key", ["a", "A_1", "a" * 64])
def test_a_wellformed_key_is_taken(vendor, key):
    assert add(vendor, key=key).status_code == 302
    assert CustomField.objects.get().key == key


def test_the_same_key_is_refused_in_one_scope_and_taken_in_the_other(vendor, field):
    field("token")
    assert says(add(vendor), "There is a field with this key already.")
    assert add(vendor, scope=2).status_code == 302
    assert CustomField.objects.count() == 2


def test_a_field_without_a_chinese_name_is_refused(vendor):
    assert "name_zh" in errors(add(vendor, name_zh=" "))
    assert CustomField.objects.count() == 0


@pytest.mark.parametrize("wrong", [{"key": "a b"}, {"key": ""}, {"scope": 3}, {"name_zh": ""}])
def test_the_database_refuses_what_the_form_would(field, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        field(**{"key": "token", **wrong})


def test_the_key_can_be_corrected_until_it_has_been_pushed(vendor, field):
    token = field("tokne")
    assert vendor.post(page_of(token), form(position=1)).status_code == 302
    token.refresh_from_db()
    assert token.key == "token"
    assert entries_about(token).get().details["changes"]["key"] == ["tokne", "token"]


@pytest.mark.parametrize("said", [None, "accepted", "unknown"])
def test_the_key_is_fixed_once_feishu_knows_it_or_is_about_to(vendor, field, said):
    token = field("token")
    confirm(vendor)
    if said:
        feishu_says(said)
    vendor.post(page_of(token), form(key="another", scope=2, name_zh="新名", position=1))
    token.refresh_from_db()
    assert (token.key, token.scope, token.name_zh) == ("token", 1, "新名")


def test_a_key_that_feishu_refused_can_be_corrected(vendor, field):
    token = field("token")
    confirm(vendor)
    feishu_says("refused")
    assert vendor.post(page_of(token), form(key="another", position=1)).status_code == 302
    token.refresh_from_db()
    assert token.key == "another"


def test_a_key_that_feishu_answered_with_its_catch_all_may_be_on_the_form(vendor, field):
    """ "System error" can mean that it broke after the form had been taken (contract 8.4)."""
    token = field("token")
    confirm(vendor)
    feishu_says("catch_all")
    vendor.post(page_of(token), form(key="another", position=1))
    token.refresh_from_db()
    assert token.key == "token"


def test_a_field_that_was_never_pushed_can_be_deleted(vendor, field):
    token = field("token")
    assert vendor.post(page_of(token, "delete"), {"post": "yes"}).status_code == 302
    assert CustomField.objects.count() == 0
    assert AuditEntry.objects.get().action == "custom field deleted"


def test_a_field_that_was_pushed_can_only_be_retired(vendor, pushed):
    (token,) = pushed("token")
    assert vendor.post(page_of(token, "delete"), {"post": "yes"}).status_code == 403
    assert CustomField.objects.count() == 1
    assert vendor.post(page_of(token), form(retired="on", position=1)).status_code == 302
    token.refresh_from_db()
    assert token.retired


def test_what_another_person_changed_meanwhile_stays(vendor, field):
    token = field("token", position=3)
    opened = as_shown(vendor.get(page_of(token)))
    CustomField.objects.filter(pk=token.pk).update(retired=True, position=9)
    assert vendor.post(page_of(token), {**opened, "name_zh": "新名"}).status_code == 302
    token.refresh_from_db()
    assert (token.name_zh, token.retired, token.position) == ("新名", True, 9)
    assert entries_about(token).get().details["changes"] == {"name_zh": ["名称", "新名"]}


def test_the_service_writes_only_what_it_is_asked_to_change(field, vera):
    stale = field("token", position=3)
    CustomField.objects.filter(pk=stale.pk).update(retired=True)
    fields.change_custom_field(field=stale, values={"position": 5}, by=vera)
    assert CustomField.objects.values_list("position", "retired").get() == (5, True)


@pytest.mark.parametrize("change", ["change_custom_field", "delete_custom_field"])
def test_a_field_that_is_gone_is_refused_and_not_brought_back(field, vera, change):
    gone = field("token")
    CustomField.objects.all().delete()
    values = {"values": {"position": 5}} if change == "change_custom_field" else {}
    with pytest.raises(Refused, match="deleted by somebody else"):
        getattr(fields, change)(field=gone, by=vera, **values)
    assert (CustomField.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_there_is_no_deleting_of_many_at_once(vendor, field):
    token = field("token")
    vendor.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [token.pk], "post": "yes"})
    assert CustomField.objects.count() == 1


@pytest.fixture
def burned(vendor, pushed):
    """A field whose key was on the form, and is not any more."""
    _kept, gone = pushed("kept", "token")
    CustomField.objects.filter(pk=gone.pk).update(retired=True)
    confirm(vendor, removals=["token"])
    feishu_says("accepted")
    return gone


def test_who_retires_a_field_hears_which_rules_read_it(vendor, pushed):
    [token] = pushed("token")
    MatchingRule.objects.create(scope=1, key="token", kind="code")
    MatchingRule.objects.create(scope=1, key="token", kind="binding_code", enabled=False)
    saved = vendor.post(page_of(token), form(retired="on", position=1), follow=True)
    assert says(saved, "Matching rules that are on read ")
    assert says(saved, "customer code; space, width and case do not count")
    assert not says(saved, "one-time binding code")


def test_a_key_that_differs_only_in_case_is_refused(vendor, field):
    field("EDU")
    assert errors(add(vendor, key="edu"))["key"].startswith("There is “EDU” already.")


def test_a_retired_field_comes_back_as_long_as_its_key_is_on_the_form(vendor, pushed):
    _kept, token = pushed("kept", "token")
    CustomField.objects.filter(pk=token.pk).update(retired=True)
    assert vendor.post(page_of(token), form(position=1, **UNRETIRED)).status_code == 302
    token.refresh_from_db()
    assert not token.retired


def test_a_burned_key_does_not_come_back_and_the_form_says_why(vendor, burned):
    answer = vendor.post(page_of(burned), form(position=1, **UNRETIRED))
    assert "Feishu may never accept a removed key again" in errors(answer)["retired"]
    burned.refresh_from_db()
    assert burned.retired


def test_a_burned_key_is_refused_for_a_new_field_too(vendor, burned, field):
    CustomField.objects.filter(pk=burned.pk).delete()  # past the admin, which keeps it
    assert "Feishu may never accept a removed key again" in errors(add(vendor))["key"]
    other = field("other")
    assert "Feishu may never accept a removed key again" in errors(vendor.post(page_of(other), form()))["key"]
    assert not CustomField.objects.filter(key="token").exists()


def test_a_burned_key_of_one_scope_is_free_in_the_other(vendor, burned):
    assert add(vendor, scope=2).status_code == 302


def test_the_order_is_edited_in_the_list(vendor, field):
    first, second = field("first", position=1), field("second", position=2)
    rows = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    rows |= {"form-0-id": first.pk, "form-0-position": 5, "form-1-id": second.pk, "form-1-position": 2}
    assert vendor.post(reverse(LIST), rows).status_code == 302
    assert list(CustomField.objects.values_list("key", "position")) == [("second", 2), ("first", 5)]
    assert entries_about(first).get().details["changes"] == {"position": [1, 5]}


@pytest.mark.parametrize("wrong", ["", "-1", "x", "99999999999"])
def test_an_order_that_is_no_number_changes_nothing(vendor, field, wrong):
    first = field("first", position=1)
    rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": first.pk, "form-0-position": wrong}
    assert vendor.post(reverse(LIST), {**rows, "_save": "Save"}).status_code == 200
    assert CustomField.objects.get().position == 1
    assert "position" in errors(add(vendor, position="99999999999"))


def test_the_list_says_how_each_field_differs_from_the_form_at_feishu(vendor, pushed, field):
    same, changed, gone = pushed("same", "changed", "gone")
    CustomField.objects.filter(pk=changed.pk).update(name_zh="新名")
    CustomField.objects.filter(pk=gone.pk).update(retired=True)
    field("new")
    page = vendor.get(reverse(LIST))
    for words in [
        "On the form",
        "Changed, not pushed",
        "Leaves the form at the next push",
        "New, not pushed",
    ]:
        assert says(page, words)
    assert same.key in page.content.decode()


@pytest.mark.parametrize(
    ("page", "readings"),
    [(LIST, 2), ("admin:index", 2), ("admin:bindings_customfield_change", 1)],
    ids=["list", "home", "field"],
)
def test_the_history_of_pushes_is_read_once_for_each_form(vendor, pushed, page, readings):
    token, _city = pushed("token", "city")
    pushed("paper", scope=2)
    url = reverse(page, args=[token.pk] if page.endswith("change") else [])
    with CaptureQueriesContext(connection) as queries:
        assert vendor.get(url).status_code == 200
    assert len([each for each in queries if "bindings_customfieldpush" in each["sql"]]) == readings


def test_the_push_page_reads_the_history_once_and_only_what_it_needs(vendor, pushed):
    pushed("token")
    with CaptureQueriesContext(connection) as queries:
        vendor.get(reverse("admin:bindings_customfield_push", args=[1]))
    (history,) = [each["sql"] for each in queries if "bindings_customfieldpush" in each["sql"]]
    assert "payload" not in history
    assert "password" not in history


def test_the_buttons_of_the_list_lead_to_the_push_of_each_form(vendor, auditor):
    for scope in (1, 2):
        url = reverse("admin:bindings_customfield_push", args=[scope])
        assert url in vendor.get(reverse(LIST)).content.decode()
        assert url not in auditor.get(reverse(LIST)).content.decode()


def test_an_auditor_sees_the_fields_and_changes_nothing(auditor, field):
    token = field("token")
    assert auditor.get(page_of(token)).status_code == 200
    assert auditor.post(page_of(token), form(name_zh="新名")).status_code == 403
    assert add(auditor).status_code == 403
    token.refresh_from_db()
    assert (token.name_zh, CustomField.objects.count()) == ("名称", 1)


@pytest.mark.parametrize("who", ["hira", "ada", "eve"])
def test_hr_staff_have_nothing_to_do_here(request, client_of, field, who):
    client = client_of(request.getfixturevalue(who))
    token = field("token")
    for url in [reverse(LIST), page_of(token), reverse("admin:bindings_ecoaccount_changelist")]:
        assert client.get(url).status_code == 403
    assert Call.objects.count() == 0
