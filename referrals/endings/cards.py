"""Endings that wait for a second person, on the home page."""

from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader
from referrals.endings import services as endings
from referrals.payouts.rights import APPROVE
from referrals.payouts.second_person import what_waits_for_me


def endings_to_confirm(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones. None while there are none at all."""
    if not (reader.has_perm(APPROVE) and reader.has_perm("referrals.view_ending")):
        return None
    count = counted(endings.to_decide(reader))
    if not count:
        return None
    return Card(
        title=_("Unanswered payouts to be ended"),
        value=count,
        note=_("Somebody says what became of them, and you are the second person."),
        url=what_waits_for_me("referrals_ending"),
        tone="warn",
    )
