"""What waits for staff today among referral accounts and payouts, on the home page."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.translation import gettext as _

from hireops.desk.cards import Card
from hireops.desk.paging import bounded_count
from referrals.models import Case, Registration, RegistrationImport, Withdrawal
from referrals.services import accounts
from referrals.services.withdrawals import age_of_doubt

MOST_COUNTED = 1000
# An answer comes within seconds; what takes longer than this is worth a look.
SLOW = timedelta(minutes=2)
LONG_IN_DOUBT = timedelta(hours=1)
TO_BE_PAID = [Withdrawal.State.TAKEN, Withdrawal.State.BOUNCED]
TO_BE_CORRECTED = [Registration.State.INVALID, Registration.State.REFUSED]

State = Withdrawal.State
Person = User | AnonymousUser


def payouts_to_approve(user: Person) -> Card | None:
    """Those that this person may decide: not the own ones."""
    if not user.has_perm("referrals.approve_withdrawal"):
        return None
    waiting = Withdrawal.objects.filter(state=State.REQUESTED)
    if not settings.REFERRALS_SELF_APPROVAL:
        waiting = waiting.exclude(requested_by=user.pk)
    count = bounded_count(waiting, MOST_COUNTED)
    return Card(
        title=_("Payouts waiting for approval"),
        value=count,
        url=_list("withdrawal", f"state__exact={State.REQUESTED}"),
        tone="warn" if count else "ok",
    )


def payouts_without_answer(user: Person) -> Card | None:
    """Feishu may have taken the money out, and has not said so yet."""
    if not user.has_perm("referrals.view_withdrawal"):
        return None
    undecided = Withdrawal.objects.filter(state__in=Withdrawal.UNDECIDED)
    oldest = undecided.order_by("decided_at").first()
    age = age_of_doubt(oldest) if oldest else timedelta(0)
    return Card(
        title=_("Payouts without an answer from Feishu"),
        value=bounded_count(undecided, MOST_COUNTED),
        note=_doubt_in_words(age) if oldest else "",
        url=_list("withdrawal", f"state__in={','.join(Withdrawal.UNDECIDED)}"),
        tone="bad" if age > LONG_IN_DOUBT else "warn" if age > SLOW else "ok",
    )


def _doubt_in_words(age: timedelta) -> str:
    hours, minutes = divmod(max(int(age.total_seconds()), 0) // 60, 60)
    return _(
        "The oldest for %(hours)s h %(minutes)s min. hireops asks again by itself, with the same ID."
    ) % {
        "hours": hours,
        "minutes": minutes,
    }


def payouts_to_pay(user: Person) -> Card | None:
    """Taken out of Feishu and not handed over for payment, or come back from it."""
    if not user.has_perm("referrals.add_payoutbatch"):
        return None
    bounced = bounded_count(Withdrawal.objects.filter(state=State.BOUNCED), MOST_COUNTED)
    count = bounded_count(Withdrawal.objects.filter(state__in=TO_BE_PAID), MOST_COUNTED)
    return Card(
        title=_("Payouts to be paid"),
        value=count,
        note=_("%(count)s of them came back") % {"count": bounced} if bounced else "",
        url=_list("withdrawal", f"state__in={','.join(TO_BE_PAID)}"),
        tone="warn" if count else "ok",
    )


def registrations_to_correct(user: Person) -> Card | None:
    if not user.has_perm("referrals.change_registration"):
        return None
    count = bounded_count(Registration.objects.filter(state__in=TO_BE_CORRECTED), MOST_COUNTED)
    return Card(
        title=_("Registrations to correct"),
        value=count,
        url=_list("registration", f"state__in={','.join(TO_BE_CORRECTED)}"),
        tone="warn" if count else "ok",
    )


def imports_to_confirm(user: Person) -> Card | None:
    if not user.has_perm("referrals.change_registrationimport"):
        return None
    checked = RegistrationImport.State.CHECKED
    count = bounded_count(RegistrationImport.objects.filter(state=checked), MOST_COUNTED)
    return Card(
        title=_("Imports waiting for confirmation"),
        value=count,
        url=_list("registrationimport", f"state__exact={checked}"),
        tone="warn" if count else "ok",
    )


def open_cases(user: Person) -> Card | None:
    if not user.has_perm("referrals.view_case"):
        return None
    count = bounded_count(Case.objects.filter(closed_at=None), MOST_COUNTED)
    return Card(
        title=_("Open cases"),
        value=count,
        note=_("Figures that should be equal and are not.") if count else "",
        url=_list("case", "state=open"),
        tone="bad" if count else "ok",
    )


def accounts_with_old_figures(user: Person) -> Card | None:
    if not user.has_perm("referrals.view_referralaccount"):
        return None
    count = bounded_count(accounts.old_figures(), MOST_COUNTED)
    return Card(
        title=_("Accounts with old figures"),
        value=count,
        note=_("Nothing heard of them for %(hours)s hours: Feishu or the worker may be down.")
        % {"hours": accounts.OLD_AFTER_SWEEPS * settings.REFERRALS_SWEEP_HOURS}
        if count
        else "",
        url=_list("referralaccount", "old=yes"),
        tone="warn" if count else "ok",
    )


def _list(model: str, query: str) -> str:
    return f"{reverse(f'admin:referrals_{model}_changelist')}?{query}"


ALL = [
    payouts_to_approve,
    payouts_without_answer,
    payouts_to_pay,
    open_cases,
    registrations_to_correct,
    imports_to_confirm,
    accounts_with_old_figures,
]
