"""What an event from Feishu changes: the balance of a referral account (contract 2.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.feishu.errors import FeishuError
from hireops.feishu.hire import reading
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import AccountKey
from hireops.inbox.models import Event, tenants_of
from hireops.inbox.registry import CannotHandleError, handles_batch
from hireops.outbox.models import Call
from referrals.accounts import services as accounts
from referrals.cases import services as cases
from referrals.ledger import assets, figures
from referrals.ledger import services as ledger
from referrals.models import BalanceChange, Case, ReferralAccount

ACCOUNT_ID_LENGTH = 200  # the targets of its calls have room for it
MOST_CALLS = 10


def accounts_of(event: Event) -> Iterable[ReferralAccount]:
    """The account whose balance the event changed or confirmed. None for one that came too late."""
    changed = list(BalanceChange.objects.filter(event=event).values_list("account", flat=True))
    confirmed = Q(account_id=event.subject, figure_event=event)  # by an index: an account has few of its id
    return ReferralAccount.objects.filter(confirmed | Q(pk__in=changed))


def calls_after(event: Event) -> Iterable[Call]:
    """The first calls about the account since the event came."""
    if not event.subject:
        return []
    later = Call.objects.filter(target=accounts.target_of(event.subject), created_at__gte=event.received_at)
    return later.order_by("id")[:MOST_CALLS]


def words_of(event: Event) -> str:
    """Empty if it can't be read, or not any more."""
    try:
        body, told = figures.body_of(event), _amounts(event)
        account_id, moment = _account_id(body), _modify_time(body)
    except CannotHandleError:
        return ""
    amounts = ", ".join(assets.in_words(asset, told[asset]) for asset in assets.in_order(told))
    return gettext("Balance of account %(account)s as of %(time)s: %(amounts)s") % {
        "account": account_id,
        "time": date_format(localtime(moment), "Y-m-d H:i:s"),
        "amounts": amounts,
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What a balance event says: whose balance, how much, and as of when."""

    event: Event
    tenant: Tenant
    account_id: str
    modify_time: datetime
    amounts: figures.Amounts

    @classmethod
    def by(cls, event: Event, tenant: Tenant) -> Self:
        body = figures.body_of(event)
        return cls(event, tenant, _account_id(body), _modify_time(body), _amounts(event))

    @property
    def key(self) -> AccountKey:
        return self.tenant.pk, self.account_id


@handles_batch(
    "hire.referral_account.assets_update_v1",
    label=_("Balance changed"),
    changed=accounts_of,
    followed=calls_after,
    in_words=words_of,
    permission="referrals.view_referralaccount",
)
def update_balances(events: Sequence[Event]) -> None:
    """Take in the balance of each event that is the newest figure of its account.

    An account that is not known yet is made known. Raises ``CannotHandleError`` for an event that does not
    tell whose balance it is, when it was true, or how much it is.
    """
    tenants = tenants_of(events)
    all_told = [Told.by(event, tenants[event.pk]) for event in events]
    keys = {told.key for told in all_told}
    known = ledger.accounts_for(keys, source=ReferralAccount.Source.EVENT)
    books, to_explain = ledger.Books(known.values()), []
    for told in all_told:
        account = known[told.key]
        may_explain = account.figure_at is not None and account.figure_event_id is None
        is_news = books.record_event(account, told.amounts, event=told.event, modify_time=told.modify_time)
        if may_explain or not is_news:
            to_explain.append((account, told))
    books.write()
    for account, told in to_explain:
        _explain_drift(account, told.amounts, told.modify_time)


def _account_id(body: Mapping[str, Any]) -> str:
    account_id = body.get("account_id")
    if not isinstance(account_id, str) or not account_id.strip():
        raise CannotHandleError(
            gettext_noop("account_id is missing or is not text; nobody knows whose balance it is")
        )
    if len(account_id) > ACCOUNT_ID_LENGTH:
        raise CannotHandleError(gettext_noop("account_id is longer than 200 characters"))
    return account_id


def _modify_time(body: Mapping[str, Any]) -> datetime:
    try:
        return reading.moment(dict(body), "modify_time")
    except FeishuError as error:
        raise CannotHandleError(
            gettext_noop("modify_time is missing or is no time in milliseconds; the balance can't be placed")
        ) from error


def _amounts(event: Event) -> figures.Amounts:
    try:
        return figures.amounts_of(figures.bonus_of(event))
    except figures.UnusableFigureError as error:
        raise CannotHandleError(str(error)) from error


def _explain_drift(account: ReferralAccount, told: figures.Amounts, modify_time: datetime) -> None:
    """A change that a query had found before its event came was no drift."""
    drifts = account.cases.filter(kind=Case.Kind.DRIFT, closed_at=None, change__isnull=False)
    for case in drifts.select_related("change"):
        if case.theirs == told.get(case.asset, figures.ZERO) and _happened_before(case, modify_time):
            cases.explain_case(case, note=gettext_noop("The event of this change arrived later."))


def _happened_before(case: Case, modify_time: datetime) -> bool:
    """Whether the change may be the one that the query found: not later than it, nor before the last one."""
    assert case.change is not None  # noqa: S101 - asked for above
    found, earlier = case.change, BalanceChange.objects.filter(account=case.account_id, asset=case.asset)
    last = earlier.filter(pk__lt=found.pk).order_by("-pk").first()
    in_time = modify_time <= found.as_of + 2 * figures.CLOCKS_DIFFER
    return in_time and (last is None or modify_time > last.as_of)
