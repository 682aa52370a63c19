"""Mismatches that somebody has to look into: opened by what finds them, closed once, with a note.

What opens or explains a case has its account locked before; if there are several accounts, all of them at
once, by their ids. So cases of an account wait for each other at the account, and nowhere else.
"""

from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.inbox.models import Event
from referrals.models import BalanceChange, Case, Payment, Reconciliation, ReferralAccount, Withdrawal

# One open case for each account, however often it is found.
ABOUT_THE_ACCOUNT = {Case.Kind.UNKNOWN_ACCOUNT, Case.Kind.FUTURE}


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
    event: Event | None = None,
    payment: Payment | None = None,
) -> Case:
    """The case of exactly this mismatch: the one that is there, or a new one.

    Found again by a later reconciliation of the same day, it stays one case. One that a person has closed and
    that is settled with it is given closed. The account is locked to the end of the transaction, so that two
    who find the same mismatch at once do not open it twice.
    """
    with transaction.atomic():
        _lock_account(account.pk)
        found = Case(
            kind=kind,
            account=account,
            asset=asset,
            ours=ours,
            theirs=theirs,
            reconciliation=reconciliation,
            withdrawal=withdrawal,
            change=change,
            event=event,
            payment=payment,
        )
        there = _of_same_mismatch(found).filter(Q(closed_at=None) | _closed_for_good(found))
        if same := there.order_by(F("closed_at").desc(nulls_first=True)).first():
            return same
        found.save()
        found.refresh_from_db()  # its time is the database's
        return found


def _lock_account(pk: int) -> None:
    ReferralAccount.objects.select_for_update().get(pk=pk)


def _closed_for_good(found: Case) -> Q:
    """What a person has closed and nothing but a person takes up again.

    An account that Feishu does not know: until Feishu sends a balance of it. An event from the future: until
    there is another one. A mismatch of a day with the very figures of before: as long as the day is compared
    anew by itself; whoever asks for it wants to know.
    """
    by_a_person = Q(closed_by__isnull=False)
    if found.kind == Case.Kind.FUTURE:
        return by_a_person & Q(event=found.event)
    if found.kind in ABOUT_THE_ACCOUNT:
        return by_a_person & (Q(account__seen_at=None) | Q(closed_at__gte=F("account__seen_at")))
    if found.reconciliation and found.reconciliation.started_by_id is None:
        return by_a_person
    return Q(pk__in=[])


def _of_same_mismatch(found: Case) -> QuerySet[Case]:
    same_kind = Case.objects.filter(account=found.account, kind=found.kind)
    if found.kind in ABOUT_THE_ACCOUNT:
        return same_kind
    if found.reconciliation is None:
        of_its_day = same_kind.filter(reconciliation=None)
    else:
        of_its_day = same_kind.filter(
            reconciliation__tenant=found.reconciliation.tenant_id,
            reconciliation__day=found.reconciliation.day,
        )
    return of_its_day.filter(
        asset=found.asset,
        ours=found.ours,
        theirs=found.theirs,
        withdrawal=found.withdrawal,
        change=found.change,
        payment=found.payment,
    )


def close_case(case: Case, *, by: User, note: str) -> None:
    """A person has looked into it and says what it was. Raises ``Refused`` without a note or if closed.

    After the case it takes no other lock, so it need not begin with the account.
    """
    if not note.strip():
        raise Refused(_("Write a note: what was it, and what was done about it?"))
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case.pk)
        if why := why_not_closed(case):
            raise Refused(why)
        case.closed_at, case.closed_by, case.note = clock.now(), by, note.strip()
        case.save(update_fields=["closed_at", "closed_by", "note"])
        audit.record(by=by, action=gettext_noop("case closed"), on=case, reason=case.note)


def why_not_closed(case: Case) -> str:
    return "" if case.closed_at is None else _("This case is closed already. Its page says by whom and why.")


def close_explained_case(case: Case, *, note: str) -> None:
    """Close it without a person, because hireops has learned what explains it. Nothing if it is closed.

    ``note`` is an English sentence marked with ``gettext_noop``; pages show it in the reader's language.
    """
    with transaction.atomic():
        _lock_account(case.account_id)
        case = Case.objects.select_for_update().get(pk=case.pk)
        if case.closed_at is not None:
            return
        case.closed_at, case.note = clock.now(), note
        case.save(update_fields=["closed_at", "note"])
        audit.record(by=None, action=gettext_noop("case explained"), on=case, reason=note)
