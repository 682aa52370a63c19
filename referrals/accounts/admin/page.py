"""What the page of a referral account shows, for a reader with these rights."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hireops.desk.display import badge, state_badge
from hireops.desk.staff import Reader
from hireops.desk.states import Tone
from hireops.desk.waiting import Waiting
from hireops.outbox import registry
from hireops.outbox.models import Call
from hireops.outbox.watching import facts_of
from referrals.accounts import services as accounts
from referrals.ledger.assets import amount_in_words, asset_label, in_words
from referrals.ledger.steps import CHANGES_SHOWN, history, link_for, minute
from referrals.models import POINTS, ReferralAccount, Withdrawal, WithdrawalAmount

Status = ReferralAccount.Status

ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ShownBalance:
    """One balance in big letters. ``taken_at``: a withdrawal emptied it, after the newest whole figure."""

    name: str
    amount: str
    taken_at: datetime | None


def status_badge(account: ReferralAccount) -> SafeString:
    tone: Tone = "ok" if account.status == Status.AVAILABLE else "quiet"
    return badge(account.get_status_display(), tone)


def figures(account: ReferralAccount) -> list[ShownBalance]:
    """Points first, then cash by currency; points also if there were never any."""
    amounts = {balance.asset: balance.amount for balance in account.balances.all()}
    cash = sorted(amounts.keys() - {POINTS})
    return [_figure(account, asset, amounts.get(asset, Decimal(0))) for asset in [POINTS, *cash]]


def _figure(account: ReferralAccount, asset: str, amount: Decimal) -> ShownBalance:
    taken_at = account.points_taken_at if asset == POINTS else account.cash_taken_at
    newer = taken_at is not None and (account.figure_at is None or taken_at > account.figure_at)
    return ShownBalance(asset_label(asset), amount_in_words(asset, amount), taken_at if newer else None)


def source_of(account: ReferralAccount, user: Reader) -> str:
    """Where the newest whole balance came from, as a link for who may follow it."""
    if account.figure_event_id:
        return link_for(user, "inbox.view_event", "inbox_event", account.figure_event_id, _("Feishu's event"))
    if account.figure_call:
        text = registry.label_of(account.figure_call.operation)
        return link_for(user, "outbox.view_call", "outbox_call", account.figure_call_id, text)
    return ""


def context(account: ReferralAccount, user: Reader, shown: Callable[[str], str]) -> dict[str, Any]:
    """All that the template needs beyond the fields of the account; personal data as ``shown`` gives it."""
    steps = history(account, user)
    figures_of_account = figures(account)
    return {
        "account": account,
        "employee": {
            "name": shown(account.name),
            "mobile": shown(account.mobile),
            "email": shown(account.email),
            "feishu_name": shown(account.feishu_name),
            "feishu_mobile": shown(account.feishu_mobile),
            "feishu_email": shown(account.feishu_email),
        },
        "badge": status_badge(account),
        "as_of": as_of(account, accounts.old_before()),
        "figures": figures_of_account,
        "left_while_off": account.status != Status.AVAILABLE and any(_filled(account)),
        "source": source_of(account, user),
        "under_way": [registry.label_of(call.operation) for call in _calls_under_way(account)],
        "steps": steps[:CHANGES_SHOWN],
        "has_more_steps": len(steps) > CHANGES_SHOWN,
        "withdrawals": _withdrawals(account, user),
        "cases": _open_cases(account, user),
        "registrations": _rows_if(user, "view_registration", account.registrations.order_by("-pk")),
    }


def _filled(account: ReferralAccount) -> Iterator[bool]:
    return (balance.amount > 0 for balance in account.balances.all())


def as_of(account: ReferralAccount, old_before: datetime) -> SafeString | None:
    """When the newest whole balance was true, marked if nothing was heard since ``old_before``."""
    if account.figure_at is None:
        return None
    moment = minute(account.figure_at)
    if account.status == Status.AVAILABLE and account.seen_at and account.seen_at < old_before:
        return badge(moment, "warn")
    return format_html("{}", moment)


def waiting(account: ReferralAccount) -> Waiting:
    """For the answers to what is asked of Feishu about it."""
    calls = _calls_under_way(account)
    if not calls:
        text = _("Feishu has answered: %(status)s")
        return Waiting(text % {"status": account.get_status_display()}, is_over=True)
    says = ", ".join(registry.label_of(call.operation) for call in calls)
    return Waiting(_("On its way to Feishu: %(calls)s") % {"calls": says}, facts_of(*calls))


def _calls_under_way(account: ReferralAccount) -> list[Call]:
    lane = accounts.lane_of_calls(account)
    return list(Call.objects.filter(lane=lane, state=Call.State.PENDING).order_by("pk")[:ROWS_SHOWN])


def _withdrawals(account: ReferralAccount, user: Reader) -> list[dict[str, Any]]:
    rows = account.withdrawals.select_related("requested_by").prefetch_related("amounts").order_by("-pk")
    return [
        {
            "withdrawal": row,
            "badge": state_badge(Withdrawal.State(row.state)),
            "amounts": _asked_or_taken(row.amounts.all()),
        }
        for row in _rows_if(user, "view_withdrawal", rows)
    ]


def _asked_or_taken(amounts: Iterable[WithdrawalAmount]) -> list[str]:
    """“CNY 1,200.50 · points 7 taken”; what Feishu has not taken is what was seen."""
    seen: list[str] = []
    taken: list[str] = []
    for amount in amounts:
        if amount.taken is None:
            seen.append(in_words(amount.asset, amount.seen))
        else:
            taken.append(in_words(amount.asset, amount.taken))
    texts = [(_("%(amount)s taken"), taken), (_("%(amount)s seen"), seen)]
    return [text % {"amount": " · ".join(words)} for text, words in texts if words]


def _open_cases(account: ReferralAccount, user: Reader) -> list[dict[str, Any]]:
    rows = account.cases.filter(closed_at=None).order_by("-pk")
    return [
        {
            "case": row,
            "asset": asset_label(row.asset),
            "figures": [
                "–" if figure is None else amount_in_words(row.asset, figure)
                for figure in (row.ours, row.theirs)
            ],
        }
        for row in _rows_if(user, "view_case", rows)
    ]


def _rows_if(user: Reader, permission: str, rows: Any) -> list[Any]:
    return list(rows[:ROWS_SHOWN]) if user.has_perm(f"referrals.{permission}") else []
