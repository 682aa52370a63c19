"""The pages of order forms: defining one, choosing its accounts, seeing what a push does."""

import importlib

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from bindings.models import AccountOrderForm, OrderForm, OrderFormField, OrderFormPush
from bindings.order_forms import services
from bindings.order_forms.admin import options
from hireops.desk import audit
from hireops.jobs.models import Job
from hireops.outbox.models import Call
from tests.bindings.conftest import says
from tests.bindings.order_forms.conftest import rename

LIST = "admin:bindings_orderform_changelist"


def page_of(form, page="change"):
    return reverse(f"admin:bindings_orderform_{page}", args=[form.pk])


def edited(client, form, *fields, **values):
    """Post the page of the form with these fields: dictionaries, those with an ``id`` are there already."""
    existing = [field for field in fields if "id" in field]
    body = {
        "name": form.name,
        "notes": "",
        "fields-TOTAL_FORMS": len(fields),
        "fields-INITIAL_FORMS": len(existing),
        **values,
    }
    for number, field in enumerate([*existing, *(each for each in fields if "id" not in each)]):
        shown = {"type": "text", "is_required": "on", "form": form.pk, **field}
        body |= {f"fields-{number}-{name}": value for name, value in shown.items() if value is not None}
    return client.post(page_of(form), body)


def test_a_new_form_starts_with_what_every_vendor_must_ask(vendor):
    url = reverse("admin:bindings_orderform_add")
    assert says(vendor.get(url), "ID number and consent")
    answer = vendor.post(url, {"name": "标准", "notes": "", "start_with": "education"})
    form = OrderForm.objects.get()
    assert answer.url == page_of(form)
    fields = form.fields.values_list("base_key", "type", "sensitive", "position")
    assert list(fields) == [
        ("id_number", "text", True, 10),
        ("consent", "file", True, 20),
        ("degree", "select", False, 30),
        ("school", "text", False, 40),
    ]
    page = vendor.get(answer.url)
    for text in ["身份证号", "Bachelor", "No account has this form yet."]:
        assert says(page, text)


def test_employers_and_cv_are_personal_in_new_forms_and_in_those_of_before(vendor):
    url = reverse("admin:bindings_orderform_add")
    vendor.post(url, {"name": "标准", "notes": "", "start_with": "employment"})
    fields = OrderForm.objects.get().fields
    assert set(fields.filter(sensitive=True).values_list("base_key", flat=True)) == {
        "id_number",
        "consent",
        "employers",
        "cv",
    }
    form = OrderForm.objects.get()
    fields.update(sensitive=False)
    audit.record(
        by=None,
        action="changed",
        on=form,
        changes=[{"changed": {"name": "field", "object": "简历", "fields": ["Personal"]}}],
    )
    migration = importlib.import_module("bindings.migrations.0018_personal_answers")
    migration.mark_ready_made(apps, connection.schema_editor())
    assert set(fields.filter(sensitive=True).values_list("base_key", flat=True)) == {"employers"}


def test_fields_are_defined_with_their_options_and_in_their_order(vendor, order_form):
    form = order_form(city="城市")
    city = form.fields.get()
    answer = edited(
        vendor,
        form,
        {"id": city.pk, "name_zh": "所在城市", "position": 50, "base_key": "ignored"},
        {"name_zh": "学历", "type": "select", "options_text": "本科 | Bachelor\n硕士", "position": 5},
        {"name_zh": "身份证号码", "base_key": "id_card"},
    )
    assert answer.status_code == 302, answer.context["errors"]
    degree, city, card = form.fields.order_by("position")
    assert [each.position for each in (degree, city, card)] == [10, 20, 30]
    assert degree.options == [
        {"key": "o1", "name_zh": "本科", "name_en": "Bachelor"},
        {"key": "o2", "name_zh": "硕士", "name_en": ""},
    ]
    assert (city.base_key, city.name_zh) == ("city", "所在城市")
    assert (card.base_key, card.sensitive, city.sensitive) == ("id_card", True, False)
    before = form.digest
    form.refresh_from_db()
    assert form.digest != before


def test_a_choice_without_options_is_refused_where_it_stands(vendor, order_form):
    form = order_form()
    page = edited(vendor, form, {"name_zh": "学历", "type": "select", "options_text": ""})
    assert says(page, "A choice needs at least one option.")
    assert not OrderFormField.objects.exists()


BEFORE = [{"key": "o1", "name_zh": "本科", "name_en": ""}, {"key": "o4", "name_zh": "硕士", "name_en": ""}]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("本科 [o1]\n硕士 [o4]", ["o1", "o4"]),
        ("学士 | Bachelor [o1]\n硕士 [o4]", ["o1", "o4"]),
        ("硕士\n本科", ["o4", "o1"]),
        ("本科 [o1]\n博士\n其他", ["o1", "o5", "o6"]),
        ("  本科 ｜ Bachelor ［o1］ \n\n", ["o1"]),
    ],
)
def test_an_option_keeps_its_key_while_its_name_changes(text, keys):
    assert [option["key"] for option in options.read(text, BEFORE)] == keys
    assert options.read(options.written(options.read(text, BEFORE)), []) == options.read(text, BEFORE)


@pytest.mark.parametrize("text", ["本科 [o1]\n硕士 [o1]", "本科\n本科", "| Bachelor", "a | b | c"])
def test_options_that_can_not_be_told_apart_or_read_are_refused(text):
    with pytest.raises(ValidationError):
        options.read(text, BEFORE)


def test_accounts_are_chosen_by_customer_and_nothing_is_sent(vendor, an_account, order_form):
    form, account, other = order_form(city="城市"), an_account("1"), an_account("2", name="别家")
    page = vendor.post(page_of(form, "accounts"), {"term": "背调", "find": "Find"})
    assert [each for each, *_ in page.context["accounts"]] == [account]
    assert not AccountOrderForm.objects.exists()
    vendor.post(page_of(form, "accounts"), {"account": [account.pk, other.pk]})
    assert set(AccountOrderForm.objects.values_list("account", "form")) == {
        (account.pk, form.pk),
        (other.pk, form.pk),
    }
    assert says(vendor.get(page_of(form)), "2 accounts have this form.")
    assert not Call.objects.exists()


def test_what_is_marked_stays_marked_while_others_are_looked_for(vendor, an_account, order_form):
    form, account, other = order_form(city="城市"), an_account("1"), an_account("2", name="别家")
    page = vendor.post(page_of(form, "accounts"), {"term": "别家", "find": "Find", "account": account.pk})
    shown = page.content.decode()
    assert f'value="{account.pk}" id="account-{account.pk}" checked' in shown
    assert f'value="{other.pk}" id="account-{other.pk}">' in shown
    assert 'name="term" value="别家"' in shown


def test_the_same_change_of_many_accounts_is_shown_once_before_they_are_pushed(
    vendor, an_account, order_form, vera
):
    form = order_form(city="城市")
    services.choose_form([an_account(str(number)) for number in range(3)], form=form, by=vera)
    page = vendor.get(page_of(form, "push"))
    assert [(group["count"], group["road"]) for group in page.context["groups"]] == [(3, "Create the form")]
    assert not Call.objects.exists()
    rename(form, "city", "所在城市")
    assert vendor.post(page_of(form, "push"), {"digest": form.digest}).url == page_of(form, "push")
    assert not Job.objects.exists()
    form.refresh_from_db()
    assert vendor.post(page_of(form, "push"), {"digest": form.digest}).url == page_of(form)
    assert Job.objects.get().subject == form


def test_a_form_that_an_account_has_is_archived_not_deleted(vendor, account, order_form, vera):
    form = order_form(city="城市")
    services.choose_form([account], form=form, by=vera)
    assert vendor.post(page_of(form, "delete"), {"post": "yes"}).status_code == 403
    assert OrderForm.objects.exists()


def test_the_page_of_an_account_leads_to_its_form(vendor, account, order_form, vera):
    services.choose_form([account], form=order_form(city="城市"), by=vera)
    page = vendor.get(reverse("admin:bindings_ecoaccount_change", args=[account.pk]))
    assert says(page, "out of date")
    assert says(page, reverse("admin:bindings_accountorderform_push", args=[account.pk]))


def test_choosing_leads_to_what_it_would_change(vendor, account, order_form):
    form = order_form(city="城市")
    url = reverse("admin:bindings_accountorderform_choose", args=[account.pk])
    answer = vendor.post(url, {"form": form.pk})
    assert answer.url == reverse("admin:bindings_accountorderform_push", args=[account.pk])
    assert says(vendor.get(answer.url), "The account has no form yet.")


@pytest.mark.parametrize("who", ["audrey", "hira"])
def test_who_may_not_push_does_not_get_there(request, client_of, account, order_form, who):
    form, client = order_form(city="城市"), client_of(request.getfixturevalue(who))
    for page in ("push", "accounts"):
        assert client.post(page_of(form, page)).status_code == 403
    url = reverse("admin:bindings_accountorderform_push", args=[account.pk])
    assert client.get(url).status_code == 403
    assert client.get(reverse(LIST)).status_code == (200 if who == "audrey" else 403)
    assert not OrderFormPush.objects.exists()
