"""Bringing many accounts up to date: what that would do, and doing it, a number of accounts at a time.

The run is long work (``jobs.py``). It keeps ``AHEAD`` accounts under way, each with one call that is owed:
enough to use what the quota allows, and never more than that of calls that somebody would have to wait for.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import AccountOffer, EcoAccount, OfferCall, OfferRun, OfferRunAccount
from bindings.offers import readings, sending, services
from bindings.offers.plan import Action, Row, Standing
from bindings.offers.services import PlanChangedError, Preview
from bindings.offers.wishes import wished_by
from hireops.database import bulk, clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.jobs import services as jobs
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Step
from hireops.outbox.models import Call

CARRY_OUT = "bindings.bring_offers_up_to_date"
AHEAD, BEGUN_AT_ONCE = 300, 25
LOOK_EVERY = timedelta(seconds=0.5)
# More than this part of what the accounts have, if that is as many things as this, is asked for again.
MOST_DELETED, LEAST_COUNTED = 0.3, 10

State = OfferRunAccount.State
Change = tuple[Row, ...]


class TooMuchGoesError(Refused):
    """Nobody has confirmed how many things the run removes. ``preview`` says how many."""

    def __init__(self, text: str, preview: "RunPreview") -> None:
        super().__init__(text)
        self.preview = preview


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPreview:
    """What bringing accounts up to date would do. ``accounts`` are those with something to send; ``blocked``
    could not be sent at present, each says why. ``groups``: the same change and the accounts that get it, the
    most frequent first. ``there``: how many things all of them have now."""

    accounts: tuple[Preview, ...]
    blocked: tuple[Preview, ...]
    same: int
    there: int
    groups: tuple[tuple[Change, tuple[Preview, ...]], ...]
    fingerprint: str

    @property
    def creates(self) -> int:
        return sum(each.plan.creates for each in self.accounts)

    @property
    def updates(self) -> int:
        return sum(each.plan.updates for each in self.accounts)

    @property
    def deletes(self) -> int:
        return sum(each.plan.deletes for each in self.accounts)

    @property
    def emptied(self) -> int:
        """How many accounts would offer nothing afterwards."""
        return sum(each.plan.empties for each in self.accounts)

    @property
    def asks_for(self) -> int:
        """How many things go, if their number has to be typed; 0 otherwise."""
        too_much = self.there >= LEAST_COUNTED and self.deletes > MOST_DELETED * self.there
        return self.deletes if too_much or self.emptied else 0


def preview_run(accounts: Iterable[EcoAccount]) -> RunPreview:
    """What ``bring_all_up_to_date`` would do with these accounts, which have their ``tenant``, now."""
    to_send: list[Preview] = []
    blocked: list[Preview] = []
    same = there = 0
    for each in services.previews(accounts):
        there += sum(known.standing is not Standing.DELETED and known.is_there for known in each.known)
        if not each.plan.calls and not each.plan.problems:
            same += 1
        else:
            (blocked if each.why_not else to_send).append(each)
    return RunPreview(
        accounts=tuple(to_send),
        blocked=tuple(blocked),
        same=same,
        there=there,
        groups=_groups(to_send),
        fingerprint=hashlib.sha256("".join(each.fingerprint for each in to_send).encode()).hexdigest(),
    )


def _groups(previews: Sequence[Preview]) -> tuple[tuple[Change, tuple[Preview, ...]], ...]:
    by_change: dict[Change, list[Preview]] = defaultdict(list)
    for each in previews:
        unchanged = {Action.SAME, Action.FOREIGN}
        by_change[tuple(row for row in each.plan.rows if row.action not in unchanged)].append(each)
    largest_first = sorted(by_change.items(), key=lambda group: -len(group[1]))
    return tuple((change, tuple(accounts)) for change, accounts in largest_first)


def bring_all_up_to_date(
    accounts: Iterable[EcoAccount], *, by: User, fingerprint: str, deletes: int = 0
) -> OfferRun:
    """Leave it to the workers to send what the person has looked at; whoever calls rings for ``work``.

    ``deletes`` is ``RunPreview.deletes``, confirmed by the person. An account that changes before its turn
    is left out and shown. Raises ``PlanChangedError``, ``TooMuchGoesError`` or ``Refused``; then nothing
    begins.
    """
    with transaction.atomic():
        now = preview_run(accounts)
        if not now.accounts:
            raise Refused(
                _("There is nothing to send: none of these accounts is out of date and can be updated.")
            )
        if now.fingerprint != fingerprint:
            raise PlanChangedError(
                _(
                    "Nothing was sent: something changed after this page was opened. Look at it again and "
                    "confirm."
                ),
                now.accounts[0],
            )
        if now.deletes != deletes:
            raise TooMuchGoesError(_too_much(now), now)
        run = OfferRun.objects.create(
            asked_by=by, creates=now.creates, updates=now.updates, deletes=now.deletes
        )
        _list(run, now.accounts)
        jobs.start(CARRY_OUT, about=run, by=by, total=len(now.accounts))
        audit.record(
            by=by,
            action=gettext_noop("offers brought up to date"),
            on=run,
            accounts=len(now.accounts),
            new=run.creates,
            changed=run.updates,
            removed=run.deletes,
        )
    return run


def _too_much(now: RunPreview) -> str:
    numbers = {
        "deletes": now.deletes,
        "there": now.there,
        "accounts": len(now.accounts),
        "emptied": now.emptied,
    }
    if now.emptied:
        text = _(
            "Nothing was sent: of %(there)d things that these %(accounts)d accounts offer, %(deletes)d "
            "would go, and %(emptied)d accounts would offer nothing any more. Confirm the number."
        )
    else:
        text = _(
            "Nothing was sent: of %(there)d things that these %(accounts)d accounts offer, %(deletes)d "
            "would go. Confirm the number."
        )
    return text % numbers


def _list(run: OfferRun, previews: Sequence[Preview]) -> None:
    missing = [each.account.pk for each in previews if each.offer is None]
    columns = ("account_id", "state", "version", "outdated", "refusals", "reason")
    new = ([pk, AccountOffer.State.OUT_OF_DATE, 0, False, 0, ""] for pk in missing)
    bulk.insert_missing(AccountOffer, columns, new)
    accounts = [each.account.pk for each in previews]
    offers = dict(AccountOffer.objects.filter(account__in=accounts).values_list("account_id", "pk"))
    rows = ([run.pk, offers[each.account.pk], each.fingerprint, State.WAITING] for each in previews)
    bulk.insert(OfferRunAccount, ("run_id", "offer_id", "fingerprint", "state"), rows)


# --- Its work


def carry_on(job: Job) -> Step:
    """Begin as many accounts as may be under way, and end when all have ended."""
    run = OfferRun.objects.select_for_update().get(pk=job.subject_pk)
    _settle(run)
    counted = dict(run.accounts.values_list("state").annotate(Count("pk")))
    under_way, waiting = counted.get(State.UNDER_WAY, 0), counted.get(State.WAITING, 0)
    begun = _begin_next(run, min(AHEAD - under_way, BEGUN_AT_ONCE)) if waiting and under_way < AHEAD else 0
    job.total = sum(counted.values())
    job.done = job.total - under_way - waiting
    if begun == BEGUN_AT_ONCE:
        return GO_ON
    if waiting or under_way:
        return Step(rest=LOOK_EVERY)
    run.finished_at = clock.now()
    run.save(update_fields=["finished_at"])
    return DONE


def _settle(run: OfferRun) -> None:
    """Accounts whose call waits for a person are no longer under way."""
    to_be_sent = OfferCall.objects.filter(offer=OuterRef("offer"), call__state=Call.State.PENDING)
    stuck = run.accounts.filter(~Exists(to_be_sent), state=State.UNDER_WAY)
    for member in stuck:
        offer = sending.lock(member.offer_id)
        if not sending.has_open_call(offer):  # its answer may just have been written
            sending.leave_in_doubt(offer)


def _begin_next(run: OfferRun, most: int) -> int:
    members = list(run.accounts.filter(state=State.WAITING).order_by("pk")[:most])
    locked = AccountOffer.objects.select_for_update(of=("self",)).filter(
        pk__in=[member.offer_id for member in members]
    )
    offers = {
        offer.pk: offer for offer in locked.select_related("account__tenant", "asked_by").order_by("pk")
    }
    known = services.known_by(offers.values())
    wishes = wished_by([offer.account for offer in offers.values()])
    reading = readings.current()
    unchanged: dict[int, Preview] = {}
    for member in members:
        offer = offers[member.offer_id]
        now = services.preview_of(offer.account, offer, known[offer.pk], wishes[offer.account_id], reading)
        if now.fingerprint == member.fingerprint and not now.why_not:
            unchanged[offer.pk] = now
    begun = run.accounts.filter(pk__in=[member.pk for member in members])
    begun.filter(offer__in=unchanged).update(state=State.UNDER_WAY)
    begun.exclude(offer__in=unchanged).update(state=State.SKIPPED)
    for pk, now in unchanged.items():
        services.begin(now, offers[pk], by=run.asked_by)
    return len(members)
