"""Querying, enabling and deactivating accounts, and what the answers change here (contract 2.2 to 2.4)."""

from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register
from referrals.accounts import services as accounts
from referrals.accounts.profile import apply_account
from referrals.accounts.services import DEACTIVATE, ENABLE, GET_ASSETS
from referrals.cases import perhaps_paid, turned_out
from referrals.cases import services as cases
from referrals.ledger import services as ledger
from referrals.models import BalanceChange, Case, ReferralAccount

NO_SUCH_ACCOUNT = 1002553
TELL_THE_STATUS = [GET_ASSETS, ENABLE, DEACTIVATE]


def apply_assets(call: Call, answer: Answer) -> None:
    """The whole balance, as of when it was asked for. What moved without an event becomes a case each.

    Not what a withdrawal without an answer took: the ledger writes that as the withdrawal's.
    """
    account, theirs = _account_of(call), hire.Account.of(answer.data)
    every_change_is_announced = _is_watched(account, theirs)
    if _is_outdated(call, answer):
        theirs = replace(theirs, status=account.status)
    changes = _apply(account, theirs, call, answer)
    explained = perhaps_paid.look_into_falls({account.pk}, BalanceChange.objects.filter(call=call))
    for change in changes:
        of_its_own = change.cause == BalanceChange.Cause.CALL and change.pk not in explained
        if every_change_is_announced and of_its_own:
            _open_drift(change)
    for case in account.cases.filter(kind=Case.Kind.UNKNOWN_ACCOUNT, closed_at=None):
        cases.close_explained_case(
            case, note=gettext_noop("Feishu knows the account: a later query was answered.")
        )


def _account_of(call: Call) -> ReferralAccount:
    """The account that the call is about, locked."""
    if call.tenant_id:
        known = ReferralAccount.objects.filter(tenant=call.tenant_id)
    else:
        known = ReferralAccount.objects.filter(tenant__app_id=settings.FEISHU_APP_ID)
    return ledger.lock(known.get(account_id=call.payload["referral_account_id"]).pk)


def _is_outdated(call: Call, answer: Answer) -> bool:
    """Whether Feishu has answered something that left later: staff may have an old answer applied again."""
    later = Call.objects.filter(lane=call.lane, operation__in=TELL_THE_STATUS, state=Call.State.SUCCEEDED)
    asked = ledger.asked(call, answer)
    return later.exclude(pk=call.pk).filter(attempts__started_at__gt=asked.here).exists()


def _is_watched(account: ReferralAccount, theirs: hire.Account) -> bool:
    """Whether Feishu owed us an event for every change since our figure: it does for enabled accounts only.

    The figure that came with registering, enabling or deactivating is where watching begins.
    """
    enabled = account.status == theirs.status == ReferralAccount.Status.AVAILABLE
    begun = account.figure_call is None or account.figure_call.operation == GET_ASSETS
    return account.figure_at is not None and enabled and begun


def _apply(account: ReferralAccount, theirs: hire.Account, call: Call, answer: Answer) -> list[BalanceChange]:
    if theirs.account_id != account.account_id:
        raise ValueError("the answer is about another account than the one that was asked for")
    apply_account(account, theirs)
    asked = ledger.asked(call, answer)
    changes = ledger.record_answer(account, theirs.confirmed_bonus, call=call, asked=asked)
    if changes:
        found = BalanceChange.objects.filter(call=call, cause=BalanceChange.Cause.CALL)
        turned_out.look_into_falls({account.pk}, found)
    return changes


def _open_drift(change: BalanceChange) -> None:
    cases.open_case(
        kind=Case.Kind.DRIFT,
        account=change.account,
        asset=change.asset,
        ours=change.before,
        theirs=change.after,
        change=change,
    )


def apply_enabling(call: Call, answer: Answer) -> None:
    """What changed while it was off was not announced, so its balance is asked for (contract 2.3)."""
    account = _account_of(call)
    _apply(account, hire.Account.of(answer.data), call, answer)
    accounts.enqueue_query(account, by=call.created_by)


def apply_deactivation(call: Call, answer: Answer) -> None:
    """Feishu may print status 1 although it has deactivated (contract 2.4); the query after it tells."""
    account, theirs = _account_of(call), hire.Account.of(answer.data)
    _apply(account, replace(theirs, status=ReferralAccount.Status.DISABLED.value), call, answer)
    accounts.enqueue_query(account, by=call.created_by)


def apply_refusal(call: Call, error: FeishuError) -> None:
    """An account that Feishu does not know is somebody's to look into."""
    if error.code == NO_SUCH_ACCOUNT:
        cases.open_case(kind=Case.Kind.UNKNOWN_ACCOUNT, account=_account_of(call))


OPERATIONS: Iterable[Operation] = [
    Operation(
        name=GET_ASSETS,
        label=_("Ask for a balance"),
        send=hire.get_referral_account_assets,
        endpoint=ENDPOINTS[GET_ASSETS],
        permission="referrals.view_referralaccount",
        on_answer=apply_assets,
        on_refusal=apply_refusal,
    ),
    Operation(
        name=ENABLE,
        label=_("Enable a referral account"),
        send=hire.enable_referral_account,
        endpoint=ENDPOINTS[ENABLE],
        permission="referrals.view_referralaccount",
        on_answer=apply_enabling,
        on_refusal=apply_refusal,
    ),
    Operation(
        name=DEACTIVATE,
        label=_("Deactivate a referral account"),
        send=hire.deactivate_referral_account,
        endpoint=ENDPOINTS[DEACTIVATE],
        permission="referrals.view_referralaccount",
        on_answer=apply_deactivation,
        on_refusal=apply_refusal,
    ),
]
for operation in OPERATIONS:
    register(operation)
