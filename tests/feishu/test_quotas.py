"""How many calls are let through, and when."""

import time
from collections import Counter
from dataclasses import replace
from functools import partial
from time import monotonic, sleep

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import translation

from hireops import deadline
from hireops.database import clock
from hireops.feishu import quotas, slots
from hireops.feishu.endpoints import ENDPOINTS, Endpoint, Limit
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.models import Quota, QuotaSlot
from hireops.feishu.quotas import QuotaUsedUpError
from tests.feishu.in_processes import in_processes
from tests.feishu.token_calls import in_threads
from tests.meanwhile import at_once
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db(transaction=True)]

PER_MINUTE = ENDPOINTS["referral_account.create"]  # 100/min


def limited(*limits: tuple[int, int]) -> Endpoint:
    return replace(PER_MINUTE, limits=tuple(Limit(*limit) for limit in limits))


def granted(endpoint: Endpoint, asked: int, tenant_key: str = "") -> int:
    count = 0
    for _ in range(asked):
        try:
            quotas.acquire(endpoint, tenant_key)
            count += 1
        except QuotaUsedUpError:
            continue
    return count


def held_back(endpoint: Endpoint, tenant_key: str = "") -> QuotaUsedUpError:
    with pytest.raises(QuotaUsedUpError) as failed:
        quotas.acquire(endpoint, tenant_key)
    return failed.value


def test_16_threads_that_ask_640_times_get_exactly_the_100_of_a_minute():
    assert sum(in_threads(16, lambda _i: granted(PER_MINUTE, 40))) == 100
    assert (Quota.objects.get().given, QuotaSlot.objects.count()) == (100, 100)


@also_on_sqlite
def test_16_processes_that_ask_640_times_get_exactly_the_100_of_a_minute(hireops):
    results = in_processes(hireops, 16, "tests.feishu.in_processes:ask_for_40_slots")
    assert (len(results), sum(results)) == (16, 100)


def test_the_first_calls_of_many_tenants_are_all_counted():
    for number in range(10):
        tenant = f"tenant-{number}"
        at_once(*[partial(quotas.acquire, PER_MINUTE, tenant)] * 8)
    assert list(Quota.objects.values_list("given", flat=True)) == [8] * 10
    assert QuotaSlot.objects.count() == 80


def test_both_windows_hold_at_once():
    endpoint, started = limited((5, 1), (8, 60)), monotonic()
    assert granted(endpoint, 5) == 5
    assert monotonic() - started < 1.0
    assert granted(endpoint, 3) == 3
    assert 1.0 < monotonic() - started < 30
    assert 30 < (held_back(endpoint).retry_after_s or 0) < 60.2


def test_whoever_waits_has_a_turn_of_its_own_one_second_after_the_tenth_before():
    endpoint, started = limited((10, 1)), clock.now().timestamp()
    slots = in_threads(20, lambda _i: quotas.acquire(endpoint, ""))
    assert (Quota.objects.get().given, QuotaSlot.objects.count()) == (20, 10)
    assert Counter(slot.wait_s > 0.5 for slot in slots) == {False: 10, True: 10}
    in_order = [QuotaSlot.objects.get(position=number % 10).taken_at for number in range(11, 21)]
    assert in_order == sorted(in_order)
    assert started + 1.08 <= in_order[0] <= in_order[-1] < started + 5


def test_a_wait_of_more_than_two_seconds_is_refused_at_once_and_not_counted():
    granted(PER_MINUTE, 100)
    started = monotonic()
    error = held_back(PER_MINUTE)
    assert monotonic() - started < 2
    assert (error.outcome, error.advice, error.code) == (Outcome.NOT_SENT, Advice.RETRY_LATER, None)
    assert 30 < (error.retry_after_s or 0) <= 60.2
    assert "referral_account.create is used up" in error.message
    with translation.override("en"):
        assert error.explanation.startswith("The quota of this interface is used up for this tenant")
    assert Quota.objects.get().given == 100


def test_a_turn_that_is_free_again_is_given():
    granted(PER_MINUTE, 100)
    QuotaSlot.objects.update(taken_at=F("taken_at") - 60.3)
    assert granted(PER_MINUTE, 101) == 100


def test_a_call_that_took_long_counts_from_when_it_may_have_arrived():
    with quotas.slot(PER_MINUTE, ""):
        sleep(0.5)
    with quotas.slot(PER_MINUTE, ""):
        pass
    slow, quick = QuotaSlot.objects.order_by("position").values_list("taken_at", flat=True)
    assert quick - 0.25 < slow < quick


def test_nobody_waits_past_the_deadline():
    endpoint = limited((1, 1))
    quotas.acquire(endpoint, "")
    started = monotonic()
    with deadline.leave_before(started + 0.2), pytest.raises(FeishuError, match="too late") as failed:
        quotas.acquire(endpoint, "")
    assert monotonic() - started < 1
    assert failed.value.outcome is Outcome.NOT_SENT


def test_one_tenants_quota_is_nobody_elses(settings):
    assert granted(PER_MINUTE, 110, "tenant-a") == 100
    started = monotonic()
    assert granted(PER_MINUTE, 10, "tenant-b") == 10
    assert granted(ENDPOINTS["referral_account.deactivate"], 10, "tenant-a") == 10
    settings.FEISHU_APP_ID = "cli_other"
    assert granted(PER_MINUTE, 10, "tenant-a") == 10
    assert monotonic() - started < 30


def test_an_interface_without_limits_is_not_counted():
    with quotas.slot(ENDPOINTS["event.outbound_ip.list"], ""):
        assert not Quota.objects.exists()


def test_no_slot_is_taken_inside_a_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        quotas.acquire(PER_MINUTE, "")
    assert not Quota.objects.exists()


# --- Clocks ----------------------------------------------------------------------------------------------


def test_the_clock_is_the_databases(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    before = clock.now().timestamp()
    quotas.acquire(PER_MINUTE, "")
    after = clock.now().timestamp()
    assert before - 0.01 <= QuotaSlot.objects.get().taken_at <= after + 0.01


def test_a_clock_that_was_set_back_holds_nobody_back():
    granted(PER_MINUTE, 100)
    QuotaSlot.objects.update(taken_at=F("taken_at") + 3600)
    Quota.objects.update(blocked_until=clock.now().timestamp() + 7200)
    assert granted(PER_MINUTE, 1) == 1


def test_the_database_waits_for_the_disk_again_afterwards():
    granted(limited((1, 60)), 2)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            assert cursor.execute("PRAGMA synchronous").fetchone() == (2,)
        else:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)


def test_a_slot_that_could_not_be_written_is_not_counted_and_leaves_no_transaction_open(monkeypatch):
    granted(PER_MINUTE, 1)
    with monkeypatch.context() as broken:
        broken.setattr(slots, "_UPSERT_SLOT", "INSERT INTO nowhere VALUES (%s, %s, %s)")
        with pytest.raises(FeishuError, match="quota could not be counted") as failed:
            quotas.acquire(PER_MINUTE, "")
    assert (failed.value.outcome, failed.value.advice) == (Outcome.NOT_SENT, Advice.RETRY_LATER)
    assert (granted(PER_MINUTE, 1), Quota.objects.get().given) == (1, 2)
    assert Counter(QuotaSlot.objects.values_list("position", flat=True)) == {1: 1, 2: 1}


def test_an_answer_is_not_lost_because_the_quota_cannot_be_kept():
    with quotas.slot(PER_MINUTE, ""):
        Quota.objects.all().delete()
        sleep(0.25)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE feishu_quotaslot RENAME TO elsewhere")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO feishu_quotaslot")
