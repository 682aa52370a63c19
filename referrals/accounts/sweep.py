"""Asking for the balances of all accounts bit by bit: by the clock, and when somebody wants it."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.paging import bounded_count
from hireops.doorbell import ring
from hireops.error_location import error_location
from hireops.jobs import services as jobs
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Step
from hireops.outbox.models import Call, lane_of
from hireops.outbox.tasks import drain
from referrals.accounts.services import GET_ASSETS, enqueue_query, in_reach, target_of
from referrals.ledger import services as ledger
from referrals.models import ReferralAccount

ASK_FOR_ALL = "referrals.ask_for_all"
Status = ReferralAccount.Status

# Feishu answers ten queries a second: what is owed at any time is answered within a minute.
MOST_SWEPT = 500
MOST_COUNTED = 100_000
# With every how many sweeps accounts of a status are asked for.
SWEPT_EVERY = {Status.AVAILABLE: 1, Status.DISABLED: 7}
ASKED_AT_ONCE = 50
LOOK_EVERY = timedelta(seconds=5)

logger = logging.getLogger(__name__)


# --- When somebody wants it


def ask_for_all(*, by: User) -> int:
    """Have every enabled account asked for that was not asked for since now; how many there are.

    Not a call for each at once: tens of thousands of them would hold up everything else for hours.
    """
    wanted = bounded_count(in_reach().filter(status=Status.AVAILABLE), MOST_COUNTED)
    with transaction.atomic():
        audit.record(by=by, action=gettext_noop("all balances asked for"), on=by)
        reason = gettext_noop("Somebody has asked for all balances anew.")
        jobs.end_all_of(ASK_FOR_ALL, reason=reason)
        jobs.start(ASK_FOR_ALL, by=by, total=wanted)
    return wanted


def ask_next(job: Job) -> Step:
    """Owe queries of those that were not asked for since somebody wanted all; the sweep asks for the rest."""
    if job.asked_at < _asked_long_ago():
        return DONE
    room = MOST_SWEPT - queries_owed()
    if room <= 0:
        return Step(rest=LOOK_EVERY)
    due = _lock_all(_due(Status.AVAILABLE, min(room, ASKED_AT_ONCE), job.asked_at))
    if not due:
        return DONE
    asked = sum(_sweep_past_mistakes(pk, Status.AVAILABLE, job.asked_at) for pk in due)
    job.done += asked
    transaction.on_commit(partial(ring, drain))
    return GO_ON if asked else Step(rest=LOOK_EVERY)


def _lock_all(accounts: Collection[int]) -> list[int]:
    """All of a transaction at once, by their ids, as everywhere; calls are owed after that."""
    rows = ReferralAccount.objects.select_for_update().filter(pk__in=accounts).order_by("pk")
    return list(rows.values_list("pk", flat=True))


# --- By the clock


def sweep() -> int:
    """Owe queries of accounts that were not asked for lately; how many.

    At most ``MOST_SWEPT`` queries are owed at any time, so that the outbox is never flooded. Enabled accounts
    go first; deactivated ones, of which Feishu sends no event, may have been enabled there.
    """
    asked = 0
    for status, sweeps in SWEPT_EVERY.items():
        if (room := MOST_SWEPT - queries_owed()) > 0:
            until = _asked_long_ago(sweeps)
            asked += sum(_sweep_past_mistakes(pk, status, until) for pk in _due(status, room, until))
    return asked


def _asked_long_ago(sweeps: int = 1) -> datetime:
    return clock.now() - sweeps * timedelta(hours=settings.REFERRALS_SWEEP_HOURS)


# --- Which accounts


def queries_owed() -> int:
    owed = Call.objects.filter(channel__operation=GET_ASSETS, state=Call.State.PENDING)
    return owed[:MOST_SWEPT].count()


def _due(status: Status, most: int, until: datetime) -> list[int]:
    """Those that were never asked for first, then those that were asked longest ago."""
    waiting = in_reach().alias(lane=_lane(), under_way=Subquery(_query_under_way()))
    waiting = waiting.filter(status=status, under_way=None).order_by("queried_at")
    # Two queries, each of which reads just a part of the index; the database would read all for one with OR.
    never = list(waiting.filter(queried_at=None).values_list("pk", flat=True)[:most])
    asked_before = waiting.filter(queried_at__lte=until).values_list("pk", flat=True)
    return never + list(asked_before[: most - len(never)])


def not_asked_since(moment: datetime) -> QuerySet[ReferralAccount]:
    """Enabled accounts of which no query has been owed or answered since then."""
    answered = Call.objects.filter(lane=OuterRef("lane"), operation=GET_ASSETS, finished_at__gte=moment)
    long_ago = Q(queried_at=None) | Q(queried_at__lt=moment)
    enabled = in_reach().filter(long_ago, status=Status.AVAILABLE)
    return enabled.alias(lane=_lane()).exclude(Exists(answered))


def _lane() -> Concat:
    """That of the account's calls, as ``outbox.models.lane_of`` makes it, for the database."""
    tenant = Cast("tenant_id", CharField()) if settings.FEISHU_APP_TYPE == "store" else Value("")
    return Concat(tenant, Value(lane_of(None, target_of(""))), "account_id", output_field=CharField())


def _query_under_way() -> QuerySet[Call, int]:
    owed = Call.objects.filter(lane=OuterRef("lane"), operation=GET_ASSETS, state=Call.State.PENDING)
    return owed.values_list("pk", flat=True)[:1]


def _sweep_past_mistakes(pk: int, status: Status, until: datetime) -> bool:
    """An account that can't be asked for, whatever the reason, keeps no other one from being asked for."""
    try:
        return _sweep_one(pk, status, until)
    except (OperationalError, InterfaceError):
        raise  # not this account's fault: it would be the same with all
    except Exception as error:  # noqa: BLE001 - whatever it is
        where = error_location(error)
        logger.error("referral account %d can't be asked for: %s", pk, where)  # noqa: TRY400 - a trace quotes values
        return False


def _sweep_one(pk: int, status: Status, until: datetime) -> bool:
    """False if somebody else has asked, or the account has another status, since it was found."""
    with transaction.atomic():
        account = ledger.lock(pk)
        asked_lately = account.queried_at is not None and account.queried_at > until
        if account.status != status or asked_lately:
            return False
        enqueue_query(account, by=None)
        return True
