"""An account binding event, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.utils import timezone

from bindings.models import AccountBinding, CustomFieldValue, EcoAccount
from hireops.database.clock import now
from hireops.desk.audit import entries_about, record
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.inbox.registry import changed_by
from tests.meanwhile import meanwhile, two_writers
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

BODY = {
    "scope": 1,
    "account_id": "6931286400470354183",
    "account_name": "背调账号 001",
    "usage_list": [1, 2],
    "custom_field_list": [{"key": "ord_id", "value": "7233333"}, {"key": "token", "value": "s3cret"}],
}


def values_of(account):
    return list(account.values_given.values_list("key", "value"))


def test_the_event_becomes_an_account_with_everything_that_it_says(bound):
    event = bound(BODY, tenant_key="2ca1d211f64f6438")
    account = EcoAccount.objects.get()
    assert event.state == Event.State.HANDLED
    assert account.tenant == Tenant.objects.get(tenant_key="2ca1d211f64f6438")
    assert (account.account_id, account.scope, account.name) == ("6931286400470354183", 1, "背调账号 001")
    assert account.usages == [1, 2]
    assert account.event == event
    assert values_of(account) == [("ord_id", "7233333"), ("token", "s3cret")]


def test_one_tenant_may_add_several_accounts_and_two_tenants_the_same_id(bound):
    bound(BODY)
    bound({**BODY, "account_id": "2"})
    bound(BODY, tenant_key="tenant_b")
    assert EcoAccount.objects.count() == 3


def test_a_newer_event_about_the_account_takes_the_place_of_the_older_one(bound):
    old = bound(BODY)
    new = bound(
        {**BODY, "account_name": "新名", "custom_field_list": [{"key": "a", "value": "b"}]}, minutes=5
    )
    account = EcoAccount.objects.get()
    assert (account.name, account.event) == ("新名", new)
    assert values_of(account) == [("a", "b")]
    assert CustomFieldValue.objects.count() == 1
    entry = entries_about(account)[0]
    assert entry.action == "account bound again"
    assert entry.details["previous_event_id"] == old.event_id


def test_an_event_that_is_older_than_what_we_have_changes_nothing_and_is_noted(bound):
    newest = bound(BODY, minutes=5)
    bound({**BODY, "account_name": "旧名", "custom_field_list": []}, minutes=0)
    account = EcoAccount.objects.get()
    assert (account.name, account.event) == ("背调账号 001", newest)
    assert len(values_of(account)) == 2
    assert entries_about(account)[0].action == "older event of the account ignored"


def test_an_event_from_the_future_is_no_newer_than_one_that_came_after_it(bound):
    bound(BODY, minutes=60 * 24 * 365 * 200)
    later = bound({**BODY, "account_name": "新名"}, minutes=60 * 24 * 365 * 100)
    assert EcoAccount.objects.get().event == later


def test_an_event_knows_the_account_that_has_or_had_its_data_from_it(bound):
    first, second = bound(BODY, minutes=1), bound({**BODY, "account_name": "新名"}, minutes=2)
    ignored, other = bound(BODY, minutes=0), bound({**BODY, "account_id": "2"})
    of_another_tenant = bound(BODY, tenant_key="tenant_b")
    failed = bound({**BODY, "account_id": None})
    account = EcoAccount.objects.get(event=second)
    assert changed_by(first) == changed_by(second) == [account]
    assert changed_by(other) == [EcoAccount.objects.get(event=other)]
    assert changed_by(of_another_tenant) == [EcoAccount.objects.get(event=of_another_tenant)]
    assert changed_by(ignored) == changed_by(failed) == []


def test_the_times_of_an_account_are_the_databases(bound, a_clock_that_is_a_day_ahead):
    bound(BODY)
    account = EcoAccount.objects.get()
    assert abs(account.created_at - now()) < timedelta(minutes=1)
    bound({**BODY, "account_name": "新名"}, minutes=5)
    again = EcoAccount.objects.get()
    assert again.created_at == account.created_at
    assert timedelta(0) < again.updated_at - account.updated_at < timedelta(minutes=1)


@pytest.fixture
def a_clock_that_is_a_day_ahead(monkeypatch):
    """The clock of this machine is a day ahead of the database's."""
    ahead = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)


def test_of_two_events_of_the_same_moment_the_later_arrival_counts(bound):
    bound(BODY)
    later = bound({**BODY, "account_name": "后到"})
    assert EcoAccount.objects.get().event == later


def test_handling_an_event_again_changes_nothing(bound):
    event = bound(BODY)
    before = EcoAccount.objects.values().get()
    Event.objects.filter(pk=event.pk).update(
        state=Event.State.PENDING, handled_at=None, not_before=event.received_at
    )
    bound({**BODY, "account_id": "another"})
    event.refresh_from_db()
    assert event.state == Event.State.HANDLED
    assert EcoAccount.objects.filter(account_id=BODY["account_id"]).values().get() == before
    assert entries_about(EcoAccount.objects.get(account_id=BODY["account_id"])).count() == 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (7, 7),
        ("2", 2),
        (None, None),
        ("x", None),
        (2**40, None),
        (True, None),
        ([1], None),
        (Decimal("1.5"), None),
    ],
)
def test_a_scope_that_we_do_not_know_does_not_lose_the_account(bound, sent, kept):
    bound({**BODY, "scope": sent} if not isinstance(sent, Decimal) else {**BODY, "scope": 1.5})
    assert EcoAccount.objects.get().scope == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (None, []),
        ("x", []),
        ({"key": "a"}, []),
        ([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], [("a", "1"), ("a", "2")]),
        ([{"key": "a"}, {"value": "v"}, "text", None], [("a", ""), ("", "v"), ("", "text"), ("", "")]),
        ([{"key": "a", "value": 5}, {"key": 7, "value": None}], [("a", "5"), ("7", "")]),
        (
            [{"key": "a", "value": {"b": [1]}}, {"key": "c", "value": True}],
            [("a", '{"b": [1]}'), ("c", "true")],
        ),
        ([{"key": "k" * 500, "value": "v" * 100_000}], [("k" * 500, "v" * 100_000)]),
    ],
)
def test_custom_fields_are_kept_in_their_order_whatever_they_look_like(bound, sent, kept):
    event = bound({**BODY, "custom_field_list": sent})
    assert event.state == Event.State.HANDLED
    assert values_of(EcoAccount.objects.get()) == kept


def test_a_number_with_a_fraction_is_kept_as_it_was_written(bound):
    bound({**BODY, "custom_field_list": [{"key": "a", "value": 0.5}], "usage_list": [1, 2.5, "x"]})
    assert values_of(EcoAccount.objects.get()) == [("a", "0.5")]
    assert EcoAccount.objects.get().usages == [1, "2.5", "x"]


def test_an_account_without_a_name_or_anything_else_is_bound(bound):
    bound({"account_id": "9"})
    account = EcoAccount.objects.get()
    assert (account.account_id, account.name, account.scope, account.usages) == ("9", "", None, [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({**BODY, "account_id": None}, "account_id is missing or is not text"),
        ({**BODY, "account_id": 6931286400470354183}, "account_id is missing or is not text"),
        ({**BODY, "account_id": " "}, "account_id is missing or is not text"),
        ({**BODY, "account_id": "9" * 256}, "account_id is longer than 255 characters"),
        ("text", "the event has no object under 'event'"),
    ],
)
def test_without_a_usable_account_id_the_event_fails_with_the_reason(bound, body, reason):
    event = bound(body)
    assert event.state == Event.State.FAILED
    assert reason in event.reason
    assert EcoAccount.objects.count() == 0


@two_writers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_new_account_that_two_workers_meet_at_once_is_bound_by_the_newest_event_at_the_first_try(
    bound, minutes
):
    theirs = bound({**BODY, "account_id": "another"})
    later: list[Event] = []

    def handle():
        later.append(bound({**BODY, "account_name": "later"}, minutes=minutes))

    with meanwhile(handle) as until_it_waits, transaction.atomic():
        # As another worker does, which is not done yet.
        EcoAccount.objects.create(
            tenant=theirs.tenant, account_id=str(BODY["account_id"]), event=theirs, name="theirs"
        )
        until_it_waits()
    (event,) = later
    assert [attempt.outcome for attempt in event.attempts.all()] == ["handled"]
    bound_last = event if minutes > 0 else theirs
    assert EcoAccount.objects.get(account_id=BODY["account_id"]).event == bound_last


def test_what_earlier_releases_kept_in_the_audit_alone_is_read_from_there(db):
    """Which events had bound an account before the one that it has now."""
    tenant = Tenant.objects.create(app_id="cli_x", tenant_key="t")
    first, second, ignored = (
        Event.objects.create(app_id="cli_x", event_id=name, digest=name) for name in "abc"
    )
    account = EcoAccount.objects.create(tenant=tenant, account_id="1", event=second)
    gone = EcoAccount(pk=account.pk + 1, account_id="2")
    record(by=None, action="account bound", on=account, event_id="a", event=first.pk)
    record(by=None, action="account bound again", on=account, event_id="b", event=second.pk)
    record(by=None, action="older event of the account ignored", on=account, event_id="c", event=ignored.pk)
    record(by=None, action="account bound", on=gone, event_id="c", event=ignored.pk)

    import_module("bindings.migrations.0007_account_bindings").read_from_audit(apps, None)

    assert {(each.event, each.account) for each in AccountBinding.objects.all()} == {
        (first, account),
        (second, account),
    }


def test_which_events_have_bound_an_account_is_kept_by_the_database(bound):
    bound(BODY)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AccountBinding.objects.all().delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AccountBinding.objects.update(account=None)
