"""Registering one referrer, and what staff do with what did not work."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from hireops.database import clock
from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.feishu.models import Tenant
from hireops.outbox import sending
from hireops.outbox import services as outbox
from hireops.outbox.models import Call, Channel
from hireops.outbox.recording import record
from referrals.accounts import services as accounts
from referrals.models import ReferralAccount, Registration, RegistrationImport
from referrals.registrations import problems
from referrals.registrations import services as registrations
from tests.pages import waits
from tests.referrals.conftest import balances, tell
from tests.searching import found, reveal, search

State = Registration.State
ACCOUNT_ID = "6942778198054125999"
PATH = "/open-apis/hire/v1/referral_account"
ADD = "/admin/referrals/registration/add/"
LIST = "/admin/referrals/registration/"


@pytest.fixture
def company(transactional_db, feishu):
    """A Feishu with one employee, 张三; everything may be drained."""
    Tenant.objects.own()
    feishu.add_employees(
        {"name": "张三", "mobile_number": "13800138000", "email": "zhang@open.com"},
        {"name": "李四", "mobile_number": "13900139000", "email": "li@open.com"},
    )
    return feishu


@pytest.fixture
def register(hira):
    def register(mobile="138 0013 8000", email="", name="张三"):
        return registrations.register(mobile=mobile, email=email, name=name, by=hira)

    return register


def page_of(row):
    return reverse("admin:referrals_registration_change", args=[row.pk])


def act(client, action, row, reason="because"):
    url = reverse("admin:referrals_registration_staff_action", args=[action])
    return client.post(
        url, {"_selected_action": row.pk, "confirmed": "yes", "reason": reason, "back": LIST}, follow=True
    )


def correct(client, row, **values):
    url = reverse("admin:referrals_registration_correct", args=[row.pk])
    return client.post(url, {"mobile": "", "email": "", "name": "", **values}, follow=True)


def in_time_for_the_next_try():
    past = clock.now() - timedelta(seconds=1)
    Call.objects.update(not_before=past, lease_until=None)
    Channel.objects.update(open_from=past)


# --- By form


def test_a_referrer_is_registered_by_form(company, pages, hira, drain):
    company.add_employees({"name": "王五", "mobile_number": "13700137000", "account_id": ACCOUNT_ID})
    company.reward("13700137000", points=7, CNY="1.30")
    hira_browser = pages(hira)

    answer = hira_browser.post(
        ADD, {"mobile": "＋86 137-0013-7000", "email": "", "name": "王五"}, follow=True
    )
    row = Registration.objects.get()
    assert (row.state, row.mobile) == (State.PENDING, "+8613700137000")
    assert b"On its way to Feishu" in answer.content
    assert waits(answer.content.decode())
    call = Call.objects.get(registration=row)
    assert (call.payload, call.target) == (
        {"mobile": {"code": "86", "number": "13700137000"}},
        f"referral_registration:{row.pk}",
    )
    drain()

    row.refresh_from_db()
    account = ReferralAccount.objects.get(registrations=row)
    assert (row.state, account.account_id) == (State.REGISTERED, ACCOUNT_ID)
    assert (account.mobile, account.name, account.source) == ("+8613700137000", "王五", "registered")
    assert balances(account) == {"points": 7, "CNY": Decimal("1.30")}
    assert account.account_id in hira_browser.get(page_of(row)).content.decode()


def test_mobile_and_email_may_both_be_given(company, register, drain):
    row = register("13800138000", "Zhang@Open.com")

    assert row.call.payload == {
        "mobile": {"code": "86", "number": "13800138000"},
        "email": "zhang@open.com",
    }
    drain()
    assert Registration.objects.get().state == State.REGISTERED


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"mobile": "1380013"}, "This is no mobile number."),
        ({"email": "zhang"}, "This is no email address."),
        ({"mobile": "1.38E+10"}, "Excel has shortened this number"),
        ({"name": "张三"}, "Neither a mobile number nor an email address is given."),
    ],
)
def test_what_cannot_be_sent_is_told_at_its_field(db, pages, hira, typed, told):
    answer = pages(hira).post(ADD, {"mobile": "", "email": "", "name": "", **typed})

    assert told in answer.content.decode()
    assert not Registration.objects.exists()


def test_registering_somebody_who_is_registered_leads_to_the_same_account(account, pages, hira):
    known = account("6942778198054125570", mobile="+8613800138000", email="zhang@open.com")

    answer = pages(hira).post(ADD, {"mobile": "138 0013 8000", "email": "", "name": ""}, follow=True)

    row = Registration.objects.get()
    assert (row.state, row.account, row.call) == (State.DUPLICATE, known, None)
    assert "has a referral account already" in answer.content.decode()
    assert known.account_id in answer.content.decode()
    assert not Call.objects.exists()


def test_a_contact_that_is_not_known_here_leads_to_the_same_account_through_feishu(company, register, drain):
    first = register("13800138000")
    drain()
    second = register("", "zhang@open.com")
    drain()

    first.refresh_from_db()
    second.refresh_from_db()
    assert second.state == State.REGISTERED
    assert first.account == second.account
    assert (second.account.mobile, second.account.email) == ("+8613800138000", "zhang@open.com")


def test_clicking_twice_registers_once(company, register):
    assert register().pk == register().pk
    assert Call.objects.count() == 1


def test_contacts_of_two_accounts_are_not_sent(account, register):
    account(mobile="+8613800138000")
    account(email="li@open.com")

    with pytest.raises(Refused, match="different referral accounts"):
        register("13800138000", "li@open.com")
    assert not Call.objects.exists()


def test_an_account_that_an_event_has_made_known_is_joined(company, register, drain):
    company.add_employees({"name": "王五", "mobile_number": "13700137000", "account_id": ACCOUNT_ID})
    tell(ACCOUNT_ID, points=3)
    company.reward("13700137000", points=5)

    row = register("13700137000", name="王五")
    drain()

    row.refresh_from_db()
    account = ReferralAccount.objects.get()
    assert (row.account, account.source) == (account, "event")
    assert (account.name, account.mobile) == ("王五", "+8613700137000")
    assert balances(account) == {"points": 5}


def test_an_answer_that_comes_late_does_not_undo_a_deactivation(company, register, drain, hira):
    """Feishu answers the registration, then deactivates; the first answer is read last."""
    register("13800138000")
    drain()
    account = ReferralAccount.objects.get()
    register("", "zhang@open.com")
    claim = sending.claim()
    assert claim is not None
    late = sending.send(claim)
    accounts.deactivate(account, by=hira, reason="left")
    drain()

    record(claim, late)

    account.refresh_from_db()
    assert account.status == ReferralAccount.Status.DISABLED
    assert Registration.objects.latest("pk").state == State.REGISTERED
    query = Call.objects.latest("pk")
    assert (query.operation, query.state, query.created_by) == (accounts.GET_ASSETS, "pending", hira)
    drain()
    account.refresh_from_db()
    assert account.status == ReferralAccount.Status.DISABLED


def test_a_store_app_without_a_customer_says_so(db, settings, pages, hira):
    settings.FEISHU_APP_TYPE = "store"

    answer = pages(hira).post(ADD, {"mobile": "13800138000", "email": "", "name": ""})

    assert "No customer has this app installed" in answer.content.decode()


# --- What did not work


def test_no_such_employee_is_corrected_on_the_row_and_sent_again(company, pages, hira, register, drain):
    row = register("13800138009")
    drain()
    row.refresh_from_db()
    assert (row.state, row.problem) == (State.REFUSED, "no_such_employee")
    hira_browser = pages(hira)
    page = hira_browser.get(page_of(row)).content.decode()
    assert "No such employee" in page
    assert "13800138009" not in page
    assert "To correct the contact, show it first" in page
    assert 'value="13800138009"' in reveal(hira_browser, page_of(row)).content.decode()

    correct(hira_browser, row, mobile="13800138000", name="张三")
    drain()

    row.refresh_from_db()
    assert (row.state, row.problem, row.account.mobile) == (State.REGISTERED, "", "+8613800138000")
    assert [entry.action for entry in entries_about(row)] == [
        "registration corrected",
        "personal data shown",
        "registration asked for",
    ]


def test_more_than_one_employee_is_told_and_tried_again_when_made_unique(
    company, pages, hira, register, drain
):
    company.add_employees({"name": "张三2", "mobile_number": "13800138000", "email": "zhang2@open.com"})
    row = register("13800138000")
    drain()
    row.refresh_from_db()
    assert (row.state, row.problem) == (State.REFUSED, "several_employees")
    assert "More than one employee matches, make the contact unique" in (
        pages(hira).get(page_of(row)).content.decode()
    )

    correct(pages(hira), row, email="zhang@open.com")
    drain()

    row.refresh_from_db()
    assert row.state == State.REGISTERED


def test_a_refused_row_is_tried_again_as_it_is(company, pages, hira, register, drain):
    row = register("13600136000")
    drain()
    company.add_employees({"name": "王五", "mobile_number": "13600136000"})

    act(pages(hira), "retry", row)
    drain()

    row.refresh_from_db()
    assert row.state == State.REGISTERED
    assert Call.objects.count() == 2


def test_any_other_refusal_is_explained_from_its_code(company, pages, hira, register, drain):
    company.add_fault("refused", path=PATH, code=1002002, http_status=400)
    row = register()
    drain()

    row.refresh_from_db()
    assert (row.state, row.problem) == (State.REFUSED, "refused")
    assert row.problem_details == {"outcome": "refused", "code": 1002002}
    page = pages(hira).get(page_of(row)).content.decode()
    assert "1002002" in page
    assert problems.problem_in_words(row)


def test_a_correction_that_cannot_be_sent_changes_nothing(company, pages, hira, register, drain):
    row = register("13800138009")
    drain()

    answer = correct(pages(hira), row, mobile="138")

    assert "This is no mobile number." in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, row.mobile) == (State.REFUSED, "+8613800138009")


def test_a_correction_may_lead_to_an_account_that_is_known(company, hira, register, account, drain):
    row = register("13800138009")
    drain()
    known = account(mobile="+8613500135000")

    registrations.correct(row, mobile="13500135000", email="", name="", by=hira)

    row.refresh_from_db()
    assert (row.state, row.account) == (State.DUPLICATE, known)


def test_a_call_that_waits_for_a_person_is_told_and_tried_again_on_the_row(
    company, pages, hira, register, drain
):
    company.add_fault("refused", path=PATH, code=1002001, http_status=500, calls=5)
    row = register()
    for _ in range(5):
        drain()
        in_time_for_the_next_try()
    row.refresh_from_db()
    assert (row.state, row.call.state) == (State.PENDING, Call.State.WAITING)
    page = pages(hira).get(page_of(row)).content.decode()
    assert "general system error" in page
    assert "Waiting for a person" in page

    act(pages(hira), "retry", row)
    drain()

    row.refresh_from_db()
    assert row.state == State.REGISTERED
    assert Call.objects.count() == 1
    assert "registration tried again" in {entry.action for entry in entries_about(row)}


def test_a_call_that_is_tried_for_long_tells_why(company, pages, hira, register, drain):
    company.add_fault("server_error", path=PATH)
    row = register()
    drain()

    row.refresh_from_db()
    assert row.state == State.PENDING
    assert problems.problem_in_words(row)


def test_an_answer_that_is_lost_registers_once(company, register, drain):
    company.add_fault("cut", path=PATH, when="after")
    row = register()
    drain()
    in_time_for_the_next_try()
    drain()

    row.refresh_from_db()
    assert row.state == State.REGISTERED
    assert ReferralAccount.objects.count() == 1


def test_what_waits_can_be_corrected_instead(company, pages, hira, register, drain):
    company.add_fault("refused", path=PATH, code=1002001, http_status=500, calls=5)
    row = register("13800138009")
    for _ in range(5):
        drain()
        in_time_for_the_next_try()

    correct(pages(hira), row, mobile="13800138000")
    drain()

    row.refresh_from_db()
    assert row.state == State.REGISTERED
    assert sorted(Call.objects.values_list("state", flat=True)) == ["canceled", "succeeded"]


def test_a_refused_row_can_be_discarded_and_is_left_alone_then(company, pages, hira, register, drain):
    row = register("13800138009")
    drain()

    act(pages(hira), "discard", row)
    answer = act(pages(hira), "retry", row)

    row.refresh_from_db()
    assert row.state == State.DISCARDED
    assert "This row was discarded" in answer.content.decode()


def test_what_is_on_its_way_or_done_cannot_be_changed(company, hira, register, drain):
    row = register()
    for change in (registrations.retry, registrations.discard):
        with pytest.raises(Refused, match="on its way"):
            change(row, by=hira)
    drain()
    row.refresh_from_db()
    for change in (registrations.retry, registrations.discard):
        with pytest.raises(Refused, match="is registered"):
            change(row, by=hira)


# --- Who may, and who sees what


def test_staff_decide_on_the_row_and_not_in_the_outbox(company, hira, register, drain):
    row = register("13800138009")
    drain()
    row.refresh_from_db()

    with pytest.raises(Refused, match="Registrations"):
        outbox.resend_call(row.call, by=hira, reason="")


@pytest.mark.parametrize("who", ["vera", "ada", "audrey", "otto"])
def test_only_hr_officers_register(db, request, pages, who):
    assert pages(request.getfixturevalue(who)).get(ADD).status_code == 403


def test_who_may_not_see_personal_data_sees_it_masked(company, pages, audrey, register, drain):
    row = register("13800138009", "zhang.san@open.com")
    drain()
    browser = pages(audrey)

    for page in (browser.get(LIST), browser.get(page_of(row))):
        text = page.content.decode()
        assert "8009" not in text.replace("****8009", "")
        assert "zhang.san" not in text
        assert "张三" not in text
    assert correct(browser, row, mobile="13800138000").status_code == 403


def test_the_list_finds_a_mobile_in_any_spelling(company, pages, hira, audrey, register):
    row = register()
    register("13900139000", name="李四")

    assert found(search(pages(hira), LIST, "+86 138-0013-8000")) == [row]
    assert found(search(pages(audrey), LIST, "13800138000")) == []


def test_audits_and_titles_hold_no_personal_data(company, pages, hira, register, drain):
    row = register("13800138009")
    drain()
    correct(pages(hira), row, mobile="13800138000", name="张三丰")

    for entry in AuditEntry.objects.all():
        told = f"{entry.target_label} {entry.details} {entry.reason}"
        assert "张三" not in told
        assert "13800138" not in told


def test_the_list_asks_no_more_for_more_rows(db, tenant, hira, pages, django_assert_max_num_queries):
    batch = RegistrationImport.objects.create(file_name="a.csv", uploaded_by=hira, state="checked")
    Registration.objects.bulk_create(
        Registration(batch=batch, line=line, state=State.INVALID, problem="bad_mobile", created_by=hira)
        for line in range(2, 42)
    )
    browser = pages(hira)

    with django_assert_max_num_queries(12):
        assert b"This is no mobile number." in browser.get(LIST).content
