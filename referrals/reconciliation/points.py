"""Our points of a day, and what Feishu's answer says about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext_noop

from hireops.feishu import hire
from referrals.cases.services import close_explained_case, open_case
from referrals.cases.turned_out import may_have_taken_points
from referrals.ledger import services as ledger
from referrals.models import (
    POINTS,
    Case,
    Reconciliation,
    ReconciliationChunk,
    ReferralAccount,
    Withdrawal,
    WithdrawalAmount,
)

MATCHES_NOW = gettext_noop("A later reconciliation of the same day found both figures equal.")
OTHER_FIGURES_NOW = gettext_noop(
    "A later reconciliation of the same day found other figures; they have a case of their own."
)
KNOWN_NOW = gettext_noop("A later reconciliation found that Feishu knows the account.")


@dataclass(slots=True)
class WithdrawnPoints:
    """The points taken out of one account in a window, apart from those taken exactly on its bounds."""

    inside: int = 0
    at_start: int = 0
    at_end: int = 0

    @property
    def of_the_day(self) -> int:
        """Ours: a day has its start and not its end."""
        return self.inside + self.at_start

    def may_be(self, figure: int) -> bool:
        """Whether this is our figure, if a window of Feishu's has its bounds, one of them, or none.

        Contract 2.6 leaves it open.
        """
        return figure in {
            self.inside + start + end for start in {0, self.at_start} for end in {0, self.at_end}
        }

    def add(self, taken: Decimal, at: datetime, start: datetime, end: datetime) -> None:
        if at == start:
            self.at_start += int(taken)
        elif at == end:
            self.at_end += int(taken)
        else:
            self.inside += int(taken)


def points_of(
    reconciliation: Reconciliation, accounts: Iterable[ReferralAccount]
) -> dict[str, WithdrawnPoints]:
    """What was taken out of each of the accounts, by account ID; also of those without any withdrawal."""
    start, end = reconciliation.starts_at, reconciliation.ends_at
    accounts = list(accounts)
    found = {account.account_id: WithdrawnPoints() for account in accounts}
    amounts = WithdrawalAmount.objects.filter(
        asset=POINTS,
        taken__isnull=False,
        withdrawal__account__in=accounts,
        withdrawal__trans_time__gte=start,
        withdrawal__trans_time__lte=end,
    ).annotate(account_id=F("withdrawal__account__account_id"), at=F("withdrawal__trans_time"))
    for account_id, at, taken in amounts.values_list("account_id", "at", "taken"):
        found[account_id].add(taken or Decimal(0), at, start, end)
    return found


@dataclass(slots=True)
class Compared:
    """What a call has said about its accounts. ``differing`` are (account, ours, Feishu's)."""

    matching: list[ReferralAccount] = field(default_factory=list)
    differing: list[tuple[ReferralAccount, int, int]] = field(default_factory=list)


def figures_of(result: hire.ReconciliationResult) -> dict[str, int]:
    """Feishu's figures of those accounts that it names, by account ID."""
    return {each.account_id: each.withdrawn or 0 for each in result.check_failed_list}


def apply_answer(
    chunk: ReconciliationChunk, accounts: Sequence[ReferralAccount], theirs: Mapping[str, int]
) -> int:
    """Open a case for each account that differs, close those of the day that do not any more.

    ``accounts`` are those in question, locked. Our figures are those of now: a payout may have been answered
    since they were sent. Gives the number of differences.
    """
    reconciliation = chunk.reconciliation
    compared = _compare(points_of(reconciliation, accounts), accounts, theirs)
    compared.differing += _unknown_here(reconciliation, chunk.points, theirs)
    _close_explained(reconciliation, accounts, compared)
    for account, ours, their_figure in compared.differing:
        open_case(
            kind=Case.Kind.POINTS,
            account=account,
            asset=POINTS,
            ours=Decimal(ours),
            theirs=Decimal(their_figure),
            reconciliation=reconciliation,
            withdrawal=_turned_out(account, ours, their_figure, reconciliation),
        )
    return len(compared.differing)


def _turned_out(
    account: ReferralAccount, ours: int, theirs: int, reconciliation: Reconciliation
) -> Withdrawal | None:
    """The withdrawal that was ended as not done and explains that Feishu has more than hireops."""
    return may_have_taken_points(account, until=reconciliation.ends_at) if theirs > ours else None


def accounts_of(chunk: ReconciliationChunk) -> Iterable[ReferralAccount]:
    tenant = chunk.reconciliation.tenant_id
    return ReferralAccount.objects.filter(tenant=tenant, account_id__in=chunk.points).order_by("pk")


def _compare(
    ours: Mapping[str, WithdrawnPoints], accounts: Iterable[ReferralAccount], theirs: Mapping[str, int]
) -> Compared:
    compared = Compared()
    for account in accounts:
        points, figure = ours[account.account_id], theirs.get(account.account_id)
        if figure is None or points.may_be(figure):
            compared.matching.append(account)
        else:
            compared.differing.append((account, points.of_the_day, figure))
    return compared


def _unknown_here(
    reconciliation: Reconciliation, asked: Mapping[str, int], theirs: Mapping[str, int]
) -> list[tuple[ReferralAccount, int, int]]:
    """Accounts that Feishu names unasked and hireops has never heard of (contract 2.6 leaves it open).

    Those that are known here were, or will be, asked about by another call.
    """
    unasked = {account_id for account_id, figure in theirs.items() if figure and account_id not in asked}
    if not unasked:
        return []
    known = ReferralAccount.objects.filter(tenant=reconciliation.tenant_id, account_id__in=unasked)
    unasked -= set(known.values_list("account_id", flat=True))
    return [(_found(reconciliation, each), 0, theirs[each]) for each in sorted(unasked)]


def _found(reconciliation: Reconciliation, account_id: str) -> ReferralAccount:
    # "Found by event" is what comes nearest: Feishu named it, nobody here registered it.
    source = ReferralAccount.Source.EVENT
    account, _created = ledger.account_for(reconciliation.tenant, account_id, source=source)
    return account


def _close_explained(
    reconciliation: Reconciliation, accounts: Iterable[ReferralAccount], compared: Compared
) -> None:
    open_cases = Case.objects.filter(account__in=accounts, closed_at=None)
    for case in open_cases.filter(kind=Case.Kind.UNKNOWN_ACCOUNT):
        close_explained_case(case, note=KNOWN_NOW)
    matching = {account.pk for account in compared.matching}
    still = {(account.pk, Decimal(ours), Decimal(theirs)) for account, ours, theirs in compared.differing}
    same_day = open_cases.filter(
        kind=Case.Kind.POINTS,
        reconciliation__tenant=reconciliation.tenant_id,
        reconciliation__day=reconciliation.day,
    )
    for case in same_day:
        if case.account_id in matching:
            close_explained_case(case, note=MATCHES_NOW)
        elif (case.account_id, case.ours, case.theirs) not in still:
            close_explained_case(case, note=OTHER_FIGURES_NOW)
