"""Endings that wait for a second person, on the home page."""

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.endings.services import ENDS_IN
from referrals.models import Ending
from referrals.payouts.rights import APPROVE


def still_to_confirm() -> QuerySet[Ending]:
    """Whose withdrawal is still in the state that they would end."""
    still_so = Q(pk__in=[])
    for outcome, state in ENDS_IN.items():
        still_so |= Q(outcome=outcome, withdrawal__state=state)
    return Ending.objects.filter(still_so, state=Ending.State.PROPOSED)


def endings_to_confirm(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones. None while there are none at all."""
    if not (reader.has_perm(APPROVE) and reader.has_perm("referrals.view_ending")):
        return None
    waiting = still_to_confirm()
    if not settings.REFERRALS_SELF_APPROVAL:
        waiting = waiting.exclude(proposed_by=reader.pk)
    count = counted(waiting)
    if not count:
        return None
    return Card(
        title=_("Unanswered payouts to be ended"),
        value=count,
        note=_("Somebody says what became of them, and you are the second person."),
        url=list_url("referrals_ending", f"state__exact={Ending.State.PROPOSED}"),
        tone="warn",
    )
