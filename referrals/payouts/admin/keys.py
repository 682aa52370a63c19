"""Whose key to a withdrawal was lately in other hands: who asks, who decides, and who may decide.

Whoever has changed another person's password could have signed in as that person, and whoever has given
somebody the right to approve has chosen who approves. So both stand beside the withdrawal for a week.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk.display import moment
from hireops.desk.staff import Reader, name_and_login
from hireops.people import credentials, payout_rights
from hireops.people.models import PayoutRight
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


def changed_keys(withdrawals: Sequence[Withdrawal], *, reader: Reader) -> list[ChangedKey]:
    """What others have changed of these people from a week before it was asked for until it was decided.

    The newest first. As long as one waits for its decision, that is about everybody who may decide. Nothing
    about the reader, and nothing of withdrawals that have ended: nobody has to be asked any more.
    """
    withdrawals = [each for each in withdrawals if each.state not in Withdrawal.ENDED]
    if not withdrawals:
        return []
    now = clock.now()
    since = min(withdrawal.requested_at for withdrawal in withdrawals) - WATCHED_FOR
    until = max(withdrawal.decided_at or now for withdrawal in withdrawals)
    people = _people(withdrawals) - {reader.pk}
    found = [*_credentials(people, since, until), *_rights(people, since, until)]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _people(withdrawals: Sequence[Withdrawal]) -> set[int]:
    people = {withdrawal.requested_by_id for withdrawal in withdrawals}
    people |= {withdrawal.decided_by_id for withdrawal in withdrawals if withdrawal.decided_by_id}
    if any(withdrawal.decided_by_id is None for withdrawal in withdrawals):
        people |= set(payout_rights.holders(APPROVE))
    return people


def _credentials(people: set[int], since: datetime, until: datetime) -> Iterator[ChangedKey]:
    for change in credentials.changed_by_others(people, since=since, until=until):
        by = name_and_login(change.by) if change.by else ""
        yield ChangedKey(change.at, name_and_login(change.user), change.get_kind_display(), by)


def _rights(people: set[int], since: datetime, until: datetime) -> Iterator[ChangedKey]:
    for right in payout_rights.begun(APPROVE, people, since=since, until=until):
        by = name_and_login(right.given_by) if right.given_by else ""
        yield ChangedKey(right.since or until, name_and_login(right.user), _given(right, until), by)


def _given(right: PayoutRight, until: datetime) -> str:
    if right.in_effect_at <= until:
        return _("was given the right to approve")
    return _("was given the right to approve, from %(when)s on") % {"when": moment(right.in_effect_at)}
