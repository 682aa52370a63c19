"""Unanswered payouts that somebody wants to end, told in Feishu to who may be the second person."""

from collections.abc import Iterator, Sequence
from functools import partial

from django.urls import reverse
from django.utils.translation import ngettext

from hireops.desk.cards import list_url
from hireops.notices.sources import MOST_MATTERS, Kind, Matter, Source
from referrals.endings.services import still_to_confirm
from referrals.models import Ending
from referrals.payouts.notices import may_be_second
from referrals.payouts.rights import APPROVE


def waiting() -> Iterator[Matter]:
    proposed = still_to_confirm().order_by("pk").values_list("pk", "proposed_by")
    for pk, proposed_by in proposed[:MOST_MATTERS]:
        yield Matter(str(pk), partial(may_be_second, proposed_by))


def sentence(keys: Sequence[str]) -> str:
    count = len(keys)
    words = ngettext(
        "%(count)s unanswered payout is to be ended, and waits for a second person.",
        "%(count)s unanswered payouts are to be ended, and wait for a second person.",
        count,
    )
    return words % {"count": count}


def path(keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return reverse("admin:referrals_ending_change", args=keys)
    return list_url("referrals_ending", f"state__exact={Ending.State.PROPOSED}")


TO_CONFIRM = Source(
    name="endings to confirm",
    kind=Kind.TO_DECIDE,
    now=waiting,
    sentence=sentence,
    path=path,
    permission=APPROVE,
)
