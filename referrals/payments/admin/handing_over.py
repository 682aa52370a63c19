"""The page from which withdrawals are handed over for payment: choose, look at the sums, confirm."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from hireops.contacts import mask
from hireops.database import clock
from hireops.desk.actions import CONFIRM_FORM, MOST_AT_ONCE
from hireops.desk.admin import StaffAdmin
from hireops.desk.confirming import Column, Part, age, button_text, linked_shortly, part_of
from hireops.desk.display import lines, linked, state_badge
from hireops.desk.errors import Refused
from hireops.desk.language import chosen_again, is_being_switched
from hireops.desk.staff import staff
from hireops.feishu.tenant_lists import are_several
from referrals.ledger.assets import amount_in_words, as_counted, asset_label, in_order, in_words
from referrals.ledger.confirming import account_columns
from referrals.models import Withdrawal, WithdrawalAmount
from referrals.payments.services import TO_BE_PAID, hand_over, newest_payment, to_be_paid, unpaid_amounts
from referrals.payouts.admin.withdrawals import WithdrawalAdmin
from referrals.payouts.services import unacknowledged_excess

PREPARE = "admin:referrals_payoutbatch_prepare"
COUNTED = ngettext_lazy("Hand over %(count)s withdrawal", "Hand over %(count)s withdrawals", "count")
PEOPLE = ("account__tenant", "requested_by", "decided_by")


@dataclass(frozen=True, slots=True)
class DueTotal:
    """What is to be paid of one asset, in the reader's words."""

    asset: str
    count: int
    sum: Decimal
    shown: str
    in_words: str


@dataclass(frozen=True, slots=True)
class DueRow:
    """One withdrawal as the page shows it. ``came_back``: why the newest payment of what is due did.

    ``is_chosen``: whether its box is ticked, as all are at first.
    """

    withdrawal: Withdrawal
    order: str
    account: str
    employee: str
    sums: list[DueTotal]
    waited: SafeString | str
    badge: SafeString
    came_back: str
    is_chosen: bool


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("Optional; it is kept with the batch and in the audit."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def hand_over_url(withdrawals: Iterable[Withdrawal]) -> str:
    """The page with these withdrawals, to be looked at and confirmed there. Needs ``add_payoutbatch``."""
    return f"{reverse(PREPARE)}?{urlencode({'ids': ','.join(str(each.pk) for each in withdrawals)})}"


@admin.action(description=gettext_lazy("Hand over for payment"), permissions=["hand_over"])
def hand_over_chosen(
    page: StaffAdmin, request: HttpRequest, chosen: QuerySet[Withdrawal]
) -> HttpResponse | None:
    """An action for the list of withdrawals; its admin says by ``has_hand_over_permission`` who has it."""
    withdrawals = list(chosen[: MOST_AT_ONCE + 1])
    if len(withdrawals) > MOST_AT_ONCE:
        messages.error(request, _too_many())
        return None
    return HttpResponseRedirect(hand_over_url(withdrawals))


def _too_many() -> str:
    text = _("More than %(most)s withdrawals were chosen. Nothing was handed over: choose fewer at a time.")
    return text % {"most": MOST_AT_ONCE}


def prepare(page: StaffAdmin, request: HttpRequest) -> HttpResponse:
    """GET shows what is to be paid, or those of it that are among ``ids``. POST shows the sums of what was
    chosen by ``withdrawal``; with ``confirmed`` it hands that over."""
    if request.method != "POST":
        return _choice(page, request)
    chosen = _withdrawals(_ids(request.POST.getlist("withdrawal")))
    form = NoteForm(request.POST)
    if problem := _problem(chosen, form):
        messages.error(request, problem)
        return HttpResponseRedirect(reverse(PREPARE))
    if "confirmed" in request.POST and not is_being_switched(request):
        return _hand_over(request, chosen, form.cleaned_data["note"])
    return _confirmation(page, request, chosen, form)


def _problem(chosen: Sequence[Withdrawal], form: NoteForm) -> str:
    if len(chosen) > MOST_AT_ONCE:
        return _too_many()
    if not chosen or not form.is_valid():
        return _("Nothing was handed over: choose at least one withdrawal.")
    return ""


def _hand_over(request: HttpRequest, chosen: Sequence[Withdrawal], note: str) -> HttpResponse:
    try:
        batch = hand_over(chosen, by=staff(request), note=note)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(PREPARE))
    text = _("Batch #%(batch)s is ready. Download its file and give it to the paying side.")
    messages.success(request, text % {"batch": batch.pk})
    return HttpResponseRedirect(reverse("admin:referrals_payoutbatch_change", args=[batch.pk]))


def _choice(page: StaffAdmin, request: HttpRequest) -> HttpResponse:
    ids = _ids(request.GET.get("ids", "").split(","))
    due = to_be_paid().select_related(*PEOPLE)
    found = list((due.filter(pk__in=ids) if ids else due)[: MOST_AT_ONCE + 1])
    shown = found[:MOST_AT_ONCE]
    context = {
        "title": _("Withdrawals to be paid"),
        "not_due": len(set(ids)) - len(found) if ids else 0,
        "left_out": _left_out((set(ids) or _unacknowledged()) - {each.pk for each in found}),
        "there_are_more": len(found) > MOST_AT_ONCE,
        "most": MOST_AT_ONCE,
        "some_only": bool(ids),
        "form": NoteForm(),
    }
    return _page(page, request, shown, unpaid_amounts(shown), context)


def _confirmation(
    page: StaffAdmin, request: HttpRequest, chosen: Sequence[Withdrawal], form: NoteForm
) -> HttpResponse:
    """What is to be paid of it, with its sums; what is not stands apart and is not sent along."""
    wanted = {each.pk for each in chosen}
    due = list(to_be_paid().select_related(*PEOPLE).filter(pk__in=wanted))
    others = wanted - {each.pk for each in due}
    unpaid = unpaid_amounts(due)
    sums = totals_of(amount for each in due for amount in unpaid.get(each.pk, []))
    context = {
        "title": _("Hand over these withdrawals (%(count)s)?") % {"count": len(due)},
        "confirming": True,
        "not_due": len(others),
        "left_out": _left_out(others),
        "form": form,
        "form_sent_again": CONFIRM_FORM if due else "",
        "button": button_text("", COUNTED, len(due), (each.in_words for each in sums)),
        "back": hand_over_url(chosen),
    }
    return _page(page, request, due, unpaid, context)


def _unacknowledged() -> set[int]:
    found = unacknowledged_excess().order_by("pk").values_list("pk", flat=True)
    return set(found[:MOST_AT_ONCE])


def _state_and_excess(withdrawal: Withdrawal) -> SafeString:
    badge = state_badge(Withdrawal.State(withdrawal.state))
    if withdrawal.state not in TO_BE_PAID or not withdrawal.has_unacknowledged_excess:
        return badge
    return lines([badge, _("More was taken than approved; an approver has to acknowledge it first.")])


def _left_out(ids: Collection[int]) -> Part | None:
    """Those that were chosen and are not to be paid now, with the state that says why."""
    if not ids:
        return None
    rows = Withdrawal.objects.select_related("account__tenant").prefetch_related("amounts")
    rows = rows.filter(pk__in=ids).order_by("pk")
    columns = [
        *account_columns(lambda withdrawal: withdrawal.account),
        Column(gettext_lazy("withdrawal"), lambda withdrawal: linked(withdrawal, f"#{withdrawal.pk}")),
        Column(gettext_lazy("state"), _state_and_excess),
    ]
    return part_of(columns, list(rows))


def _page(
    page: StaffAdmin,
    request: HttpRequest,
    withdrawals: Sequence[Withdrawal],
    unpaid: Mapping[int, list[WithdrawalAmount]],
    context: Mapping[str, Any],
) -> HttpResponse:
    amounts = [amount for each in withdrawals for amount in unpaid.get(each.pk, [])]
    as_of = clock.now()
    chosen = chosen_again("withdrawal", request)
    return page.render_form(
        request,
        "admin/referrals/payoutbatch/prepare.html",
        rows=[
            _row(each, unpaid.get(each.pk, []), as_of, is_chosen=chosen is None or str(each.pk) in chosen)
            for each in withdrawals
        ],
        totals=totals_of(amounts),
        are_several_customers=are_several(),
        **context,
    )


def _row(
    withdrawal: Withdrawal, unpaid: Sequence[WithdrawalAmount], as_of: datetime, *, is_chosen: bool
) -> DueRow:
    return DueRow(
        withdrawal=withdrawal,
        order=linked(withdrawal, f"#{withdrawal.pk}"),
        account=linked_shortly(withdrawal.account, withdrawal.account.account_id),
        employee=mask(withdrawal.account.name),
        sums=totals_of(unpaid),
        waited=age(withdrawal.trans_time, as_of),
        badge=state_badge(Withdrawal.State(withdrawal.state)),
        came_back=_why_it_came_back(unpaid),
        is_chosen=is_chosen,
    )


def _why_it_came_back(unpaid: Sequence[WithdrawalAmount]) -> str:
    newest = newest_payment(unpaid)
    return newest.why_not_paid if newest else ""


def totals_of(amounts: Iterable[WithdrawalAmount]) -> list[DueTotal]:
    """Of each asset, points first."""
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for amount in amounts:
        sums[amount.asset].append(amount.taken or Decimal(0))
    return [_total(asset, sums[asset]) for asset in in_order(sums)]


def _total(asset: str, due: Sequence[Decimal]) -> DueTotal:
    total = sum(due, Decimal(0))
    shown = amount_in_words(asset, total)
    return DueTotal(asset_label(asset), len(due), as_counted(asset, total), shown, in_words(asset, total))


def _withdrawals(ids: Collection[int]) -> list[Withdrawal]:
    chosen = Withdrawal.objects.select_related(*PEOPLE).filter(pk__in=ids)
    return list(chosen.order_by("pk")[: MOST_AT_ONCE + 1])


def _ids(texts: Iterable[str]) -> list[int]:
    """What can't be the id of a row is left out."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < len(str(2**63))]


WithdrawalAdmin.actions.append(hand_over_chosen)
