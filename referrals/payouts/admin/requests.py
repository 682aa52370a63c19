"""The page on which staff ask for withdrawals: what would be taken out of each account, and who can't."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.contacts import mask
from hireops.desk.actions import CONFIRM_FORM, ReasonForm
from hireops.desk.admin import StaffAdmin
from hireops.desk.confirming import linked_shortly, totals
from hireops.desk.display import lines, linked
from hireops.desk.language import is_being_switched
from hireops.desk.performing import ActionOutcome, perform_on_each
from hireops.desk.staff import staff
from hireops.doorbell import ring
from hireops.feishu.tenant_lists import are_several
from hireops.outbox.tasks import drain
from referrals.accounts.admin.accounts import ReferralAccountAdmin, withdrawal_page
from referrals.ledger.assets import amount_in_words, in_order, in_words
from referrals.models import POINTS, ReferralAccount, Withdrawal
from referrals.payouts import services
from referrals.payouts.approvers import who_could_approve

MOST_AT_ONCE = 300
MOST_DIGITS = 18
CONFIRMED = "confirmed"
TEMPLATE = "admin/referrals/withdrawal/request.html"
RESULTS_TEMPLATE = "admin/referrals/withdrawal/requested.html"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account on the page. ``why_not`` says why nothing can be taken out; then it has no boxes."""

    account: ReferralAccount
    name: str
    link: str
    seen: Mapping[str, Decimal]
    points: str
    cash: Sequence[str]
    why_not: str
    open_one: Withdrawal | None
    points_chosen: bool
    cash_chosen: bool


@dataclass(frozen=True, slots=True)
class RequestResult:
    """What became of one account: the withdrawal that was asked for, or why not."""

    name: str
    account: str
    seen: Mapping[str, Decimal]
    sums: SafeString
    link: str
    refusal: str


def respond(page: StaffAdmin, request: HttpRequest) -> HttpResponse:
    """Show the accounts; with ``confirmed``, ask for what was chosen and show the results one by one."""
    accounts, user = _accounts(_ids(request)), staff(request)
    if problem := _problem(accounts):
        messages.error(request, problem)
        return HttpResponseRedirect(reverse("admin:referrals_referralaccount_changelist"))
    was_sent = request.method == "POST" and CONFIRMED in request.POST
    is_confirmed = was_sent and not is_being_switched(request)
    typed = {"reason": request.POST.get("reason", "")}
    form = ReasonForm(request.POST if is_confirmed else None, initial=typed, required=True)
    rows = _rows(accounts, request.POST if was_sent else None)
    chosen = [row for row in rows if row.points_chosen or row.cash_chosen]
    if is_confirmed and not chosen:
        form.add_error(None, _("Choose points or cash of one account at least."))
    if is_confirmed and form.is_valid():
        results = _request(chosen, user, form.cleaned_data["reason"])
        return page.render_page(
            request,
            RESULTS_TEMPLATE,
            title=_("Withdrawals asked for"),
            results=results,
            asked_for=sum(bool(result.link) for result in results),
            sums=_in_all(result.seen for result in results if result.link),
            approvers=who_could_approve(user.pk),
        )
    can_ask = any(not row.why_not for row in rows)
    title = _("Ask for a withdrawal")
    return page.render_page(
        request,
        TEMPLATE,
        title=title,
        rows=rows,
        form=form,
        form_sent_again=CONFIRM_FORM if can_ask else "",
        can_ask=can_ask,
        sums=_in_all(row.seen for row in rows if not row.why_not),
        are_several_customers=are_several(),
    )


def _ids(request: HttpRequest) -> list[int]:
    """From ``account=1&account=2``, ``account=1,2``, or the boxes of the accounts' list."""
    given = request.GET.getlist("account")
    if request.method == "POST":
        given = request.POST.getlist("account") + request.POST.getlist(ACTION_CHECKBOX_NAME) or given
    texts = [text for each in given for text in each.split(",")]
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS]
    return list(dict.fromkeys(ids))


def _accounts(ids: Sequence[int]) -> list[ReferralAccount]:
    rows = ReferralAccount.objects.filter(pk__in=ids[: MOST_AT_ONCE + 1]).order_by("pk")
    return list(rows.select_related("tenant").prefetch_related("balances"))


def _problem(accounts: Sequence[ReferralAccount]) -> str:
    if not accounts:
        return _("No account was chosen. Choose accounts in the list, then ask for their withdrawals.")
    if len(accounts) > MOST_AT_ONCE:
        return _("More than %(most)s accounts were chosen. Nothing was done: choose fewer at a time.") % {
            "most": MOST_AT_ONCE
        }
    return ""


def _rows(accounts: Sequence[ReferralAccount], sent: Any) -> list[AccountRow]:
    open_ones = {
        each.account_id: each
        for each in Withdrawal.objects.filter(account__in=accounts, state__in=Withdrawal.OPEN)
    }
    return [_row(account, open_ones.get(account.pk), sent) for account in accounts]


def _row(account: ReferralAccount, open_one: Withdrawal | None, sent: Any) -> AccountRow:
    seen = services.seen_in(account, points=True, cash=True)
    points = seen.get(POINTS, Decimal(0))
    cash = sorted((asset, amount) for asset, amount in seen.items() if asset != POINTS)
    why_not = services.why_not_requested(account, seen, open_one)
    return AccountRow(
        account=account,
        name=mask(account.name),
        link=linked_shortly(account, account.account_id),
        seen=seen,
        points=amount_in_words(POINTS, points) if points else "",
        cash=[in_words(asset, amount) for asset, amount in cash],
        why_not=why_not,
        open_one=open_one,
        # What was sent is asked for as it is, also where that has become impossible: the service says why.
        points_chosen=_is_chosen(f"points-{account.pk}", sent, bool(points) and not why_not),
        cash_chosen=_is_chosen(f"cash-{account.pk}", sent, bool(cash) and not why_not),
    )


def _is_chosen(box: str, sent: Any, at_first: bool) -> bool:  # noqa: FBT001 - internal
    return at_first if sent is None else box in sent


def _request(rows: Sequence[AccountRow], user: User, reason: str) -> list[RequestResult]:
    made: dict[int, Withdrawal] = {}
    chosen = {row.account.pk: row for row in rows}

    def ask(account: Any) -> None:
        row = chosen[account.pk]
        made[account.pk] = services.request_withdrawal(
            account, by=user, points=row.points_chosen, cash=row.cash_chosen, reason=reason
        )

    outcome = perform_on_each(ask, [row.account for row in rows])
    ring(drain)  # the balances that who decides is to see
    refusals = _refusals(outcome)
    return [_result(row, made.get(row.account.pk), refusals.get(row.account.pk, "")) for row in rows]


def _result(row: AccountRow, made: Withdrawal | None, refusal: str) -> RequestResult:
    seen = services.seen_in(row.account, points=row.points_chosen, cash=row.cash_chosen)
    return RequestResult(
        name=row.name,
        account=row.link,
        seen=seen,
        sums=lines(in_words(asset, seen[asset]) for asset in in_order(seen)),
        link=linked(made, f"#{made.pk}") if made else "",
        refusal=refusal,
    )


def _in_all(seen: Iterable[Mapping[str, Decimal]]) -> list[str]:
    """The sum of each asset, in the reader's words."""
    sums = totals(amount for each in seen for amount in each.items())
    return [in_words(asset, sums[asset]) for asset in in_order(sums)]


def _refusals(outcome: ActionOutcome) -> dict[Any, str]:
    """Why nothing was asked for, by account."""
    refusals = {account.pk: str(refusal) for account, refusal in outcome.refused}
    for account in outcome.not_tried:
        refusals[account.pk] = _("Not tried any more, because of the error above.")
    if outcome.failed:
        refusals[outcome.failed.pk] = _(
            "An error inside hireops. Look at the account before you try again; if it happens once more, "
            "tell whoever runs hireops."
        )
    return refusals


@admin.action(description=gettext_lazy("Ask for a withdrawal"), permissions=["request_withdrawal"])
def ask_for_withdrawal(
    modeladmin: ReferralAccountAdmin, request: HttpRequest, chosen: QuerySet[ReferralAccount]
) -> HttpResponse | None:
    ids = list(chosen.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(ids) > MOST_AT_ONCE:
        text = _("More than %(most)s accounts were selected. Nothing was done: select fewer at a time.")
        messages.error(request, text % {"most": MOST_AT_ONCE})
        return None
    return HttpResponseRedirect(withdrawal_page(ids))


ReferralAccountAdmin.actions.append(ask_for_withdrawal)
