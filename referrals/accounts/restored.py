"""Balances that Feishu has changed since a backup, for whoever releases the restored database."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.desk.models import Restoration
from hireops.desk.restoring import Line, Part, register
from referrals.accounts.sweep import ask_for_all, not_asked_since, queries_owed
from referrals.models import Case

COUNTED_TO = 100_000
ACCOUNTS = "admin:referrals_referralaccount_changelist"
CASES = "admin:referrals_case_changelist"


def _not_heard_of(restoration: Restoration) -> int:
    """Enabled accounts that Feishu was not asked for since the restore, or has not answered for."""
    return not_asked_since(restoration.begun_at)[:COUNTED_TO].count() + queries_owed()


def _open_cases(restoration: Restoration) -> QuerySet[Case]:
    return Case.objects.filter(opened_at__gte=restoration.begun_at, closed_at=None)


def _found(restoration: Restoration) -> list[Line]:
    opened = _open_cases(restoration)
    kinds = [Case.Kind.PERHAPS_PAID, Case.Kind.DRIFT]
    return [
        Line(
            gettext_lazy("Enabled accounts not asked for yet"), _not_heard_of(restoration), reverse(ACCOUNTS)
        ),
        *(
            Line(kind.label, opened.filter(kind=kind).count(), f"{reverse(CASES)}?kind__exact={kind.value}")
            for kind in kinds
        ),
    ]


def _why_not(restoration: Restoration) -> str:
    if missing := _not_heard_of(restoration):
        return _(
            "Feishu has not told the balance of %(missing)s enabled accounts since the restore. Press “Ask "
            "for all balances” on the list of accounts, with a worker running, and wait until it is done."
        ) % {"missing": missing}
    if undecided := _open_cases(restoration).filter(kind=Case.Kind.PERHAPS_PAID).count():
        return _(
            "Open cases of balances that were perhaps paid out after the backup: %(undecided)s. Compare each "
            "with the payout files at the paying side, and close it with what you found."
        ) % {"undecided": undecided}
    return ""


register(
    Part(
        key="balances",
        place=3,
        title=gettext_lazy("Balances"),
        to_do=gettext_lazy(
            "Have all balances asked for: these questions are answered while everything else waits. A "
            "balance that went down without a withdrawal of ours was perhaps paid out after the backup, and "
            "is a case. Compare each with the payout files at the paying side, and close it with what you "
            "found."
        ),
        found=_found,
        why_not=_why_not,
        ask=lambda by: ask_for_all(by=by),
    )
)
