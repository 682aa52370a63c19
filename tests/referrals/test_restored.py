"""What a restored database holds back, who releases it, and that the database itself keeps to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from hireops.database import clock
from hireops.desk import health, restoring
from hireops.desk.models import AuditEntry, Restoration
from hireops.jobs import tasks
from hireops.outbox import sending
from hireops.outbox.models import Call
from referrals.accounts import services as accounts
from referrals.cases.services import close_case
from referrals.models import Case, PayoutBatch, ReferralAccount, Withdrawal
from referrals.payouts import services as payouts
from tests.referrals.conftest import tell

pytestmark = pytest.mark.django_db

BANNER = "This database was restored from a backup"
PARTS = ["calls", "withdrawals", "balances", "batches", "events"]


@pytest.fixture
def restored(db: None) -> Callable[[], Restoration]:
    return lambda: restoring.begin(by=None, reason="the disk was lost")


@pytest.fixture
def owed(account: Callable[..., ReferralAccount], hira: User, ada: User) -> Withdrawal:
    """Approved before the backup; its call was not sent."""
    of = account(points=100)
    withdrawal = payouts.request_withdrawal(of, by=hira, points=True, cash=False, reason="November")
    payouts.approve_withdrawal(withdrawal, by=ada, reason="checked")
    withdrawal.refresh_from_db()
    return withdrawal


@contextmanager
def refused_by_the_database() -> Iterator[None]:
    with pytest.raises(IntegrityError, match="was restored and is not released"), transaction.atomic():
        yield


def claimed() -> list[str]:
    """What workers would send now, as they would take it; each ends at once."""
    found = []
    while claim := sending.claim():
        found.append(claim.call.operation)
        ended = {"state": Call.State.CANCELED, "finished_at": claim.attempt.started_at}
        Call.objects.filter(pk=claim.call.pk).update(lease_key=None, lease_until=None, **ended)
    return found


def release(client: Client, part: str, **more: str) -> str:
    address = reverse("admin:desk_restoration_release", args=[part])
    data = {"reason": "compared with the bank", **more}
    return client.post(address, data, follow=True).content.decode()


def test_only_questions_leave_and_they_do_not_wait_for_what_is_held(
    owed: Withdrawal, restored: Callable[[], Restoration]
) -> None:
    accounts.refresh(owed.account, by=None)
    restored()
    assert claimed() == ["referral_account.get_account_assets"]
    Restoration.objects.update(stands=False, ended_at="2026-11-23T00:00Z")
    assert claimed() == ["referral_account.withdraw"]


def test_the_database_itself_refuses_to_send_to_ask_to_approve_and_to_hand_over(
    account: Callable[..., ReferralAccount], owed: Withdrawal, hira: User, restored: Callable[[], Restoration]
) -> None:
    asked = payouts.request_withdrawal(account(points=7), by=hira, points=True, cash=False, reason="")
    asked.amounts.update(approved=F("seen"))
    restored()
    with refused_by_the_database(), connection.cursor() as cursor:
        key = "'00000000-0000-0000-0000-000000000001'".replace("-", "")
        cursor.execute(
            f"UPDATE outbox_call SET lease_key = {key}, lease_until = not_before WHERE id = %s",
            [owed.call_id],
        )
    with refused_by_the_database():
        Withdrawal.objects.create(account=account(points=8), external_order_id="new", requested_by=hira)
    with refused_by_the_database():
        Withdrawal.objects.filter(pk=asked.pk).update(state="approved")
    with refused_by_the_database():
        PayoutBatch.objects.create(created_by=hira)


def test_everybody_signed_in_is_told_and_so_are_probes_and_figures(
    hira: User, pages: Callable[[User], Client], restored: Callable[[], Restoration]
) -> None:
    withdrawals = reverse("admin:referrals_withdrawal_changelist")
    assert BANNER not in pages(hira).get(withdrawals).content.decode()
    restored()
    assert BANNER in pages(hira).get(withdrawals).content.decode()
    assert BANNER not in Client().get("/admin/login/").content.decode()
    ready = Client().get("/readyz")
    assert (ready.status_code, ready.json()["restored"]) == (200, "not released")
    assert [figure.value for figure in health.alarms() if figure.metric.name == "restored"] == [1]
    with pytest.raises(SystemExit):
        call_command("restored", "--status")


def test_an_administrator_releases_part_by_part_with_a_reason_and_the_last_one_ends_it(
    otto: User, hira: User, pages: Callable[[User], Client], restored: Callable[[], Restoration]
) -> None:
    standing, browser = restored(), pages(otto)
    assert pages(hira).post(reverse("admin:desk_restoration_release", args=["calls"])).status_code == 403
    release(browser, "calls", reason=" ")
    assert len(restoring.left(standing)) == 5
    for part in PARTS:
        assert restoring.stands()
        page = release(browser, part, number="41")
    assert "compared with the bank" in page
    assert not restoring.stands()
    assert standing.releases.get(part="batches").found["The last batch in this database"] == "–"
    entries = AuditEntry.objects.filter(actor=otto, reason="compared with the bank")
    assert {entry.details["part"] for entry in entries} == set(PARTS)
    assert PayoutBatch.objects.create(created_by=hira).pk > 41


def test_balances_are_released_when_feishu_has_told_all_of_them(
    account: Callable[..., ReferralAccount],
    otto: User,
    restored: Callable[[], Restoration],
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = account(points=5)
    restored()
    with pytest.raises(CommandError, match="Feishu has not told the balance of 1"):
        call_command("restored", "--release", "balances", "--by", "otto", "--reason", "looked at")
    call_command("restored", "--ask", "balances", "--by", "otto", "--language", "en")
    assert "Questions that go to Feishu: 1." in capsys.readouterr().out
    tasks.work()
    assert Call.objects.get().operation == "referral_account.get_account_assets"
    ReferralAccount.objects.filter(pk=known.pk).update(queried_at="2999-01-01T00:00Z")
    Call.objects.update(state="canceled", finished_at=clock.now())
    call_command("restored", "--release", "balances", "--by", "otto", "--reason", "1", "--language", "en")
    assert "Released: Balances" in capsys.readouterr().out


def test_asking_restores_nothing_and_is_for_who_may_release(
    hira: User, restored: Callable[[], Restoration]
) -> None:
    call_command("restored", "--ask", "balances", "--by", "hira")
    assert not restoring.stands()
    restored()
    with pytest.raises(CommandError, match="hira may not release a restored database"):
        call_command("restored", "--ask", "balances", "--by", "hira", "--language", "en")
    assert not AuditEntry.objects.filter(action="all balances asked for").exists()


def test_balances_are_released_when_each_that_was_perhaps_paid_is_decided(
    otto: User, hira: User, restored: Callable[[], Restoration]
) -> None:
    tell("1", points=100)
    restored()
    tell("1", points=0, minutes=1)
    ReferralAccount.objects.update(queried_at="2999-01-01T00:00Z")
    with pytest.raises(CommandError, match="perhaps paid out after the backup: 1"):
        call_command("restored", "--release", "balances", "--by", "otto", "--reason", "looked at")
    close_case(Case.objects.get(), by=hira, note="in batch 12 at the bank")
    call_command("restored", "--release", "balances", "--by", "otto", "--reason", "looked at")


@pytest.mark.parametrize("number", ["6", "200000"])
def test_a_number_that_cannot_be_the_last_batch_is_refused(
    otto: User, hira: User, restored: Callable[[], Restoration], number: str
) -> None:
    PayoutBatch.objects.bulk_create([PayoutBatch(created_by=hira) for _ in range(7)])
    standing = restored()
    with pytest.raises(CommandError, match="batch"):
        call_command(
            "restored", "--release", "batches", "--by", "otto", "--reason", "looked", "--number", number
        )
    assert not standing.releases.exists()


def test_a_balance_that_falls_meanwhile_was_perhaps_paid_out_and_only_meanwhile(
    restored: Callable[[], Restoration],
) -> None:
    tell("1", points=100)
    tell("1", points=90, minutes=1)  # a reward was taken back
    assert not Case.objects.exists()
    restored()
    tell("1", points=95, minutes=2)
    tell("1", points=0, minutes=3)
    case = Case.objects.get()
    assert (case.kind, case.ours, case.theirs) == ("perhaps_paid", Decimal(95), Decimal(0))


def test_another_backup_that_is_restored_meanwhile_begins_anew(
    otto: User, restored: Callable[[], Restoration]
) -> None:
    call_command("restored")
    call_command("restored", "--release", "calls", "--by", "otto", "--reason", "looked at")
    call_command("restored", "--again", "--reason", "the first backup was the wrong one")
    standing = restoring.standing()
    assert standing is not None
    assert len(restoring.left(standing)) == 5
    with pytest.raises(IntegrityError), transaction.atomic():
        Restoration.objects.create(reason="a second one at the same time")
