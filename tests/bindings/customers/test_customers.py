"""Keeping customers: adding, changing, archiving, contacts, and the page that shows everything of one."""

import importlib
import io
import threading
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from bindings.customers import changes, services
from bindings.models import (
    BackgroundCheck,
    Customer,
    CustomerContact,
)
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.desk.finding import MOST_OF_A_KIND
from hireops.desk.invariants import broken, remarks
from hireops.desk.models import AuditEntry
from tests.bindings.conftest import english, says
from tests.bindings.customers.conftest import a_check, an_account
from tests.searching import found, reveal, search
from tests.selection import on_postgresql
from tests.spreadsheets.rows import read_rows

LIST = "/admin/bindings/customer/"
ADD = "/admin/bindings/customer/add/"
NO_CONTACT = {"contacts-TOTAL_FORMS": 0, "contacts-INITIAL_FORMS": 0}


def page_of(customer):
    return reverse("admin:bindings_customer_change", args=[customer.pk])


def typed(**values):
    return {"code": "", "name": "", "tier": "", "responsible": "", "notes": "", **NO_CONTACT, **values}


def as_shown(answer, **values):
    """What the form of this page sends, with other values."""
    form = answer.context["adminform"].form
    now = {name: form[name].value() or "" for name in form.fields}
    return {**now, **{f"initial-{name}": value for name, value in now.items()}, **NO_CONTACT, **values}


def canceled(check):
    ended = {"state": BackgroundCheck.State.CANCELED_BY_CUSTOMER, "ended_at": timezone.now()}
    BackgroundCheck.objects.filter(pk=check.pk).update(**ended)


def act(client, action, customer, **form):
    url = reverse("admin:bindings_customer_staff_action", args=[action])
    posted = {"_selected_action": customer.pk, "confirmed": "yes", "reason": "", "back": page_of(customer)}
    return client.post(url, {**posted, **form}, follow=True)


# --- Writing them


def test_a_customer_is_added_by_form_and_the_audit_knows(vendor, vera):
    contact = {
        "contacts-TOTAL_FORMS": 1,
        "contacts-0-name": "李雷",
        "contacts-0-mobile": "138 0013 8000",
        "contacts-0-email": "LI@Open.com",
    }
    form = typed(code=" a 001 ", name="红杉科技", tier="  VIP  一级 ", responsible=vera.pk, **contact)
    answer = vendor.post(ADD, form)

    assert answer.status_code == 302
    customer = Customer.objects.get()
    assert (customer.code, customer.normalised_code, customer.tier) == ("a 001", "a001", "VIP 一级")
    assert customer.responsible == vera
    kept = CustomerContact.objects.get()
    assert (kept.name, kept.mobile, kept.email) == ("李雷", "+8613800138000", "li@open.com")
    entries = list(entries_about(customer))
    assert [entry.action for entry in entries] == ["contact added", "customer added"]
    assert entries[1].details["changes"]["tier"] == ["", "VIP 一级"]
    assert "13800138000" not in str([entry.details for entry in entries])


@pytest.mark.parametrize("taken", ["A001", "ａ００１ ", "a\u200b001", "A 0 01", "ａ 001"])
def test_a_code_that_differs_only_in_case_width_or_space_is_refused_with_who_has_it(vendor, customer, taken):
    customer("A001", "红杉科技")

    answer = vendor.post(ADD, typed(code=taken, name="别家"))

    assert says(answer, "红杉科技 (A001) has this code already.")
    assert Customer.objects.count() == 1


def test_the_code_of_an_archived_customer_is_not_given_away(vendor, customer, vera):
    services.archive(customer("A001", "红杉科技"), by=vera)

    answer = vendor.post(ADD, typed(code="a001", name="别家"))

    assert says(
        answer, "The archived customer 红杉科技 (A001) has this code. Restore it, or use another code."
    )


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_the_same_code_at_once_one_is_refused_with_a_sentence(vera):
    refused = []
    together = threading.Barrier(2)

    def add(name):
        together.wait()
        try:
            services.create_customer(customer=Customer(code="A001", name=name), by=vera)
        except Refused as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    both = [threading.Thread(target=add, args=[name]) for name in ("甲", "乙")]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert Customer.objects.count() == 1
    assert len(refused) == 1


def test_what_a_person_did_not_touch_stays_as_somebody_else_wrote_it_meanwhile(vendor, customer, vera):
    made = customer("A001", tier="VIP")
    shown = vendor.get(page_of(made))
    services.change_customer(made, values={"tier": "普通"}, by=vera)

    vendor.post(page_of(made), as_shown(shown, name="新名字"))

    made.refresh_from_db()
    assert (made.name, made.tier) == ("新名字", "普通")
    newest = entries_about(made)[0]
    assert (newest.action, newest.details["changes"]) == (
        "customer changed",
        {"name": ["客户 A001", "新名字"]},
    )


def test_a_tier_is_chosen_from_those_there_are_and_a_known_one_keeps_its_spelling(vendor, customer):
    customer("A001", tier="Gold")

    assert b'<option value="Gold"></option>' in vendor.get(ADD).content
    assert customer("A002", tier=" GOLD ").tier == "Gold"
    assert customer("A003", tier="Ｇ o l d").tier == "Gold"
    assert [each.code for each in found(search(vendor, LIST, "a 0 03"))] == ["A003"]


@pytest.mark.parametrize("typed_in", ["code", "tier"])
def test_emoji_are_refused_in_codes_and_tiers(vendor, typed_in):
    answer = vendor.post(ADD, typed(**{"code": "A001", "name": "x", typed_in: "A1\U0001f600"}))

    assert answer.context["adminform"].form.errors[typed_in] == ["Codes and tiers can't have emoji."]


def test_who_is_responsible_is_one_of_the_vendor_and_never_hr(vendor, vera, hira, customer):
    form = vendor.get(ADD).context["adminform"].form
    assert vera in form.fields["responsible"].queryset
    assert hira not in form.fields["responsible"].queryset

    answer = vendor.post(ADD, typed(code="A001", name="x", responsible=hira.pk))
    assert "responsible" in answer.context["adminform"].form.errors


def test_others_hear_of_a_tier_or_an_archiving_in_the_same_transaction(customer, vera, monkeypatch):
    heard = []
    monkeypatch.setattr(changes, "_listeners", [])
    changes.register(
        lambda customers: heard.append([(each.code, each.tier, each.archived) for each in customers])
    )
    made = customer("A001")

    services.change_customer(made, values={"tier": "VIP"}, by=vera)
    services.change_customer(made, values={"name": "other"}, by=vera)
    services.archive(made, by=vera)
    services.restore(made, by=vera)

    assert heard == [
        [("A001", "VIP", False)],
        [("A001", "VIP", True)],
        [("A001", "VIP", False)],
    ]


# --- Archiving


def test_an_archived_customer_stays_with_its_history_and_gets_no_account_any_more(vendor, customer):
    made = customer("A001", "红杉科技")
    bound = an_account(made)

    act(vendor, "archive", made, reason="合同到期")

    made.refresh_from_db()
    assert made.archived
    page = vendor.get(page_of(made))
    assert says(page, "合同到期")
    assert says(page, bound.account_id)
    assert found(vendor.get(LIST)) == []
    assert found(vendor.get(LIST, {"archived": "yes"})) == [made]
    with pytest.raises(DatabaseError, match="account_begins_with_no_archived_customer"), transaction.atomic():
        an_account(made)
    other = an_account()
    with pytest.raises(DatabaseError, match="account_goes_to_no_archived_customer"), transaction.atomic():
        type(other).objects.filter(pk=other.pk).update(customer=made)
    with translation.override("en"), pytest.raises(Refused, match="archived already"):
        services.archive(made, by=made.responsible)
    act(vendor, "restore", made)
    type(other).objects.filter(pk=other.pk).update(customer=made)


def test_nobody_deletes_a_customer_and_the_database_would_not_either(otto, client_of, customer):
    made = customer("A001")
    otto.is_superuser = True
    otto.save()
    url = reverse("admin:bindings_customer_delete", args=[made.pk])

    assert client_of(otto).post(url, {"post": "yes"}).status_code == 403
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
        Customer.objects.filter(pk=made.pk).delete()


def test_a_customer_that_is_compared_by_another_code_is_found_by_night(customer):
    def ours():
        return [name.rpartition(".")[2] for name, _sentence in broken() if "customers" in name]

    customer("A001")
    assert ours() == []

    Customer.objects.update(normalised_code="b001")

    assert ours() == ["customers_are_found_by_their_code"]


def test_customers_whose_codes_only_differ_in_spaces_are_kept_and_named(customer, caplog):
    alone, shared, other = customer("A 001"), customer("KH 004"), customer("KH005")
    Customer.objects.filter(pk=shared.pk).update(normalised_code="kh 004")
    Customer.objects.filter(pk=other.pk).update(code="KH004", normalised_code="kh004")
    Customer.objects.filter(pk=alone.pk).update(normalised_code="a 001")
    migration = importlib.import_module("bindings.migrations.0017_codes_without_spaces")

    migration.leave_spaces_out(apps, connection.schema_editor())

    kept = dict(Customer.objects.values_list("pk", "normalised_code"))
    assert kept == {
        alone.pk: "a001",
        shared.pk: f"kh004 #{shared.pk}",
        other.pk: f"kh004 #{other.pk}",
    }
    assert f"#{shared.pk}, #{other.pk}" in caplog.text
    named = [sentence for name, sentence in broken() if "customers_are_found" in name]
    assert len(named) == 2
    assert all("shares its code with another one" in sentence for sentence in named)


def test_tiers_of_before_with_two_spellings_are_named(customer):
    for code, tier in (("A001", "VIP 1"), ("A002", "")):
        customer(code, tier=tier)
    Customer.objects.filter(code="A002").update(tier="vip1")

    assert any("VIP 1" in remark and "vip1" in remark for remark in remarks())


# --- Contacts


@pytest.fixture
def known(customer, contact):
    made = customer("A001", "红杉科技")
    contact(made, name="王小明", mobile="+8613800138000", email="wang@open.com")
    return made


def test_contacts_are_masked_until_somebody_asks_and_can_be_changed_then(vendor, known):
    masked = vendor.get(page_of(known)).content.decode()
    assert "13800138000" not in masked
    assert "王小明" not in masked
    assert "+86****8000" in masked

    page = reveal(vendor, page_of(known))
    assert b"+8613800138000" in page.content
    assert AuditEntry.objects.filter(action="personal data shown").count() == 1
    row = CustomerContact.objects.get()
    contact: dict[str, object] = {"contacts-TOTAL_FORMS": 1, "contacts-INITIAL_FORMS": 1}
    contact |= {"contacts-0-id": row.pk}
    contact |= {"contacts-0-customer": known.pk, "contacts-0-name": "王小明", "contacts-0-title": "HRBP"}
    contact |= {"contacts-0-mobile": "13900139000", "contacts-0-email": "wang@open.com"}
    address = page.redirect_chain[-1][0]
    assert vendor.post(address, as_shown(page, **contact)).status_code == 302

    row.refresh_from_db()
    assert (row.title, row.mobile) == ("HRBP", "+8613900139000")
    assert entries_about(known)[0].details["changed"] == ["title", "mobile"]


def test_a_contact_is_added_without_looking_at_the_others(vendor, known):
    page = vendor.get(page_of(known))
    new = {"contacts-TOTAL_FORMS": 1, "contacts-0-name": "韩梅梅", "contacts-0-mobile": "1"}

    wrong = vendor.post(page_of(known), as_shown(page, **new))
    assert says(wrong, "This is no mobile number.")
    assert b"13800138000" not in wrong.content
    vendor.post(page_of(known), as_shown(page, **new | {"contacts-0-mobile": "13700137000"}))

    assert sorted(CustomerContact.objects.values_list("name", flat=True)) == ["王小明", "韩梅梅"]


def test_who_may_not_see_personal_data_sees_no_contact_and_finds_nobody_by_one(vera, vendor, known):
    vera.user_permissions.set(Permission.objects.filter(codename__in=["view_customer", "change_customer"]))
    vera.groups.clear()

    page = reveal(vendor, page_of(known))

    assert page.status_code == 403
    assert b"13800138000" not in vendor.get(page_of(known)).content
    assert found(search(vendor, LIST, "13800138000")) == []


# --- The list


def test_a_customer_is_found_by_code_name_and_contact(vendor, known, customer):
    customer("B002", "蓝海电商")

    for term in ["a00", "Ａ００１", "红杉", "138 0013 8000", "WANG@open.com"]:
        assert found(search(vendor, LIST, term)) == [known], term
    assert found(search(vendor, LIST, "nobody")) == []
    assert found(vendor.get(LIST, {"q": "+8613800138000"})) == []  # not by what stands in an address


def test_the_search_box_shows_whose_code_it_is_before_those_whose_code_begins_like_that(vendor, customer):
    customer("A-1")
    for number in range(MOST_OF_A_KIND + 5):
        customer(f"A-1{number}")
    (found,) = vendor.post("/admin/find/", {"q": "a-1"}, follow=True).context["found"]
    assert found.hits[0].title == "客户 A-1 (A-1)"


def test_the_filters_find_what_is_open(vendor, customer, vera):
    yesterday = timezone.localdate() - timedelta(days=1)
    late, busy, idle = customer("A", tier="VIP", responsible=vera), customer("B"), customer("C")
    a_check(late, promised_on=yesterday)
    a_check(busy)
    canceled(a_check(idle))
    an_account(busy)

    def shown(**filters):
        return [each.code for each in found(vendor.get(LIST, filters))]

    assert shown(work="late") == ["A"]
    assert shown(work="open") == ["B", "A"]
    assert shown(work="unbound") == ["C", "A"]
    assert shown(tier="VIP") == ["A"]
    assert shown(responsible="me") == ["A"]
    assert shown(responsible="nobody") == ["C", "B"]
    counts = {each.code: (each.account_count, each.open_checks) for each in found(vendor.get(LIST))}
    assert counts == {"A": (0, 1), "B": (1, 1), "C": (0, 0)}


def test_the_list_asks_the_same_of_the_database_for_one_customer_and_for_fifty(vendor, customer):
    customer("A")
    with CaptureQueriesContext(connection) as for_one:
        vendor.get(LIST)
    for number in range(20):
        customer(f"B{number}")
    with CaptureQueriesContext(connection) as for_many:
        vendor.get(LIST)

    assert len(for_many) == len(for_one)


# --- The page of one


def test_the_page_shows_everything_of_a_customer(vendor, customer):
    made, other = customer("A001", tier="VIP"), customer("A002")
    an_account(made, name="背调账号")
    an_account(other, name="别人的账号")
    yesterday = timezone.localdate() - timedelta(days=1)
    a_check(made, package_name="以后的", promised_on=yesterday + timedelta(days=9))
    a_check(made, package_name="迟到的", promised_on=yesterday)
    canceled(a_check(made, package_name="撤销的"))
    a_check(other, package_name="别人的订单")

    answer = vendor.get(page_of(made))

    page = answer.content.decode()
    for text in ["背调账号", "迟到的", "late"]:
        assert text in page, text
    assert "别人的" not in page
    checks = answer.context["orders"][0]
    assert [(order.what, order.is_late) for order in checks.first] == [("迟到的", True), ("以后的", False)]
    assert (checks.open, [(str(state), count) for state, count, _url in checks.counts]) == (
        2,
        [("received", 2), ("canceled_by_customer", 1)],
    )


def test_each_counter_of_the_page_leads_to_just_those_rows(vendor, customer):
    made, other = customer("A001"), customer("A002")
    an_account(made)
    an_account(other)
    context = vendor.get(page_of(made)).context
    urls = [context["accounts_url"], *(each.url for each in context["orders"] if each.url)]

    assert [len(found(vendor.get(url))) for url in urls] == [1] + [0] * (len(urls) - 1)


# --- As a file


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_has_just_what_the_list_is_filtered_to_and_its_reading_is_in_the_audit(
    vendor, known, customer, contact, kind
):
    contact(known, name="韩梅梅", email="han@open.com")
    customer("B002", "=HYPERLINK(1)", tier="VIP", responsible=User.objects.get(username="vera"))
    url = reverse("admin:bindings_customer_export", args=[kind])

    vip = vendor.post(f"{url}?tier=VIP").getvalue()
    answer = search(vendor, LIST, "13800138000")
    one = vendor.post(f"{url}?{answer.request['QUERY_STRING']}").getvalue()

    header, row = read_rows(io.BytesIO(vip), f"x.{kind}")
    assert header[:6] == [
        "Customer code",
        "Customer name",
        "Tier",
        "Responsible",
        "Contact name",
        "Job title",
    ]
    assert row[:4] == ["B002", "=HYPERLINK(1)", "VIP", "vera"]
    _header, row = read_rows(io.BytesIO(one), f"x.{kind}")
    assert row[0] == "A001"
    assert row[4:9] == ["王小明", "", "+8613800138000", "wang@open.com", "韩梅梅 han@open.com"]
    entries = AuditEntry.objects.filter(action="customers exported").order_by("pk")
    assert [entry.details["filters"] for entry in entries] == [{"tier": "VIP"}, {}]
    assert entries[0].details["contacts"] is True


def test_who_may_not_see_personal_data_gets_a_file_without_contacts(auditor, known):
    Customer.objects.update(notes="找王小明 13900139000")
    body = auditor.post(reverse("admin:bindings_customer_export", args=["csv"])).getvalue().decode()

    assert "A001" in body
    assert "13800138000" not in body
    assert "Contact" not in body
    assert "13900139000" not in body


def test_no_formula_leaves_in_a_file(vendor, customer):
    customer("B002", "=HYPERLINK(1)")

    body = vendor.post(reverse("admin:bindings_customer_export", args=["csv"])).getvalue().decode()

    assert '"\'=HYPERLINK(1)"' in body


def test_where_a_reason_is_asked_for_nothing_leaves_without_one(vendor, known, settings):
    settings.PERSONAL_DATA_ASKS_REASON = True
    url = reverse("admin:bindings_customer_export", args=["csv"])

    assert says(vendor.post(url, follow=True), "write why you need to see it")
    assert vendor.post(url, {"reason": "月度核对"}).status_code == 200
    assert AuditEntry.objects.get(action="customers exported").reason == "月度核对"


# --- Boundaries


@pytest.mark.parametrize("who", ["hira", "ada", "eve"])
def test_hr_sees_nothing_of_the_vendors_customers(request, client_of, known, who):
    browser = english(client_of(request.getfixturevalue(who)))

    assert browser.get(LIST).status_code == 403
    assert browser.get(page_of(known)).status_code == 403
    assert browser.post(reverse("admin:bindings_customer_export", args=["csv"])).status_code == 403
    assert b"customer" not in browser.get("/admin/").content


def test_an_auditor_looks_and_changes_nothing(auditor, known):
    Customer.objects.update(notes="找王小明 13900139000")
    page = auditor.get(page_of(known))

    assert says(page, "红杉科技")
    assert b"13800138000" not in page.content
    assert b"13900139000" not in page.content
    assert not says(page, "Add contact persons")
    assert auditor.post(page_of(known), typed(code="A001", name="x")).status_code == 403
    assert act(auditor, "archive", known).status_code == 403
