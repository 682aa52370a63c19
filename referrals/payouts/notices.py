"""Payouts that wait for approval, told in Feishu to who may decide them."""

from collections.abc import Iterator, Sequence
from functools import partial

from django.conf import settings
from django.urls import reverse
from django.utils.translation import ngettext

from hireops.desk.cards import list_url
from hireops.desk.staff import Reader
from hireops.notices.sources import MOST_MATTERS, Kind, Matter, Source
from referrals.models import Withdrawal
from referrals.payouts.rights import APPROVE


def waiting() -> Iterator[Matter]:
    """Nobody is told of the own ones, unless a team of one decides them, too."""
    requested = Withdrawal.objects.filter(state=Withdrawal.State.REQUESTED).order_by("pk")
    for pk, asked_by in requested.values_list("pk", "requested_by")[:MOST_MATTERS]:
        yield Matter(str(pk), partial(may_be_second, asked_by))


def may_be_second(first: int, person: Reader) -> bool:
    return settings.REFERRALS_SELF_APPROVAL or person.pk != first


def sentence(keys: Sequence[str]) -> str:
    count = len(keys)
    words = ngettext("%(count)s payout waits for approval.", "%(count)s payouts wait for approval.", count)
    return words % {"count": count}


def path(keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return reverse("admin:referrals_withdrawal_change", args=keys)
    return list_url("referrals_withdrawal", f"state__exact={Withdrawal.State.REQUESTED}")


TO_APPROVE = Source(
    name="payouts to approve",
    kind=Kind.TO_DECIDE,
    now=waiting,
    sentence=sentence,
    path=path,
    permission=APPROVE,
)
