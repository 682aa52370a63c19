"""Two customers of a store app: whose employee a referrer is, is chosen, and nothing crosses."""

import io
from itertools import count
from typing import Any

import pytest

from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call
from referrals.accounts import services as accounts
from referrals.accounts.events import calls_after
from referrals.models import ReferralAccount, Registration, RegistrationImport
from referrals.payments.files import batch_as_csv
from referrals.payments.services import hand_over
from referrals.payouts import services as withdrawals
from referrals.registrations import imports
from referrals.registrations import services as registrations
from tests.kept_events import keep_event
from tests.long_work import work
from tests.referrals.raw_sql import refused
from tests.referrals.withdrawals import taken

pytestmark = pytest.mark.django_db

ADD, UPLOAD = "/admin/referrals/registration/add/", "/admin/referrals/registrationimport/add/"
LISTS = ["referralaccount", "registration", "registrationimport", "withdrawal", "payment", "case", "ending"]
FILTER = "<summary>Customer</summary>"
NUMBERS = count(1)
CONTACT: dict[str, Any] = {"mobile": "13800138000", "email": "", "name": "张三"}


@pytest.fixture
def customers(db, settings):
    settings.FEISHU_APP_TYPE = "store"
    app = settings.FEISHU_APP_ID
    return [Tenant.objects.create(app_id=app, tenant_key=key, name=name) for key, name in
            [("key-red", "红杉科技"), ("key-blue", "蓝海电商")]]  # fmt: skip


@pytest.fixture
def red(customers):
    return customers[0]


@pytest.fixture
def blue(customers):
    return customers[1]


def account_of(tenant, account_id="", **values):
    account_id = account_id or f"69427781980577{next(NUMBERS):05}"
    return ReferralAccount.objects.create(
        tenant=tenant, account_id=account_id, source=ReferralAccount.Source.REGISTERED, **values
    )


def upload(by, *rows, tenant=None, header="手机号,邮箱,姓名,客户"):
    text = "\n".join([header, *rows]).encode()
    batch = imports.upload(io.BytesIO(text), "referrers.csv", by=by, tenant=tenant)
    work()
    batch.refresh_from_db()
    return batch


def rows_of(batch):
    found = Registration.objects.filter(batch=batch).order_by("line")
    return [(row.tenant and row.tenant.name, row.state, row.problem) for row in found]


# --- By form


def test_the_form_asks_for_the_customer_and_the_call_is_made_for_them(pages, hira, blue):
    browser = pages(hira)
    page = browser.get(ADD).content.decode()
    assert "红杉科技" in page
    assert "蓝海电商" in page
    refused_page = browser.post(ADD, CONTACT)
    assert "This field is required" in refused_page.content.decode()
    assert not Registration.objects.exists()
    browser.post(ADD, {**CONTACT, "tenant": blue.pk})
    row: Any = Registration.objects.get()
    assert (row.tenant, row.state, row.call.tenant) == (blue, "pending", blue)


def test_one_customer_is_not_asked_for(pages, hira, red, blue):
    Tenant.objects.filter(pk=blue.pk).update(state=Tenant.State.GONE)
    browser = pages(hira)
    assert 'name="tenant"' not in browser.get(ADD).content.decode()
    browser.post(ADD, CONTACT)
    row: Any = Registration.objects.get()
    assert row.call.tenant == red


def test_a_customer_who_has_left_is_not_offered_nor_taken(pages, hira, red, blue):
    third = Tenant.objects.create(app_id=red.app_id, tenant_key="key-grey", state=Tenant.State.SUSPENDED)
    pages(hira).post(ADD, {**CONTACT, "tenant": third.pk})
    with pytest.raises(Refused, match="has suspended or removed the app"):
        registrations.register(**CONTACT, by=hira, tenant=third)
    with pytest.raises(Refused, match="Choose the customer"):
        registrations.register(**CONTACT, by=hira)
    assert not Registration.objects.exists()


def test_contacts_are_unique_for_each_customer(hira, red, blue):
    known = account_of(red, mobile="+8613800138000")
    there = registrations.register(**CONTACT, by=hira, tenant=red)
    new: Any = registrations.register(**CONTACT, by=hira, tenant=blue)
    same = registrations.register(**CONTACT, by=hira, tenant=blue)
    assert (there.state, there.account) == ("duplicate", known)
    assert (new.state, new.call.tenant, same) == ("pending", blue, new)


# --- From a file


def test_a_column_names_the_customer_and_the_upload_chooses_for_the_others(hira, red, blue):
    batch = upload(
        hira,
        "13800138000,,甲,蓝海电商",
        "13800138000,,乙,KEY-RED",
        "13900139000,,丙,",
        "13900139001,,丁,不知道",
        "13900139000,,丙,key-red",
        tenant=red,
    )
    assert rows_of(batch) == [
        ("蓝海电商", "ready", ""),
        ("红杉科技", "ready", ""),
        ("红杉科技", "ready", ""),
        (None, "invalid", "no_such_customer"),
        ("红杉科技", "duplicate", "duplicate_line"),
    ]


def test_without_a_choice_each_row_has_to_say_it(pages, hira, red, blue):
    browser = pages(hira)
    file = io.BytesIO("手机号,客户\n13800138000,蓝海电商\n13900139000,\n".encode())
    file.name = "referrers.csv"
    browser.post(UPLOAD, {"file": file, "tenant": ""})
    work()
    batch = RegistrationImport.objects.get()
    assert rows_of(batch) == [("蓝海电商", "ready", ""), (None, "invalid", "no_customer")]
    row = Registration.objects.get(problem="no_customer")
    page = browser.get(f"/admin/referrals/registration/{row.pk}/change/").content.decode()
    assert "It is not said of which customer" in page
    sent = {"tenant": red.pk, "mobile": "13900139000", "email": "", "name": ""}
    browser.post(f"/admin/referrals/registration/{row.pk}/correct/", sent)
    row.refresh_from_db()
    assert (row.tenant, row.state) == (red, "ready")


def test_two_customers_of_one_name_are_told_apart_by_their_keys(hira, red, blue):
    Tenant.objects.update(name="红杉科技")
    batch = upload(hira, "13800138000,,,红杉科技", "13900139000,,,key-blue")
    assert rows_of(batch) == [(None, "invalid", "several_customers"), ("红杉科技", "ready", "")]


def test_before_confirming_the_page_says_for_whom_and_each_call_is_made_for_its_own(pages, hira, red, blue):
    batch = upload(hira, "13800138000,,,key-blue", "13900139000,,,key-red", "13900139001,,,key-red")
    page = pages(hira).get(f"/admin/referrals/registrationimport/{batch.pk}/change/").content.decode()
    assert "<b>红杉科技</b> 2" in page
    assert "<b>蓝海电商</b> 1" in page
    imports.confirm(batch, by=hira)
    work()
    sent = {(call.tenant, call.payload["mobile"]["number"]) for call in Call.objects.all()}
    assert sent == {(blue, "13800138000"), (red, "13900139000"), (red, "13900139001")}


def test_nothing_is_confirmed_for_a_customer_who_has_left_meanwhile(hira, red, blue):
    batch = upload(hira, "13800138000,,,key-blue")
    Tenant.objects.filter(pk=blue.pk).update(state=Tenant.State.GONE)
    with pytest.raises(Refused, match="蓝海电商 has suspended or removed"):
        imports.confirm(batch, by=hira)
    assert not Call.objects.exists()


def test_a_custom_app_does_not_read_a_column_of_companies(tenant, hira):
    batch = upload(hira, "13800138000,,张三,上海分公司", header="手机号,邮箱,姓名,公司")
    assert [row.tenant for row in Registration.objects.filter(batch=batch, state="ready")] == [tenant]


def test_the_files_name_the_customer(pages, hira, red, blue):
    batch = upload(hira, "1390013,,丁,蓝海电商")
    browser = pages(hira)
    back = list(imports.file_of_problems(batch, ["Customer"], lambda _row: "why", with_customers=True))
    assert "蓝海电商" in back[1]
    template = b"".join(browser.get("/admin/referrals/registrationimport/template.csv"))
    assert "Customer" in template.decode()


# --- Lists, and the way of the money


@pytest.mark.parametrize("model", LISTS)
def test_lists_have_the_customer_where_there_are_several(pages, ada, red, model):
    browser = pages(ada)
    page = browser.get(f"/admin/referrals/{model}/", {"tenant": red.pk})
    assert page.status_code == 200
    assert FILTER in page.content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_of_one_customer_lists_say_nothing(tenant, pages, ada, model):
    page = pages(ada).get(f"/admin/referrals/{model}/").content.decode()
    assert FILTER not in page
    assert "column-customer" not in page


def test_a_list_shows_those_of_the_customer_that_was_chosen(pages, hira, red, blue):
    ours, theirs = account_of(red), account_of(blue)
    page = pages(hira).get("/admin/referrals/referralaccount/", {"tenant": red.pk}).content.decode()
    assert ours.account_id in page
    assert theirs.account_id not in page


def test_a_withdrawal_is_sent_with_the_token_of_its_own_customer(hira, ada, red, blue):
    """Two customers may have accounts of one ID."""
    accounts = [account_of(tenant, "6942778198054125570") for tenant in (red, blue)]
    for account in accounts:
        withdrawal = taken(account, points=5)
        assert withdrawal.account.tenant == account.tenant
    asked = [withdrawals._create(each, by=hira, points=True, cash=False, reason="") for each in accounts]
    calls = [withdrawals.approve_withdrawal(each, by=ada, reason="") for each in asked]
    assert [call.tenant for call in calls] == [red, blue]
    assert len({call.lane for call in calls}) == 2


def test_the_page_of_an_event_shows_the_calls_of_its_own_customer(red, blue):
    ours, theirs = (account_of(tenant, "6942778198054125573") for tenant in (red, blue))
    event = keep_event(
        app_id=red.app_id, event_id="e1", event_type="hire.referral_account.assets_update_v1",
        tenant_key=red.tenant_key, subject=ours.account_id, payload={},
    )  # fmt: skip
    calls = [accounts.refresh(account, by=None) for account in (ours, theirs)]
    assert list(calls_after(event)) == calls[:1]


def test_the_database_refuses_a_call_for_another_customer(hira, ada, red, blue):
    accounts = [account_of(tenant, "6942778198054125571") for tenant in (red, blue)]
    asked = [withdrawals._create(each, by=hira, points=True, cash=False, reason="") for each in accounts]
    call = withdrawals.approve_withdrawal(asked[0], by=ada, reason="")
    refused(
        "withdrawal_is_sent_by_a_call_for_it",
        "UPDATE referrals_withdrawal SET state = 'approved', decided_by_id = %s, decided_at = requested_at,"
        " call_id = %s WHERE id = %s",
        ada.pk,
        call.pk,
        asked[1].pk,
    )


def test_who_pays_reads_whose_employee_it_is(pages, hira, ada, red, blue):
    both = [taken(account_of(tenant, name="张三"), points=5) for tenant in (red, blue)]
    page = pages(hira).get("/admin/referrals/payoutbatch/prepare/").content.decode()
    assert "红杉科技" in page
    assert "蓝海电商" in page
    batch = hand_over(both, by=hira)
    header, first, second, *_totals = b"".join(batch_as_csv(batch, reveal=True)).decode().splitlines()
    assert "Customer" in header
    assert "红杉科技" in first
    assert "蓝海电商" in second
    asked = withdrawals._create(both[0].account, by=hira, points=True, cash=False, reason="")
    confirm = pages(ada).post(
        "/admin/referrals/withdrawal/actions/approve/", {"_selected_action": [asked.pk]}
    )
    assert "红杉科技" in confirm.content.decode()
