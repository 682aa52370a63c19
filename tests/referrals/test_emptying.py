"""Whom a row is about is removed when its time is over, and its figures are not."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.urls import reverse

from hireops.database.clock import now
from hireops.feishu import hire
from referrals.accounts.profile import apply_account
from referrals.models import Case, Payment, ReferralAccount, Registration
from referrals.payments import recording
from referrals.payments.services import hand_over
from referrals.payments.tasks import empty_payees
from referrals.registrations import services as registrations
from referrals.registrations.tasks import empty_contacts
from tests.referrals.conftest import tell
from tests.referrals.withdrawals import approved, taken
from tests.searching import reveal

PERSON = {"name": "张三", "mobile": "+8613800138000", "email": "zhang@open.com"}
Status = ReferralAccount.Status


@pytest.fixture(autouse=True)
def _keep_for_a_while(settings):
    settings.REFERRALS_KEEP_CONTACTS_DAYS = 100
    settings.REFERRALS_KEEP_PAYEES_DAYS = 1000


def days_ago(days):
    return now() - timedelta(days=days)


def said_of(row):
    row.refresh_from_db()
    return [getattr(row, name) for name in type(row).PERSONAL]


# --- Registrations


@pytest.fixture
def registered(account, tenant, hira):
    def registered(state, *, days):
        of = {"account": account()} if state == "registered" else {}
        values = {**PERSON, "mobile_given": "138 0013 8000", "state": state, "finished_at": days_ago(days)}
        row = Registration.objects.create(**values, **of, tenant=tenant, created_by=hira)
        Registration.objects.filter(pk=row.pk).update(created_at=days_ago(days))
        return row

    return registered


@pytest.mark.parametrize("state", ["registered", "refused", "duplicate", "discarded", "invalid"])
def test_a_registration_that_ended_long_ago_is_emptied(registered, state):
    old, young = registered(state, days=101), registered(state, days=99)
    empty_contacts()
    assert said_of(old) == [""] * 5
    assert "张三" in said_of(young)
    assert (old.state, bool(old.emptied_at), young.emptied_at) == (state, True, None)


@pytest.mark.parametrize("state", ["ready", "pending"])
def test_a_registration_that_is_under_way_is_not(registered, state):
    row = registered(state, days=1000)
    empty_contacts()
    assert "张三" in said_of(row)


def test_the_page_of_an_emptied_row_says_so_and_offers_nothing(registered, pages, hira):
    row = registered("refused", days=101)
    empty_contacts()
    page = reverse("admin:referrals_registration_change", args=[row.pk])
    text = pages(hira).get(page).text
    assert "Personal data was removed on" in text
    assert "Show personal data" not in text
    assert "actions/retry" not in text
    assert reveal(pages(hira), page).status_code == 403
    row.refresh_from_db()
    assert not registrations.may_be_corrected(row)


# --- Accounts


@pytest.fixture
def left(account):
    """Of an employee who left long ago: deactivated, with nothing in it."""
    made = account(**PERSON, feishu_name="张三", status=Status.DISABLED)
    ReferralAccount.objects.update(created_at=days_ago(101))
    return made


def test_a_deactivated_account_in_which_nothing_is_open_is_emptied(left):
    empty_contacts()
    assert said_of(left) == [""] * 7
    assert left.emptied_at
    assert left.account_id


@pytest.fixture(params=["enabled", "filled", "open case", "open withdrawal", "young"])
def still_somebodys(request, left, hira, ada):
    match request.param:
        case "enabled":
            ReferralAccount.objects.update(status=Status.AVAILABLE)
        case "filled":
            tell(left.account_id, points=1)
        case "open case":
            Case.objects.create(kind=Case.Kind.CONTACT, account=left)
        case "open withdrawal":
            approved(left, by=hira, approver=ada)
        case "young":
            ReferralAccount.objects.update(created_at=days_ago(99))
    return left


def test_an_account_that_is_somebodys_is_not(still_somebodys):
    empty_contacts()
    assert "张三" in said_of(still_somebodys)


def answered(account, status):
    referrer = {"id": "1", "name": {"zh_cn": "张三"}, "email": "zhang@open.com", "mobile": "13800138000"}
    assets = {"confirmed_bonus": {"point_bonus": 0, "cash_bonus": []}}
    told = {"account_id": account.account_id, "assets": assets, "status": int(status), "referrer": referrer}
    return hire.Account.of({"account": told})


def test_what_feishu_says_of_a_deactivated_account_does_not_fill_it_again(left):
    empty_contacts()
    left.refresh_from_db()
    apply_account(left, answered(left, Status.DISABLED))
    assert said_of(left) == [""] * 7
    apply_account(left, answered(left, Status.AVAILABLE))
    assert "张三" in said_of(left)
    assert left.emptied_at is None


# --- Payments


@pytest.fixture
def payment(account, hira, ada):
    hand_over([taken(account(**PERSON), by=hira, approver=ada, CNY="12.30")], by=hira)
    return Payment.objects.get()


def test_whom_a_payment_paid_stays_as_long_as_a_setting_says(payment, hira, clock):
    recording.record_paid(payment, by=hira, reference="A1")
    for name in ("张三", ""):
        clock.advance(days=501)
        empty_payees()
        assert said_of(payment)[0] == name
    assert (str(payment.sum), payment.state, payment.reference) == ("12.30", "paid", "A1")


def test_a_payment_without_a_result_keeps_its_payee_whoever_writes(payment):
    empty = {"payee_name": "", "payee_mobile": "", "payee_email": "", "emptied_at": now()}
    for change in (empty, {"payee_name": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Payment.objects.update(**change)
    assert said_of(payment)[0] == "张三"


@pytest.mark.parametrize(
    "change",
    [
        {"payee_name": "李四"},
        {"payee_name": "", "emptied_at": Now()},
        {"emptied_at": Now()},
        {"payee_name": "", "payee_mobile": "", "payee_email": ""},
    ],
)
def test_a_payee_is_emptied_whole_or_not_at_all(payment, hira, change):
    recording.record_paid(payment, by=hira, reference="A1")
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.update(**change)
    assert said_of(payment)[0] == "张三"
