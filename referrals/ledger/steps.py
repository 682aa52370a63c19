"""Changes of a balance as pages show them, for a reader with these rights."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hireops.desk.staff import Reader
from hireops.outbox import registry
from referrals.ledger.assets import amount_in_words, asset_label, signed
from referrals.models import BalanceChange, ReferralAccount

CHANGES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class BalanceStep:
    """One change of a balance as the history shows it."""

    change: BalanceChange
    asset: str
    before: str
    after: str
    difference: str
    cause: str | Promise
    sources: list[str]


def link_for(user: Reader, permission: str, page: str, pk: object, text: str) -> str:
    if not user.has_perm(permission):
        return text
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[pk]), text)


def history(account: ReferralAccount, user: Reader) -> list[BalanceStep]:
    """The newest changes, newest first; one more than ``CHANGES_SHOWN`` if there are older ones."""
    changes = account.changes.select_related("call").order_by("-pk")[: CHANGES_SHOWN + 1]
    return [step(change, user) for change in changes]


def step(change: BalanceChange, user: Reader) -> BalanceStep:
    return BalanceStep(
        change=change,
        asset=asset_label(change.asset),
        before=amount_in_words(change.asset, change.before),
        after=amount_in_words(change.asset, change.after),
        difference=signed(change.asset, change.difference),
        cause=cause_in_words(change),
        sources=list(sources(change, user)),
    )


def cause_in_words(change: BalanceChange) -> str | Promise:
    match change.cause:
        case BalanceChange.Cause.EVENT:
            return _("Feishu told of a change")
        case BalanceChange.Cause.CALL if change.call:
            return _("Found out by “%(call)s”") % {"call": registry.label_of(change.call.operation)}
        case BalanceChange.Cause.WITHDRAWAL:
            return _("Withdrawn for payment")
        case BalanceChange.Cause.UNANNOUNCED:
            return _("Came to light with a withdrawal: it took more or less than was known here")
    return BalanceChange.Cause(change.cause).label


def sources(change: BalanceChange, user: Reader) -> Iterator[str]:
    """Links to all that is behind the change."""
    if change.withdrawal_id:
        text = _("withdrawal #%(number)s") % {"number": change.withdrawal_id}
        right = "referrals.view_withdrawal"
        yield link_for(user, right, "referrals_withdrawal", change.withdrawal_id, text)
    if change.event_id:
        text = _("event #%(number)s") % {"number": change.event_id}
        yield link_for(user, "inbox.view_event", "inbox_event", change.event_id, text)
    if change.call_id:
        text = _("call #%(number)s") % {"number": change.call_id}
        yield link_for(user, "outbox.view_call", "outbox_call", change.call_id, text)


def minute(moment: datetime) -> str:
    """Short enough for a column, in the time zone of the pages."""
    return date_format(localtime(moment), "Y-m-d H:i")
