"""Asking Feishu what is in an account, and turning its events and withdrawals on and off."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Call, lane_of
from referrals.ledger import services as ledger
from referrals.models import Balance, ReferralAccount, Withdrawal

GET_ASSETS = "referral_account.get_account_assets"
ENABLE = "referral_account.enable"
DEACTIVATE = "referral_account.deactivate"
LEADS_TO = {ENABLE: ReferralAccount.Status.AVAILABLE, DEACTIVATE: ReferralAccount.Status.DISABLED}

OLD_AFTER_SWEEPS = 2

Status = ReferralAccount.Status


# --- Asking


def refresh(account: ReferralAccount, *, by: User | None) -> Call:
    """Ask Feishu for the balance of this account (contract 2.2), instead of any query not sent yet."""
    with transaction.atomic():
        account = ledger.lock(account.pk)
        call = enqueue_query(account, by=by)
        if by is not None:
            audit.record(by=by, action=gettext_noop("balance asked for"), on=account, call=call.pk)
        return call


def enqueue_query(account: ReferralAccount, *, by: User | None) -> Call:
    """The call alone, for a caller that has locked the account."""
    account.queried_at = clock.now()
    account.save(update_fields=["queried_at"])
    return _enqueue(GET_ASSETS, account, by=by, supersede=True)


def ask_about(asked: Iterable[ReferralAccount]) -> None:
    """Owe a query of each of these locked accounts, unless one is owed that has not left yet.

    Not of companies that have uninstalled or suspended the app. The caller rings, or beat does.
    """
    locked = {account.pk: account for account in asked}
    if not locked:
        return
    for pk in in_reach().filter(pk__in=locked).order_by("pk").values_list("pk", flat=True):
        if not _queries_to_leave(locked[pk]).exists():
            enqueue_query(locked[pk], by=None)


def in_reach() -> QuerySet[ReferralAccount]:
    """Of companies that we may call: none that has uninstalled or suspended the app."""
    return ReferralAccount.objects.filter(tenant__in=Tenant.objects.active())


def _queries_to_leave(account: ReferralAccount) -> QuerySet[Call]:
    lane = lane_of_calls(account)
    owed = Call.objects.filter(lane=lane, operation=GET_ASSETS, state=Call.State.PENDING)
    return owed.filter(lease_key=None, answer=None)


def _enqueue(operation: str, account: ReferralAccount, *, by: User | None, supersede: bool = False) -> Call:
    return outbox.enqueue(
        operation=operation,
        target=target_of(account.account_id),
        payload={"referral_account_id": account.account_id},
        tenant=call_tenant(account.tenant),
        by=by,
        supersede=supersede,
    )


def lane_of_calls(account: ReferralAccount) -> str:
    """In which calls about this account wait for each other; another customer's of that ID has its own."""
    return lane_of(call_tenant(account.tenant), target_of(account.account_id))


def target_of(account_id: str) -> str:
    """All calls about one account have this target, so they leave one at a time."""
    return f"referral_account:{account_id}"


def old_figures() -> QuerySet[ReferralAccount]:
    """Enabled accounts of which nothing was heard for two sweeps."""
    return ReferralAccount.objects.filter(status=Status.AVAILABLE, seen_at__lt=old_before())


def old_before() -> datetime:
    return clock.now() - OLD_AFTER_SWEEPS * timedelta(hours=settings.REFERRALS_SWEEP_HOURS)


# --- Turning on and off


def enable(account: ReferralAccount, *, by: User, reason: str) -> Call:
    """Turn the account's events and withdrawals on (contract 2.3); its balance is asked for after that."""
    with transaction.atomic():
        account = ledger.lock(account.pk)
        if why := why_not_enabled(account):
            raise Refused(why)
        call = _enqueue(ENABLE, account, by=by)
        audit.record(
            by=by, action=gettext_noop("enabling asked for"), on=account, reason=reason, call=call.pk
        )
        return call


def deactivate(account: ReferralAccount, *, by: User, reason: str) -> Call:
    """Turn the account's events and withdrawals off (contract 2.4).

    Raises ``Refused`` while a withdrawal is open: Feishu would refuse it (1002555), and one that it has done
    already could not be told apart from that. A balance that is left is no reason; ``left_in`` tells of it.
    """
    with transaction.atomic():
        account = ledger.lock(account.pk)
        if why := why_not_deactivated(account):
            raise Refused(why)
        call = _enqueue(DEACTIVATE, account, by=by)
        left = {balance.asset: str(balance.amount) for balance in left_in([account])}
        audit.record(
            by=by,
            action=gettext_noop("deactivation asked for"),
            on=account,
            reason=reason,
            call=call.pk,
            left=left,
        )
        return call


def why_not_enabled(account: ReferralAccount) -> str:
    """Why it can't be enabled now, as a sentence for staff. Empty if it can."""
    if pending_status(account) == Status.AVAILABLE:
        return _("This account is enabled already, or about to be. Nothing was sent.")
    return ""


def why_not_deactivated(account: ReferralAccount) -> str:
    """The same of deactivating it."""
    open_one = next((each for each in account.withdrawals.all() if each.state in Withdrawal.OPEN), None)
    if open_one is not None:
        return _(
            "A withdrawal of this account is open (#%(number)s, %(state)s). Feishu refuses withdrawals of a "
            "deactivated account (1002555), so it could not be finished. Wait until it is decided and "
            "answered, or withdraw the request; then deactivate."
        ) % {"number": open_one.pk, "state": open_one.get_state_display()}
    if pending_status(account) == Status.DISABLED:
        return _("This account is deactivated already, or about to be. Nothing was sent.")
    return ""


def pending_status(account: ReferralAccount) -> int:
    """The status that the account has once all that is owed has been done."""
    if account.fetched_pending_status is None:
        return _pending_statuses([account])[account.pk]
    return account.fetched_pending_status


def fetch_pending_statuses(among: Collection[ReferralAccount]) -> None:
    """So that ``pending_status`` of each of these, as they are in memory, asks no more."""
    found = _pending_statuses(among)
    for account in among:
        account.fetched_pending_status = found[account.pk]


def _pending_statuses(among: Collection[ReferralAccount]) -> dict[int, int]:
    lanes = {account.pk: lane_of_calls(account) for account in among}
    owed = Call.objects.filter(lane__in={*lanes.values()}, operation__in=LEADS_TO, state=Call.State.PENDING)
    newest = dict(owed.order_by("id").values_list("lane", "operation"))
    return {
        account.pk: LEADS_TO[newest[lanes[account.pk]]] if lanes[account.pk] in newest else account.status
        for account in among
    }


def left_in(accounts: Iterable[ReferralAccount]) -> QuerySet[Balance]:
    """What is in these accounts and can't be withdrawn once they are deactivated."""
    return Balance.objects.filter(account__in=accounts, amount__gt=0).select_related("account")
