"""Who could decide a withdrawal: whoever waits for it may be on holiday."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk.display import moment
from hireops.desk.staff import names_of
from hireops.people import payout_rights
from referrals.payouts.rights import APPROVE


@dataclass(frozen=True, slots=True)
class Approvers:
    """Everybody but who has asked: whose right counts today, and whose will (from when)."""

    today: list[User]
    later: list[tuple[User, datetime]]


def approvers_beside(*requesters: int) -> Approvers:
    """``requesters`` are the IDs of who has asked."""
    now = clock.now()
    others = [
        (person, at) for person, at in payout_rights.holders_from(APPROVE) if person.pk not in requesters
    ]
    return Approvers(
        today=[person for person, at in others if at <= now], later=[each for each in others if each[1] > now]
    )


def who_could_approve(*requesters: int) -> str:
    """In words, by name; and what to do where there is nobody."""
    return " ".join(_sentences(approvers_beside(*requesters)))


def _sentences(approvers: Approvers) -> Iterator[str]:
    if approvers.today:
        yield _("It can be approved by: %(names)s.") % {"names": _joined(approvers.today)}
    else:
        yield _("Nobody else can approve it today.")
    for person, at in approvers.later:
        yield _("%(name)s can from %(when)s on.") % {"name": person, "when": moment(at)}
    if not approvers.today:
        yield _advice()


def _advice() -> str:
    if not (hours := settings.PEOPLE_PAYOUT_DELAY_HOURS):
        return _("Ask an administrator to give somebody a role that can approve, under Users.")
    return _(
        "Ask an administrator to give somebody a role that can approve, under Users; the right counts "
        "%(hours)s hours later."
    ) % {"hours": hours}


def _joined(people: list[User]) -> str:
    return _(", ").join(names_of(people))
