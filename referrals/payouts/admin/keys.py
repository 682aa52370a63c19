"""Whose key to a withdrawal was lately in other hands: who asks, who decides, and who may decide.

Whoever has changed another person's password could have signed in as that person, and whoever has given
somebody the right to approve has chosen who approves. So both stand beside the withdrawal for a week.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk.display import moment
from hireops.people import credentials, payout_rights
from referrals.models import Withdrawal
from referrals.payouts.rights import APPROVE

WATCHED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ChangedKey:
    """``by`` is empty where nobody was signed in: by a link in a mail, or on the server."""

    at: datetime
    whose: str
    what: str
    by: str


def changed_keys(withdrawals: Iterable[Withdrawal]) -> list[ChangedKey]:
    """What others have changed of these people within a week before the decision, the newest first.

    Of what waits for one: within a week before it was asked for, and since.
    """
    found: set[ChangedKey] = set()
    for withdrawal in withdrawals:
        found.update(_of(withdrawal))
    return sorted(found, key=lambda change: change.at, reverse=True)


def _of(withdrawal: Withdrawal) -> Iterable[ChangedKey]:
    until = withdrawal.decided_at or clock.now()
    since = withdrawal.requested_at - WATCHED_FOR
    people = [withdrawal.requested_by_id]
    people += [withdrawal.decided_by_id] if withdrawal.decided_by_id else payout_rights.holders(APPROVE)
    users = User.objects.filter(pk__in=people)
    for change in credentials.changed_by_others(users, since=since, until=until):
        by = change.by.get_username() if change.by else ""
        yield ChangedKey(change.at, change.user.get_username(), change.get_kind_display(), by)
    for right in payout_rights.begun(APPROVE, people, since=since, until=until):
        what = (
            _("was given the right to approve")
            if right.in_effect_at <= until
            else _not_yet(right.in_effect_at)
        )
        by = right.given_by.get_username() if right.given_by else ""
        yield ChangedKey(right.since or until, right.user.get_username(), what, by)


def _not_yet(at: datetime) -> str:
    return _("was given the right to approve, from %(when)s on") % {"when": moment(at)}
