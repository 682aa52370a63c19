"""Payouts that wait for an approver or were rejected, told in Feishu to who decides or asked for them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.urls import reverse
from django.utils.translation import ngettext

from hireops.database import clock
from hireops.desk.cards import list_url
from hireops.desk.staff import Reader
from hireops.notices.sources import MOST_MATTERS, Kind, Matter, Source
from referrals.models import Withdrawal
from referrals.payouts.rights import APPROVE, REQUEST
from referrals.payouts.second_person import what_waits_for_me
from referrals.payouts.services import rejected_lately, unacknowledged_excess

# Longer than a night, in which nothing is told.
IS_NEWS_FOR = timedelta(hours=12)


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


def excess_waiting() -> Iterator[Matter]:
    found = unacknowledged_excess().order_by("pk").values_list("pk", "requested_by")
    for pk, asked_by in found[:MOST_MATTERS]:
        yield Matter(str(pk), partial(may_be_second, asked_by))


def excess_sentence(keys: Sequence[str]) -> str:
    count = len(keys)
    words = ngettext(
        "For %(count)s payout Feishu took more than was approved.",
        "For %(count)s payouts Feishu took more than was approved.",
        count,
    )
    return words % {"count": count}


def excess_path(keys: Sequence[str]) -> str:
    return path(keys) if len(keys) == 1 else what_waits_for_me("referrals_withdrawal")


def rejected() -> Iterator[Matter]:
    found = rejected_lately(clock.now() - IS_NEWS_FOR).order_by("pk").values_list("pk", "requested_by")
    for pk, asked_by in found[:MOST_MATTERS]:
        yield Matter(str(pk), partial(_is, asked_by))


def _is(pk: int, person: Reader) -> bool:
    return person.pk == pk


def rejected_sentence(keys: Sequence[str]) -> str:
    count = len(keys)
    words = ngettext(
        "%(count)s payout that you asked for was rejected.",
        "%(count)s payouts that you asked for were rejected.",
        count,
    )
    return words % {"count": count}


def rejected_path(keys: Sequence[str]) -> str:
    return path(keys) if len(keys) == 1 else list_url("referrals_withdrawal", "state__exact=rejected")


TO_APPROVE = Source(
    name="payouts to approve",
    kind=Kind.TO_DECIDE,
    now=waiting,
    sentence=sentence,
    path=path,
    permission=APPROVE,
)
TO_ACKNOWLEDGE = Source(
    name="payouts of more than was approved",
    kind=Kind.TO_DECIDE,
    now=excess_waiting,
    sentence=excess_sentence,
    path=excess_path,
    permission=APPROVE,
)
REJECTED = Source(
    name="payouts rejected",
    kind=Kind.DECIDED,
    now=rejected,
    sentence=rejected_sentence,
    path=rejected_path,
    permission=REQUEST,
)
