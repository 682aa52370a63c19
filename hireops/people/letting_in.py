"""What an administrator does for who cannot get in."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk.audit import record
from hireops.desk.errors import Refused
from hireops.people.models import Tally


def locked_now(of: Q | None = None) -> QuerySet[Tally]:
    return Tally.objects.filter(of or Q(), locked_until__gt=clock.now()).exclude(kind=Tally.Kind.USED_CODE)


def let_in(tally: Tally, *, by: User, reason: str) -> None:
    """Whoever it is may try again at once. Raises ``Refused`` if nobody is locked out."""
    _let_in(Q(pk=tally.pk), by=by, reason=reason)


def let_in_person(person: User, *, by: User, reason: str) -> None:
    """As ``let_in``, for passwords and codes."""
    _let_in(Q(person=person), by=by, reason=reason)


def _let_in(of: Q, *, by: User, reason: str) -> None:
    with transaction.atomic():
        tallies = list(locked_now(of).select_for_update(of=("self",)))
        if not tallies:
            raise Refused(_("Nobody is locked out here any more."))
        for tally in tallies:
            record(
                by=by,
                action=gettext_noop("let in again"),
                on=tally.person or tally,
                reason=reason,
                what=tally.kind,
                locked_until=tally.locked_until,
            )
        Tally.objects.filter(pk__in=[tally.pk for tally in tallies]).update(count=0, locked_until=None)
