"""Pushing the form to Feishu: what staff see first, what is owed when they confirm, what becomes of it."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from bindings.fields.plan import ProblemKind
from bindings.models import CustomField, CustomFieldPush
from hireops.desk.append_only import AppendOnlyError
from hireops.desk.audit import entries_about
from hireops.desk.models import AuditEntry
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call
from tests.bindings.conftest import confirm, feishu_says, fingerprint_of, push_page, says
from tests.pages import waits
from tests.selection import also_on_sqlite, on_sqlite

pytestmark = also_on_sqlite


def keys(fields):
    return [each.key for each in fields]


def nothing_is_owed():
    return not Call.objects.exists() and not CustomFieldPush.objects.exists()


def test_the_page_shows_the_form_of_today_and_the_one_after(vendor, pushed, field):
    token, city = pushed("token", "city")
    field("invoice", "发票抬头", name_en="Invoice title", description_zh="用于月结")
    CustomField.objects.filter(pk=token.pk).update(name_zh="令牌")
    CustomField.objects.filter(pk=city.pk).update(retired=True)
    page = vendor.get(push_page())
    plan = page.context["preview"].plan
    assert keys(plan.today) == ["token", "city"]
    assert keys(plan.wanted) == ["token", "invoice"]
    assert (keys(plan.added), keys(plan.removed)) == (["invoice"], ["city"])
    for text in [
        "发票抬头",
        "Invoice title",
        "用于月结",
        "Name in Chinese was: 名称",
        "Added",
        "Removed",
    ]:
        assert says(page, text)
    assert says(page, "Feishu may never accept a removed key again")


def test_looking_at_the_page_sends_nothing(vendor, field):
    field("token")
    assert vendor.get(push_page()).status_code == 200
    assert nothing_is_owed()


def test_confirming_owes_one_call_with_exactly_the_fields_shown(vendor, vera, field):
    field(
        "token", "令牌", name_en="Token", description_zh="找客服", description_en="Ask us", is_required=True
    )
    field("city", "城市", is_required=False)
    field("old", "旧", retired=True)
    field("paper", "试卷", scope=2)
    answer = confirm(vendor)
    push, call = CustomFieldPush.objects.get(), Call.objects.get()
    body = [
        {
            "key": "token",
            "name": {"zh_cn": "令牌", "en_us": "Token"},
            "is_required": True,
            "description": {"zh_cn": "找客服", "en_us": "Ask us"},
        },
        {"key": "city", "name": {"zh_cn": "城市"}, "is_required": False},
    ]
    assert answer.url == reverse("admin:bindings_customfieldpush_change", args=[push.pk])
    assert (call.operation, call.target) == ("eco_account_custom_field.create", "eco_account_custom_fields:1")
    assert call.payload == {"scope": 1, "custom_field_list": body}
    assert (call.tenant, call.state, call.created_by) == (None, Call.State.PENDING, vera)
    assert (push.fields, push.call, push.created_by, push.scope) == (body, call, vera, 1)
    assert (push.added, push.changed, push.removed) == (["token", "city"], [], [])
    entry = entries_about(push).get()
    assert (entry.actor, entry.action, entry.details["added"]) == (
        vera,
        "custom fields pushed",
        ["token", "city"],
    )


def test_the_fields_are_sent_in_their_order(vendor, field):
    field("b", position=20)
    field("a", position=30)
    field("c", position=10)
    confirm(vendor)
    assert keys(CustomFieldPush.objects.get().form) == ["c", "b", "a"]


def test_an_empty_form_is_refused_with_the_reason_and_has_no_button(vendor, field):
    field("token", retired=True)
    page = vendor.get(push_page())
    assert says(page, "The form would be empty.")
    assert b"push-confirm" not in page.content
    assert says(confirm(vendor), "The form would be empty.")
    assert nothing_is_owed()


def test_a_removal_is_sent_only_when_its_key_was_typed(vendor, pushed):
    _token, city, region = pushed("token", "city", "region")
    CustomField.objects.filter(pk__in=[city.pk, region.pk]).update(retired=True)
    for typed in [(), ("city",), ("city", "regio"), ("token", "city")]:
        page = confirm(vendor, removals=typed)
        assert says(page, "Nothing was sent: type each key")
        assert Call.objects.count() == 1
    assert confirm(vendor, removals=["city", "region"]).status_code == 302
    assert CustomFieldPush.objects.latest("pk").removed == ["city", "region"]


def test_a_key_that_left_the_form_can_not_come_back(vendor, pushed):
    _token, city = pushed("token", "city")
    CustomField.objects.filter(pk=city.pk).update(retired=True)
    confirm(vendor, removals=["city"])
    feishu_says("accepted")
    CustomField.objects.filter(pk=city.pk).update(retired=False)  # past the form, which refuses it
    page = vendor.get(push_page())
    assert [problem.kind for problem in page.context["preview"].plan.problems] == [ProblemKind.BURNED]
    assert says(page, "Feishu may never accept a removed key again")
    assert says(confirm(vendor), "The key city was on the customer's form")
    assert Call.objects.count() == 2


def test_a_definition_that_changed_meanwhile_sends_nothing_and_shows_the_new_difference(vendor, field):
    field("token")
    looked_at = fingerprint_of(vendor.get(push_page()))
    field("city", "城市")
    page = confirm(vendor, fingerprint=looked_at)
    assert says(page, "Nothing was sent: the fields or the form at Feishu changed")
    assert keys(page.context["preview"].plan.added) == ["token", "city"]
    assert nothing_is_owed()
    assert confirm(vendor, fingerprint=fingerprint_of(page)).status_code == 302


def test_a_double_click_sends_one_push(vendor, field):
    field("token")
    looked_at = fingerprint_of(vendor.get(push_page()))
    assert confirm(vendor, fingerprint=looked_at).status_code == 302
    assert says(confirm(vendor, fingerprint=looked_at), "Nothing was sent")
    assert Call.objects.count() == 1


def test_the_same_list_can_be_pushed_again_on_purpose(vendor, pushed):
    pushed("token")
    page = vendor.get(push_page())
    assert says(page, "Nothing changes")
    assert says(page, "Push the same list again")
    assert confirm(vendor).status_code == 302
    assert Call.objects.count() == 2


def test_a_newer_push_takes_the_place_of_one_that_was_not_sent(vendor, field):
    field("token")
    confirm(vendor)
    first = CustomFieldPush.objects.get()
    assert says(vendor.get(push_page()), "is not finished")
    field("city")
    confirm(vendor)
    first.call.refresh_from_db()
    assert first.call.state == Call.State.SUPERSEDED
    assert says(
        vendor.get(reverse("admin:bindings_customfieldpush_change", args=[first.pk])), "See the newer push"
    )


def test_the_two_forms_do_not_touch_each_other(vendor, pushed, field):
    pushed("token")
    field("paper", scope=2)
    plan = vendor.get(push_page(2)).context["preview"].plan
    assert (plan.today, keys(plan.added)) == ((), ["paper"])
    confirm(vendor, 2)
    assert sorted(Call.objects.values_list("target", "state")) == [
        ("eco_account_custom_fields:1", "succeeded"),
        ("eco_account_custom_fields:2", "pending"),
    ]


def test_a_refused_push_changes_nothing_about_today(vendor, field):
    field("token")
    confirm(vendor)
    feishu_says("refused")
    page = vendor.get(push_page())
    assert page.context["preview"].plan.today == ()
    assert keys(page.context["preview"].plan.added) == ["token"]


def test_only_a_push_after_the_accepted_one_may_have_replaced_its_list(vendor, pushed, field):
    pushed("token")
    assert not says(vendor.get(push_page()), "Feishu may have taken the push")
    newer = field("newer")
    confirm(vendor)
    feishu_says("unknown")
    CustomField.objects.filter(pk=newer.pk).update(retired=True)
    page = vendor.get(push_page())
    assert says(page, "Feishu may have taken the push")
    assert page.context["preview"].given_up == ("newer",)


def test_a_push_that_was_refused_is_not_open(vendor, field):
    field("token")
    confirm(vendor)
    assert len(vendor.get(push_page()).context["preview"].open_pushes) == 1
    feishu_says("refused")
    assert vendor.get(push_page()).context["preview"].open_pushes == []


def test_what_feishu_may_have_of_one_push_it_does_not_have_of_another(vendor, field):
    field("exam", scope=2)
    confirm(vendor, 2)
    feishu_says("unknown")
    dropped, _kept = field("dropped"), field("kept")
    confirm(vendor)
    CustomField.objects.filter(pk=dropped.pk).update(retired=True)
    assert vendor.get(push_page()).context["preview"].given_up == ()


def test_a_key_that_feishu_may_have_must_be_confirmed_and_is_burned_when_dropped(vendor, field):
    token, _city = field("token"), field("city")
    confirm(vendor)
    feishu_says("unknown")
    CustomField.objects.filter(pk=token.pk).update(retired=True)
    page = vendor.get(push_page())
    assert says(page, "Feishu may have taken the push")
    assert page.context["preview"].given_up == ("token",)
    assert says(confirm(vendor), "Nothing was sent: type each key")
    assert confirm(vendor, removals=["token"]).status_code == 302
    feishu_says("accepted")
    CustomField.objects.filter(pk=token.pk).update(retired=False)
    assert vendor.get(push_page()).context["preview"].plan.problems[0].key == "token"


@pytest.mark.parametrize(
    ("said", "words", "refreshes"),
    [
        (None, "on its way to Feishu", True),
        ("unknown", "on its way to Feishu", True),
        ("accepted", "Feishu has accepted the list", False),
        ("refused", "Feishu has refused the list", False),
    ],
)
def test_the_page_of_a_push_says_what_became_of_it(vendor, field, said, words, refreshes):
    field("token", "令牌")
    page = vendor.get(confirm(vendor).url)
    if said:
        feishu_says(said)
        page = vendor.get(page.request["PATH_INFO"])
    assert says(page, words)
    assert says(page, "令牌")
    assert waits(page.content.decode()) == refreshes
    if said == "accepted":
        assert says(page, "LOG123")
    if said == "refused":
        assert says(page, "99992402")
        assert says(page, "field validation failed")


def test_the_page_of_a_push_links_to_its_call(vendor, field):
    field("token")
    page = vendor.get(confirm(vendor).url)
    assert says(page, "Push custom fields")
    assert reverse("admin:outbox_call_change", args=[Call.objects.get().pk]) in page.content.decode()


def test_nobody_edits_or_deletes_a_push(vendor, pushed):
    pushed("token")
    url = reverse("admin:bindings_customfieldpush_change", args=[CustomFieldPush.objects.get().pk])
    before = CustomFieldPush.objects.values().get()
    assert vendor.post(url, {"scope": 2}).status_code == 403
    assert vendor.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert CustomFieldPush.objects.values().get() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda push: push.save(),
        lambda push: push.delete(),
        lambda push: CustomFieldPush.objects.update(fields=[]),
        lambda push: CustomFieldPush.objects.filter(pk=push.pk).delete(),
    ],
)
def test_code_cannot_change_a_push(pushed, change):
    pushed("token")
    before = CustomFieldPush.objects.values().get()
    with pytest.raises(AppendOnlyError):
        change(CustomFieldPush.objects.get())
    assert CustomFieldPush.objects.values().get() == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE bindings_customfieldpush SET fields = '[]'", "DELETE FROM bindings_customfieldpush"],
)
def test_the_database_refuses_to_change_a_push(pushed, statement):
    pushed("token")
    assert_that_the_database_refuses(statement)


@on_sqlite
@pytest.mark.parametrize("same", ["id", "call_id"])
def test_the_database_refuses_to_replace_a_push(pushed, same):
    pushed("token")
    other = "id" if same == "call_id" else "call_id"
    columns = ", ".join(field.attname for field in CustomFieldPush._meta.concrete_fields)
    values = ", ".join(f"{name} + 1" if name == other else name for name in columns.split(", "))
    assert_that_the_database_refuses(
        f"INSERT OR REPLACE INTO bindings_customfieldpush ({columns}) "
        f"SELECT {values} FROM bindings_customfieldpush"
    )


def assert_that_the_database_refuses(statement):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert CustomFieldPush.objects.get().keys == {"token"}


@pytest.mark.parametrize("who", ["audrey", "hira", "ada", "eve"])
def test_only_those_with_the_right_see_the_page_and_push(request, client_of, field, who):
    field("token")
    client = client_of(request.getfixturevalue(who))
    assert client.get(push_page()).status_code == 403
    assert client.post(push_page(), {"fingerprint": "x"}).status_code == 403
    assert nothing_is_owed()
    assert not AuditEntry.objects.filter(action="custom fields pushed").exists()


def test_an_administrator_may_push(otto, client_of, field):
    field("token")
    assert confirm(client_of(otto)).status_code == 302
    assert Call.objects.count() == 1


def test_there_is_no_page_for_a_scope_that_does_not_exist(vendor):
    assert vendor.get(push_page(3)).status_code == 404


class TestStoreApp:
    """A store app has many customers, and each of them is told."""

    @pytest.fixture(autouse=True)
    def store(self, settings):
        settings.FEISHU_APP_TYPE = "store"

    @pytest.fixture
    def tenants(self, db, settings):
        app_id = settings.FEISHU_APP_ID
        return [Tenant.objects.known(app_id=app_id, tenant_key=key) for key in ("tenant_a", "tenant_b")]

    def test_each_active_tenant_gets_the_list(self, vendor, tenants, field, settings):
        Tenant.objects.create(app_id=settings.FEISHU_APP_ID, tenant_key="left", state=Tenant.State.GONE)
        Tenant.objects.create(app_id="cli_another", tenant_key="tenant_c")
        field("token")
        answer = confirm(vendor)
        assert answer.url == reverse("admin:bindings_customfieldpush_changelist")
        pushes = CustomFieldPush.objects.order_by("pk")
        assert [push.tenant for push in pushes] == tenants
        assert [push.call.tenant for push in pushes] == tenants
        assert {call.state for call in Call.objects.all()} == {Call.State.PENDING}

    def test_a_tenant_that_came_later_is_named_as_having_no_form_yet(self, vendor, tenants, field):
        field("token")
        confirm(vendor)
        for push in CustomFieldPush.objects.all():
            feishu_says("accepted", push)
        assert not vendor.get(push_page()).context["preview"].tenants_behind
        later = Tenant.objects.create(app_id=tenants[0].app_id, tenant_key="tenant_late")
        page = vendor.get(push_page())
        assert page.context["preview"].tenants_behind == [later]
        assert says(page, "tenant_late")

    def test_without_a_customer_nothing_is_pushed(self, vendor, field):
        field("token")
        assert says(vendor.get(push_page()), "No customer has installed the app yet")
        assert says(confirm(vendor), "No customer has installed the app yet")
        assert nothing_is_owed()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_confirm_at_once_owe_one_push(vera, otto, client_of, field):
    field("token")
    clients = [client_of(vera), client_of(otto)]
    looked_at = fingerprint_of(clients[0].get(push_page()))
    together = threading.Barrier(2)

    def press(client):
        together.wait()
        confirm(client, fingerprint=looked_at)
        connection.close()

    threads = [threading.Thread(target=press, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CustomFieldPush.objects.count() == 1
    assert Call.objects.count() == 1
