"""Asking Feishu what is in an account, and turning its events and withdrawals on and off."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops import database
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.desk.paging import bounded_count
from hireops.feishu import hire
from hireops.feishu.models import Tenant
from hireops.outbox import mistakes
from hireops.outbox import services as outbox
from hireops.outbox.models import Call, lane_of
from referrals import contacts, ledger, tenancy
from referrals.models import Balance, Case, ReferralAccount, Withdrawal
from referrals.services import cases

GET_ASSETS = "referral_account.get_account_assets"
ENABLE = "referral_account.enable"
DEACTIVATE = "referral_account.deactivate"
ASKED_FOR_ALL = gettext_noop("all balances asked for")
LEADS_TO = {ENABLE: ReferralAccount.Status.AVAILABLE, DEACTIVATE: ReferralAccount.Status.DISABLED}

# Feishu answers ten queries a second: what is owed at any time is answered within a minute.
MOST_SWEPT = 500
MOST_COUNTED = 100_000
OLD_AFTER_SWEEPS = 2
NAME_LENGTH = 255
MASKS = ("*", "xxx")

Status = ReferralAccount.Status

logger = logging.getLogger(__name__)


# --- Asking


def refresh(account: ReferralAccount, *, by: User | None) -> Call:
    """Ask Feishu for the balance of this account (contract 2.2), instead of any query not sent yet."""
    with transaction.atomic():
        account = ledger.lock(account.pk)
        call = owe_query(account, by=by)
        if by is not None:
            audit.record(by=by, action=gettext_noop("balance asked for"), on=account, call=call.pk)
        return call


def owe_query(account: ReferralAccount, *, by: User | None) -> Call:
    """The call alone, for a caller that has locked the account."""
    account.queried_at = database.now()
    account.save(update_fields=["queried_at"])
    return _owe(GET_ASSETS, account, by=by, supersede=True)


def _owe(operation: str, account: ReferralAccount, *, by: User | None, supersede: bool = False) -> Call:
    return outbox.enqueue(
        operation=operation,
        target=target_of(account.account_id),
        payload={"referral_account_id": account.account_id},
        tenant=tenancy.caller(account.tenant),
        by=by,
        supersede=supersede,
    )


def target_of(account_id: str) -> str:
    """All calls about one account have this target, so they leave one at a time."""
    return f"referral_account:{account_id}"


def ask_for_all(*, by: User) -> int:
    """Let the sweep ask for every enabled account that was not asked since now; how many there are.

    Not a call for each at once: tens of thousands of them would hold up everything else for hours. Nor is
    anything written to so many rows: the sweep reads the audit entry.
    """
    audit.record(by=by, action=ASKED_FOR_ALL, on=by)
    return bounded_count(_in_reach().filter(status=Status.AVAILABLE), MOST_COUNTED)


def sweep() -> int:
    """Owe queries of enabled accounts that were not asked for lately; how many.

    At most ``MOST_SWEPT`` queries are owed at any time, so that the outbox is never flooded.
    """
    room = MOST_SWEPT - _queries_owed()
    if room <= 0:
        return 0
    until = _due_if_asked_until()
    return sum(_sweep_past_mistakes(pk, until) for pk in _due(room, until))


def _due_if_asked_until() -> datetime:
    """Since then an account must have been asked: for some hours, or since somebody wanted all of them."""
    moment = database.now() - timedelta(hours=settings.REFERRALS_SWEEP_HOURS)
    wanted = AuditEntry.objects.filter(action=ASKED_FOR_ALL).order_by("-at").values_list("at", flat=True)
    return max(wanted.first() or moment, moment)


def _queries_owed() -> int:
    owed = Call.objects.filter(channel__operation=GET_ASSETS, state=Call.State.PENDING)
    return owed[:MOST_SWEPT].count()


def _due(most: int, until: datetime) -> list[int]:
    """Those that were never asked for first, then those that were asked longest ago."""
    waiting = _in_reach().alias(lane=_lane(), under_way=Subquery(_query_under_way()))
    waiting = waiting.filter(status=Status.AVAILABLE, under_way=None).order_by("queried_at")
    # Two queries, each of which reads just a part of the index; the database would read all for one with OR.
    never = list(waiting.filter(queried_at=None).values_list("pk", flat=True)[:most])
    asked_before = waiting.filter(queried_at__lte=until).values_list("pk", flat=True)
    return never + list(asked_before[: most - len(never)])


def _in_reach() -> QuerySet[ReferralAccount]:
    """Of companies that we may call: none that has uninstalled or suspended the app."""
    active = Tenant.objects.filter(app_id=settings.FEISHU_APP_ID, state=Tenant.State.ACTIVE)
    return ReferralAccount.objects.filter(tenant__in=active)


def _lane() -> Concat:
    """That of the account's calls, as ``outbox.models.lane_of`` makes it, for the database."""
    tenant = Cast("tenant_id", CharField()) if settings.FEISHU_APP_TYPE == "store" else Value("")
    return Concat(tenant, Value(lane_of(None, target_of(""))), "account_id", output_field=CharField())


def _query_under_way() -> QuerySet[Call, int]:
    owed = Call.objects.filter(lane=OuterRef("lane"), operation=GET_ASSETS, state=Call.State.PENDING)
    return owed.values_list("pk", flat=True)[:1]


def _sweep_past_mistakes(pk: int, until: datetime) -> bool:
    """An account that can't be asked for, whatever the reason, keeps no other one from being asked for."""
    try:
        return _sweep_one(pk, until)
    except (OperationalError, InterfaceError):
        raise  # not this account's fault: it would be the same with all
    except Exception as error:  # noqa: BLE001 - whatever it is
        mistakes.log(logger, error, "referral account %d can't be asked for", pk)
        return False


def _sweep_one(pk: int, until: datetime) -> bool:
    """False if somebody else has asked, or the account was deactivated, since it was found."""
    with transaction.atomic():
        account = ledger.lock(pk)
        asked_lately = account.queried_at is not None and account.queried_at > until
        if account.status != Status.AVAILABLE or asked_lately:
            return False
        owe_query(account, by=None)
        return True


def old_figures() -> QuerySet[ReferralAccount]:
    """Enabled accounts of which nothing was heard for two sweeps."""
    return ReferralAccount.objects.filter(status=Status.AVAILABLE, seen_at__lt=old_before())


def old_before() -> datetime:
    return database.now() - OLD_AFTER_SWEEPS * timedelta(hours=settings.REFERRALS_SWEEP_HOURS)


# --- Turning on and off


def enable(account: ReferralAccount, *, by: User, reason: str) -> Call:
    """Turn the account's events and withdrawals on (contract 2.3); its balance is asked for after that."""
    with transaction.atomic():
        account = ledger.lock(account.pk)
        if heading_for(account) == Status.AVAILABLE:
            raise Refused(_("This account is enabled already, or about to be. Nothing was sent."))
        call = _owe(ENABLE, account, by=by)
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
        _refuse_with_open_withdrawal(account)
        if heading_for(account) == Status.DISABLED:
            raise Refused(_("This account is deactivated already, or about to be. Nothing was sent."))
        call = _owe(DEACTIVATE, account, by=by)
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


def _refuse_with_open_withdrawal(account: ReferralAccount) -> None:
    open_one = account.withdrawals.filter(state__in=Withdrawal.OPEN).first()
    if open_one is None:
        return
    raise Refused(
        _(
            "A withdrawal of this account is open (#%(number)s, %(state)s). Feishu refuses withdrawals of a "
            "deactivated account (1002555), so it could not be finished. Wait until it is decided and "
            "answered, or withdraw the request; then deactivate."
        )
        % {"number": open_one.pk, "state": open_one.get_state_display()}
    )


def heading_for(account: ReferralAccount) -> int:
    """The status that the account has once all that is owed has been done."""
    lane = lane_of(tenancy.caller(account.tenant), target_of(account.account_id))
    owed = Call.objects.filter(lane=lane, operation__in=LEADS_TO, state=Call.State.PENDING).order_by("-id")
    call = owed.first()
    return LEADS_TO[call.operation] if call else account.status


def left_in(accounts: Iterable[ReferralAccount]) -> QuerySet[Balance]:
    """What is in these accounts and can't be withdrawn once they are deactivated."""
    return Balance.objects.filter(account__in=accounts, amount__gt=0).select_related("account")


# --- What an answer tells of an account


def apply_account(account: ReferralAccount, told: hire.Account) -> None:
    """Take over status, name and contact from an answer; for a locked row.

    What was registered here stays, and what Feishu says is kept beside it: somebody may have registered one
    person with the number of another. Feishu leaves out what the app has no right to see, or masks it with x
    or * (contract 2.2); what is masked is never kept.
    """
    if account.status != told.status:
        audit.record(
            by=None,
            action=gettext_noop("status told by Feishu"),
            on=account,
            before=account.status,
            after=told.status,
        )
        account.status = told.status
        account.save(update_fields=["status"])
    if told.referrer:
        _apply_referrer(account, told.referrer)


def _apply_referrer(account: ReferralAccount, referrer: hire.Referrer) -> None:
    told_before = account.feishu_mobile, account.feishu_email
    account.feishu_name = _name(referrer) or account.feishu_name
    account.feishu_mobile = _contact(contacts.read_mobile, referrer.mobile) or account.feishu_mobile
    account.feishu_email = _contact(contacts.read_email, referrer.email) or account.feishu_email
    account.name = account.name or account.feishu_name
    account.mobile = account.mobile or account.feishu_mobile
    account.email = account.email or account.feishu_email
    account.save(update_fields=["name", "mobile", "email", "feishu_name", "feishu_mobile", "feishu_email"])
    if (account.feishu_mobile, account.feishu_email) != told_before:
        _judge_contact(account)


def _judge_contact(account: ReferralAccount) -> None:
    """Whether money would reach the person that Feishu means; asked whenever Feishu says something new."""
    if account.contact_differs:
        cases.open_case(kind=Case.Kind.CONTACT, account=account)
        return
    for case in account.cases.filter(kind=Case.Kind.CONTACT, closed_at=None):
        cases.explain_case(case, note=gettext_noop("Feishu has the contact that is registered here."))


def _name(referrer: hire.Referrer) -> str:
    names = (referrer.name_zh.strip(), referrer.name_en.strip())
    return next((name for name in names if name and not _is_masked(name)), "")[:NAME_LENGTH]


def _contact(read: Callable[[str], str], text: str) -> str:
    try:
        return "" if _is_masked(text) else read(text)
    except contacts.BadContact:
        return ""


def _is_masked(text: str) -> bool:
    return any(mask in text.lower() for mask in MASKS)
