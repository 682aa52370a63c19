"""Asking Feishu for balances, enabling and deactivating: against a simulator that runs as a process."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from hireops.database.clock import now
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.feishu.client import Answer
from hireops.feishu.models import Tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call
from referrals.accounts import services as accounts
from referrals.accounts import sweep
from referrals.accounts.calls import apply_assets, apply_deactivation
from referrals.accounts.events import ACCOUNT_ID_LENGTH
from referrals.models import BalanceChange, Case, ReferralAccount, Withdrawal
from tests.long_work import work
from tests.referrals.conftest import balances, history, tell
from tests.referrals.observations import owed

pytestmark = pytest.mark.django_db(transaction=True)

Status = ReferralAccount.Status
ID = "6942778198054125570"
CONTACT = {"name": "张三", "mobile_code": "86", "mobile_number": "13800138000", "email": "Hire@open.com"}


@pytest.fixture
def employee(feishu, transactional_db):
    """Somebody with an account at Feishu."""
    feishu.add_employees({**CONTACT, "account_id": ID})
    return ID


def queries():
    return Call.objects.filter(operation=accounts.GET_ASSETS)


def refreshed(account, drain, by=None):
    accounts.refresh(account, by=by)
    drain()
    account.refresh_from_db()
    return account


# --- Refresh


def test_a_refresh_brings_the_balance_in_every_currency_and_says_where_it_came_from(
    feishu, employee, account, drain, hira
):
    feishu.reward(ID, points=100, CNY="12.30", USD="0.10")
    ours = refreshed(account(ID), drain, by=hira)

    assert balances(ours) == {"points": Decimal(100), "CNY": Decimal("12.30"), "USD": Decimal("0.10")}
    assert (ours.figure_event, ours.figure_call) == (None, queries().get())
    assert ours.queried_at <= now()
    entry = AuditEntry.objects.get(action="balance asked for")
    assert (entry.actor, entry.target_id) == (hira, str(ours.pk))


def test_a_refresh_brings_the_contact_only_where_we_have_none(feishu, employee, account, drain):
    ours = refreshed(account(ID, name="", email="own@open.com"), drain)

    assert (ours.name, ours.mobile, ours.email) == ("张三", "+8613800138000", "own@open.com")


@pytest.mark.parametrize(
    "employee_as_told",
    [
        {"name": "张*", "mobile_number": "1879087xxx8", "email": "27188272xxxx1.com"},
        {"name": "张xxx", "mobile_number": "187****0001", "email": "h***@open.com"},
        {"name": "*", "email": "hxxx@open.com"},
    ],
)
@pytest.mark.usefixtures("transactional_db")
def test_what_feishu_masks_or_leaves_out_is_never_kept(feishu, account, drain, employee_as_told):
    feishu.add_employees({**employee_as_told, "account_id": ID})
    ours = refreshed(account(ID, name=""), drain)

    assert (ours.name, ours.mobile, ours.email) == ("", "", "")
    assert ours.figure_call is not None


def test_refreshing_twice_before_anything_left_asks_once(employee, account, drain):
    ours = account(ID)
    accounts.refresh(ours, by=None)
    accounts.refresh(ours, by=None)

    assert drain() == 1
    assert sorted(queries().values_list("state", flat=True)) == ["succeeded", "superseded"]


def test_an_account_that_feishu_does_not_know_becomes_a_case_until_it_does(
    feishu, transactional_db, account, drain
):
    ours = refreshed(account(ID), drain)
    refreshed(ours, drain)
    case = Case.objects.get()
    assert (case.kind, case.account, case.closed_at) == ("unknown_account", ours, None)

    feishu.add_employees({**CONTACT, "account_id": ID})
    refreshed(ours, drain)
    case.refresh_from_db()
    assert case.closed_at is not None
    assert case.closed_by is None
    assert "later query" in case.note


def test_an_answer_about_another_account_is_never_booked(account):
    ours = account(ID, points=5)
    call = accounts.refresh(ours, by=None)
    with pytest.raises(ValueError, match="another account"), transaction.atomic():
        apply_assets(call, answer("6900000000000000001", points=9))

    assert balances(ours) == {"points": Decimal(5)}


# --- Drift


def test_a_balance_that_moved_without_an_event_becomes_a_case_for_each_asset(
    feishu, employee, account, drain
):
    ours = account(ID, points=100, CNY="12.30")
    feishu.reward(ID, points=150, CNY="12.30", USD="1.00")
    refreshed(ours, drain)

    found = Case.objects.order_by("asset").values_list("kind", "asset", "ours", "theirs")
    assert list(found) == [
        ("drift", "USD", Decimal(0), Decimal("1.00")),
        ("drift", "points", Decimal(100), Decimal(150)),
    ]
    assert set(Case.objects.values_list("change__cause", flat=True)) == {"call"}
    assert balances(ours)["points"] == 150


def test_the_first_figure_is_no_drift(feishu, employee, account, drain):
    feishu.reward(ID, points=100)
    refreshed(account(ID), drain)
    assert not Case.objects.exists()


def test_a_query_that_confirms_the_figure_changes_nothing_but_its_age(feishu, employee, account, drain):
    ours = account(ID, points=100)
    feishu.reward(ID, points=100)
    refreshed(ours, drain)

    assert len(history(ours)) == 1
    assert not Case.objects.exists()
    assert ours.figure_call == queries().get()


def test_two_queries_that_differ_are_drift(feishu, employee, account, drain):
    ours = refreshed(account(ID), drain)
    feishu.reward(ID, points=7)
    refreshed(ours, drain)
    case = Case.objects.get()
    assert (case.kind, case.ours, case.theirs) == ("drift", Decimal(0), Decimal(7))


def test_what_changes_while_an_account_is_deactivated_is_no_drift(feishu, employee, account, drain, hira):
    ours = account(ID, points=100)
    feishu.reward(ID, points=100)
    accounts.deactivate(ours, by=hira, reason="left")
    drain()
    feishu.reward(ID, points=50)
    refreshed(ours, drain)
    feishu.reward(ID, points=25)
    accounts.enable(ours, by=hira, reason="back")
    drain()

    assert balances(ours) == {"points": Decimal(175)}
    assert not Case.objects.exists()
    feishu.reward(ID, points=1)
    refreshed(ours, drain)
    assert Case.objects.get().kind == "drift"


@pytest.mark.usefixtures("employee")
def test_what_an_unanswered_withdrawal_took_is_no_drift(account, drain, hira, ada):
    ours = account(ID, points=100)
    withdrawn(ours, hira, ada, state="unknown")
    refreshed(ours, drain)

    assert history(ours)[-1] == ("points", Decimal(100), Decimal(0), "withdrawal")
    assert not Case.objects.exists()


# --- Enable and deactivate


@pytest.mark.usefixtures("employee")
def test_deactivating_turns_the_account_off_at_feishu_and_asks_how_it_is_now(feishu, account, drain, hira):
    ours = account(ID, points=100)
    feishu.reward(ID, points=100)
    accounts.deactivate(ours, by=hira, reason="left the company")
    drain()
    ours.refresh_from_db()

    assert ours.status == Status.DISABLED
    assert feishu.state("employees")["employees"][0]["status"] == 2
    operations = Call.objects.order_by("pk").values_list("operation", "state", "created_by")
    assert list(operations) == [
        ("referral_account.deactivate", "succeeded", hira.pk),
        ("referral_account.get_account_assets", "succeeded", hira.pk),
    ]
    entry = AuditEntry.objects.get(action="deactivation asked for")
    assert (entry.reason, entry.details["left"]) == ("left the company", {"points": "100.00"})


def test_enabling_is_followed_by_a_query_because_events_had_stopped(feishu, employee, account, drain, hira):
    ours = account(ID)
    accounts.deactivate(ours, by=hira, reason="left")
    drain()
    feishu.reward(ID, points=30)
    accounts.enable(ours, by=hira, reason="back")
    drain()
    ours.refresh_from_db()

    assert ours.status == Status.AVAILABLE
    assert balances(ours) == {"points": Decimal(30)}
    newest = Call.objects.latest("pk")
    assert (newest.operation, newest.state) == (accounts.GET_ASSETS, "succeeded")
    assert ours.figure_call == newest


def test_the_answer_to_a_deactivation_may_print_the_status_of_before(account, hira):
    """The published sample does (contract 2.4): the operation counts, and the query after it tells."""
    ours = account(ID)
    call = accounts.deactivate(ours, by=hira, reason="left")
    with transaction.atomic():
        apply_deactivation(call, answer(ID, points=9, status=1))

    ours.refresh_from_db()
    assert ours.status == Status.DISABLED
    assert balances(ours) == {"points": Decimal(9)}
    assert queries().filter(state="pending").count() == 1


def answer(account_id, *, points, status=1):
    assets = {"confirmed_bonus": {"point_bonus": points}}
    told = {"account_id": account_id, "status": status, "assets": assets}
    return Answer(data={"account": told}, log_id="", http_status=200, duration_ms=1)


def withdrawn(account, asked_by, decided_by, *, state):
    values = {"account": account, "external_order_id": f"order-{state}", "takes_points": True}
    values |= {"takes_cash": False, "requested_by": asked_by, "state": Withdrawal.State.REQUESTED}
    made = Withdrawal.objects.create(**values)
    if state != "requested":
        call = owed(account, "referral_account.withdraw")
        Call.objects.filter(pk=call.pk).update(state="canceled", finished_at=now())
        steps = {"state": "approved", "decided_by": decided_by, "decided_at": now(), "call": call}
        Withdrawal.objects.filter(pk=made.pk).update(**steps)
    if state == "unknown":
        Withdrawal.objects.filter(pk=made.pk).update(state="unknown")
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("state", ["requested", "approved", "unknown"])
def test_an_account_with_an_open_withdrawal_is_not_deactivated(account, hira, ada, state):
    ours = account(ID, points=100)
    withdrawn(ours, hira, ada, state=state)
    before = Call.objects.count()

    with pytest.raises(Refused, match="1002555"):
        accounts.deactivate(ours, by=hira, reason="left")
    assert Call.objects.count() == before
    assert not AuditEntry.objects.filter(action="deactivation asked for").exists()


def test_what_is_so_already_or_about_to_be_is_not_sent_again(employee, account, drain, hira):
    ours = account(ID)
    with pytest.raises(Refused, match="enabled already"):
        accounts.enable(ours, by=hira, reason="")
    accounts.deactivate(ours, by=hira, reason="left")
    with pytest.raises(Refused, match="deactivated already"):
        accounts.deactivate(ours, by=hira, reason="left")
    accounts.enable(ours, by=hira, reason="a mistake")  # takes it back before it has left
    drain()
    ours.refresh_from_db()
    assert ours.status == Status.AVAILABLE
    operations = Call.objects.exclude(operation=accounts.GET_ASSETS).order_by("pk")
    assert list(operations.values_list("state", flat=True)) == ["succeeded", "succeeded"]


def test_a_status_that_changed_elsewhere_is_found_by_a_query_and_written_down(
    feishu, employee, account, drain
):
    feishu.call("POST", f"/open-apis/hire/v1/referral_account/{ID}/deactivate")
    ours = refreshed(account(ID), drain)

    assert ours.status == Status.DISABLED
    entry = AuditEntry.objects.get(action="status told by Feishu")
    assert (entry.actor, entry.details) == (None, {"before": 1, "after": 2})


@pytest.mark.usefixtures("employee")
def test_an_old_answer_that_staff_have_applied_again_does_not_undo_a_deactivation(account, drain, hira):
    ours = account(ID)
    old = accounts.refresh(ours, by=None)
    told = answer(ID, points=9).data
    Call.objects.filter(pk=old.pk).update(state="waiting", answer=told, reason="unapplied", finished_at=None)
    Attempt.objects.create(call=old, started_at=now(), finished_at=now(), outcome="unapplied")
    accounts.deactivate(ours, by=hira, reason="left")
    drain()

    outbox.resend_call(old, by=hira, reason="")
    drain()

    old.refresh_from_db()
    ours.refresh_from_db()
    assert (old.state, ours.status) == ("succeeded", Status.DISABLED)
    assert balances(ours) == {}


# --- The sweep


def test_the_sweep_asks_for_enabled_accounts_that_were_not_asked_lately(account, drain, settings):
    settings.REFERRALS_SWEEP_HOURS = 24
    never = account("1")
    long_ago = account("2", queried_at=now() - timedelta(hours=25))
    account("3", queried_at=now() - timedelta(hours=23))
    account("4", status=Status.DISABLED, queried_at=now() - timedelta(hours=25))

    assert sweep.sweep() == 2
    asked = [call.payload["referral_account_id"] for call in queries().order_by("pk")]
    assert asked == [never.account_id, long_ago.account_id]
    assert sweep.sweep() == 0
    assert not AuditEntry.objects.exists()


def test_the_sweep_asks_for_none_that_has_a_query_on_its_way(account):
    ours = account("1")
    accounts.refresh(ours, by=None)
    ReferralAccount.objects.update(queried_at=None)
    assert sweep.sweep() == 0


def test_the_sweep_never_owes_more_than_feishu_answers_in_a_minute(account, monkeypatch):
    monkeypatch.setattr(sweep, "MOST_SWEPT", 3)
    for number in range(5):
        account(str(number))

    assert [sweep.sweep(), sweep.sweep()] == [3, 0]
    queries().filter(pk=queries().first().pk).update(state="canceled", finished_at=now())
    assert [sweep.sweep(), sweep.sweep()] == [1, 0]


def test_the_sweep_leaves_out_companies_that_cannot_be_called(account, tenant, settings):
    account("1")
    other = Tenant.objects.create(app_id="another app", tenant_key="x")
    ReferralAccount.objects.create(tenant=other, account_id="2", source="event")
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.State.SUSPENDED)
    assert sweep.sweep() == 0


def test_the_sweep_asks_each_tenant_of_a_store_app_with_its_own_lane(account, tenant, settings):
    settings.FEISHU_APP_TYPE = "store"
    other = Tenant.objects.create(app_id=settings.FEISHU_APP_ID, tenant_key="tenant_b")
    account("1")
    ReferralAccount.objects.create(tenant=other, account_id="1", source="event")

    assert sweep.sweep() == 2
    assert set(queries().values_list("tenant", flat=True)) == {tenant.pk, other.pk}
    ReferralAccount.objects.update(queried_at=None)
    assert sweep.sweep() == 0


def test_an_account_that_cannot_be_asked_for_keeps_no_other_one_from_it(account, monkeypatch, caplog):
    bad, good = account("1"), account("2")
    enqueue_query = accounts.enqueue_query

    def owe(asked, *, by):
        if asked == bad:
            Tenant.objects.create(app_id="x", tenant_key="written before it failed")
            raise ValueError("a secret")
        return enqueue_query(asked, by=by)

    monkeypatch.setattr(sweep, "enqueue_query", owe)

    assert sweep.sweep() == 1
    assert queries().get().target == accounts.target_of(good.account_id)
    assert not Tenant.objects.filter(app_id="x").exists()
    assert f"account {bad.pk} can't be asked for: ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_the_longest_account_id_of_an_event_can_be_asked_for():
    tell("x" * ACCOUNT_ID_LENGTH, points=5)
    assert sweep.sweep() == 1


def test_asking_for_all_owes_nothing_by_itself_and_the_sweep_asks_each_once(account, hira):
    for number in range(5):
        account(str(number), queried_at=now())
    account("off", status=Status.DISABLED, queried_at=now())
    assert sweep.sweep() == 0

    assert sweep.ask_for_all(by=hira) == 5
    assert not queries().exists()
    work()
    assert queries().count() == 5
    assert AuditEntry.objects.get().actor == hira
    queries().update(state="canceled", finished_at=now())
    assert sweep.sweep() == 0


def test_a_later_event_of_the_same_figure_explains_the_drift(feishu, employee, account, drain):
    ours = account(ID, points=100)
    feishu.reward(ID, points=150)
    refreshed(ours, drain)
    assert Case.objects.get().closed_at is None

    tell(ID, points=150, minutes=5)
    assert Case.objects.get().closed_at is not None
    assert balances(ours) == {"points": Decimal(150)}
    assert BalanceChange.objects.count() == 2
