"""Mismatches that somebody has to look into: opened by what finds them, closed once, with a note."""

from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops import database
from hireops.desk import audit
from hireops.desk.errors import Refused
from referrals.models import BalanceChange, Case, Reconciliation, ReferralAccount, Withdrawal

# One open case for each account, however many days it was found on.
ABOUT_THE_ACCOUNT = {Case.Kind.UNKNOWN_ACCOUNT}


def open_case(
    *,
    kind: str,
    account: ReferralAccount,
    asset: str = "",
    ours: Decimal | None = None,
    theirs: Decimal | None = None,
    reconciliation: Reconciliation | None = None,
    withdrawal: Withdrawal | None = None,
    change: BalanceChange | None = None,
) -> Case:
    """The open case of exactly this mismatch: the one that is there, or a new one.

    Found again by a later reconciliation of the same day, it stays one case. The account is locked to the end
    of the transaction, so that two who find the same mismatch at once do not open it twice.
    """
    with transaction.atomic():
        ReferralAccount.objects.select_for_update().get(pk=account.pk)
        found = Case(
            kind=kind,
            account=account,
            asset=asset,
            ours=ours,
            theirs=theirs,
            reconciliation=reconciliation,
            withdrawal=withdrawal,
            change=change,
        )
        if same := _same_as(found).first():
            return same
        found.save()
        found.refresh_from_db()  # its time is the database's
        return found


def _same_as(found: Case) -> QuerySet[Case]:
    open_cases = Case.objects.filter(account=found.account, kind=found.kind, closed_at=None)
    if found.kind in ABOUT_THE_ACCOUNT:
        return open_cases
    if found.reconciliation is None:
        of_its_day = open_cases.filter(reconciliation=None)
    else:
        of_its_day = open_cases.filter(
            reconciliation__tenant=found.reconciliation.tenant_id,
            reconciliation__day=found.reconciliation.day,
        )
    return of_its_day.filter(
        asset=found.asset,
        ours=found.ours,
        theirs=found.theirs,
        withdrawal=found.withdrawal,
        change=found.change,
    )


def close_case(case: Case, *, by: User, note: str) -> None:
    """A person has looked into it and says what it was. Raises ``Refused`` without a note or if closed."""
    if not note.strip():
        raise Refused(_("Write a note: what was it, and what was done about it?"))
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case.pk)
        if case.closed_at is not None:
            raise Refused(_("This case is closed already. Its page says by whom and why."))
        case.closed_at, case.closed_by, case.note = database.now(), by, note.strip()
        case.save(update_fields=["closed_at", "closed_by", "note"])
        audit.record(by=by, action=gettext_noop("case closed"), on=case, reason=case.note)


def explain_case(case: Case, *, note: str) -> None:
    """Close it without a person, because hireops has learned what explains it. Nothing if it is closed.

    ``note`` is an English sentence marked with ``gettext_noop``; pages show it in the reader's language.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case.pk)
        if case.closed_at is not None:
            return
        case.closed_at, case.note = database.now(), note
        case.save(update_fields=["closed_at", "note"])
        audit.record(by=None, action=gettext_noop("case explained"), on=case, reason=note)
