"""Accounts of which nothing was heard for long, on the home page."""

from django.conf import settings
from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.accounts import services as accounts


def accounts_with_old_figures(reader: Reader) -> Card | None:
    if not reader.has_perm("referrals.view_referralaccount"):
        return None
    count = counted(accounts.old_figures())
    return Card(
        title=_("Accounts with old figures"),
        value=count,
        note=_("Nothing heard of them for %(hours)s hours: Feishu or the worker may be down.")
        % {"hours": accounts.OLD_AFTER_SWEEPS * settings.REFERRALS_SWEEP_HOURS}
        if count
        else "",
        url=list_url("referrals_referralaccount", "old=yes"),
        tone="warn" if count else "ok",
        about="system",
    )
