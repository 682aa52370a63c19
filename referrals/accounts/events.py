"""What an event from Feishu changes: the balance of a referral account (contract 2.7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import Model, Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.feishu.callbacks import Unreadable
from hireops.feishu.hire.events import ReferralAccountAssetsUpdate
from hireops.inbox.models import Event, tenants_of
from hireops.inbox.registry import EventType, Received, register
from hireops.outbox.models import Call
from referrals.accounts import services as accounts
from referrals.cases import perhaps_paid, turned_out
from referrals.cases import services as cases
from referrals.ledger import assets, figures
from referrals.ledger import services as ledger
from referrals.ledger.batch import AccountEntry, LedgerBatch
from referrals.ledger.figures import holdings
from referrals.models import BalanceChange, Case, ReferralAccount

ACCOUNT_ID_LENGTH = 200  # the targets of its calls have room for it
MOST_CALLS = 10


@dataclass(frozen=True, slots=True)
class BalanceUpdate:
    """Whose balance an event gives, how much, and as of when."""

    account_id: str
    modify_time: datetime
    amounts: figures.Amounts

    @classmethod
    def of(cls, payload: object) -> Self | Unreadable:
        update = ReferralAccountAssetsUpdate.of(payload)
        if isinstance(update, Unreadable):
            return update
        if len(update.account_id) > ACCOUNT_ID_LENGTH:
            return Unreadable(gettext_noop("account_id is longer than 200 characters"))
        try:
            amounts = figures.amounts_of(update.confirmed_bonus)
        except figures.UnusableFigureError as error:
            return Unreadable(str(error))
        return cls(update.account_id, update.modify_time, amounts)


def update_balances(received: Sequence[Received[BalanceUpdate]]) -> None:
    """Apply the balance of each event that is the newest figure of its account.

    An account that is not known yet is made known. One that an event leaves in doubt is asked for.
    """
    tenants = tenants_of(one.event for one in received)
    keys = [(tenants[one.event.pk].pk, one.content.account_id) for one in received]
    batch = LedgerBatch.lock(set(keys), source=ReferralAccount.Source.EVENT)
    told = [(batch.accounts[key], one) for key, one in zip(keys, received, strict=True)]
    to_explain, stale, from_the_future = [], [], []
    for account, one in told:
        update, event = one.content, one.event
        if ledger.is_from_the_future(update.modify_time, came_at=event.received_at):
            from_the_future.append((account, one))
            continue
        # A query may have found the change before its event came, and opened a case for it.
        may_explain = account.figure_at is not None and account.figure_event_id is None
        is_newest = batch.apply_event(account, update.amounts, event=event, modify_time=update.modify_time)
        if may_explain or not is_newest:
            to_explain.append((account, update))
        if not is_newest:
            stale.append((account, one))
    batch.write()
    for account, update in to_explain:
        _explain_drift(account, update)
    for account, one in from_the_future:
        cases.open_case(kind=Case.Kind.FUTURE, account=account, event=one.event)
    # Feishu sends none of an account that is deactivated: it may have been enabled there.
    of_deactivated = [each for each in told if each[0].status == ReferralAccount.Status.DISABLED]
    news = [(account, one) for account, one in stale if _may_be_news(one, batch.entry(account))]
    accounts.ask_about(account for account, _one in [*from_the_future, *of_deactivated, *news])
    if fallen := batch.fallen():
        _look_into_falls(fallen, BalanceChange.objects.filter(event__in=[one.event.pk for one in received]))


def _look_into_falls(accounts: set[int], changed: QuerySet[BalanceChange]) -> None:
    """One query where nobody is concerned, as with most."""
    concerned = turned_out.may_explain() | perhaps_paid.may_explain()
    if changed.filter(concerned, account__in=accounts).exists():
        turned_out.look_into_falls(accounts, changed)
        perhaps_paid.look_into_falls(accounts, changed)


def _may_be_news(one: Received[BalanceUpdate], entry: AccountEntry) -> bool:
    """Whether an event that counts as older than what is known may tell of something newer.

    It does not if what is known was asked for after the event had come, or is another event's figure: those
    are compared by one clock, Feishu's. Unless that figure claims to be from later than this event came.
    """
    account, event = entry.account, one.event
    if holdings(one.content.amounts) == holdings(entry.amounts):
        return False
    if account.figure_event_id is not None:
        return account.figure_at is not None and account.figure_at > event.received_at
    return account.queried_at is None or account.queried_at < event.received_at


def _explain_drift(account: ReferralAccount, update: BalanceUpdate) -> None:
    """A change that a query had found before its event came was no drift."""
    drifts = account.cases.filter(kind=Case.Kind.DRIFT, closed_at=None, change__isnull=False)
    for case in drifts.select_related("change"):
        same_amount = case.theirs == update.amounts.get(case.asset, figures.ZERO)
        if same_amount and _happened_before(case, update.modify_time):
            cases.close_explained_case(case, note=gettext_noop("The event of this change arrived later."))


def _happened_before(case: Case, modify_time: datetime) -> bool:
    """Whether the change may be the one that the query found: not later than it, nor before the last one."""
    assert case.change is not None  # noqa: S101 - asked for above
    found, earlier = case.change, BalanceChange.objects.filter(account=case.account_id, asset=case.asset)
    last = earlier.filter(pk__lt=found.pk).order_by("-pk").first()
    in_time = modify_time <= found.as_of + 2 * figures.CLOCKS_DIFFER
    return in_time and (last is None or modify_time > last.as_of)


# --- For the event's page


def rows_of(event: Event) -> Iterable[Model]:
    """The account whose balance the event changed or confirmed; none for one that came too late. And the case
    that it became.
    """
    changed = list(BalanceChange.objects.filter(event=event).values_list("account", flat=True))
    confirmed = Q(account_id=event.subject, figure_event=event)  # by an index: an account has few of its id
    return [
        *ReferralAccount.objects.filter(confirmed | Q(pk__in=changed)),
        *Case.objects.filter(event=event),
    ]


def calls_after(event: Event) -> Iterable[Call]:
    """The first calls about the account since the event came."""
    if not event.subject:
        return []
    later = Call.objects.filter(target=accounts.target_of(event.subject), created_at__gte=event.received_at)
    # Another customer may have an account of the same ID.
    later = later.filter(Q(tenant=None) | Q(tenant__tenant_key=event.tenant_key))
    return later.order_by("id")[:MOST_CALLS]


def in_words(update: BalanceUpdate) -> str:
    amounts = update.amounts
    return gettext("Balance of account %(account)s as of %(time)s: %(amounts)s") % {
        "account": update.account_id,
        "time": date_format(localtime(update.modify_time), "Y-m-d H:i:s"),
        "amounts": ", ".join(assets.in_words(asset, amounts[asset]) for asset in assets.in_order(amounts)),
    }


register(
    EventType(
        name="hire.referral_account.assets_update_v1",
        label=_("Balance changed"),
        read=BalanceUpdate.of,
        handle=update_balances,
        changed=rows_of,
        followed=calls_after,
        in_words=in_words,
        permission="referrals.view_referralaccount",
    )
)
