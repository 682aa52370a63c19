"""Asking for the balances of all enabled accounts, a few at a time."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.models import AuditEntry
from hireops.desk.paging import bounded_count
from hireops.error_location import error_location
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call, lane_of
from referrals.accounts.services import GET_ASSETS, enqueue_query, target_of
from referrals.ledger import services as ledger
from referrals.models import ReferralAccount

ASKED_FOR_ALL = gettext_noop("all balances asked for")
Status = ReferralAccount.Status

# Feishu answers ten queries a second: what is owed at any time is answered within a minute.
MOST_SWEPT = 500
MOST_COUNTED = 100_000

logger = logging.getLogger(__name__)


def ask_for_all(*, by: User) -> int:
    """Let the sweep ask for every enabled account that was not asked since now; how many there are.

    Not a call for each at once: tens of thousands of them would hold up everything else for hours. Nor is
    anything written to so many rows: the sweep reads the audit entry.
    """
    audit.record(by=by, action=ASKED_FOR_ALL, on=by)
    return bounded_count(_in_reach().filter(status=Status.AVAILABLE), MOST_COUNTED)


def sweep() -> int:
    """Owe queries of enabled accounts that were not asked for lately; how many.

    At most ``MOST_SWEPT`` queries are owed at any time, so that the outbox is never flooded.
    """
    room = MOST_SWEPT - _queries_owed()
    if room <= 0:
        return 0
    until = _due_if_asked_until()
    return sum(_sweep_past_mistakes(pk, until) for pk in _due(room, until))


def _due_if_asked_until() -> datetime:
    """Since then an account must have been asked: for some hours, or since somebody wanted all of them."""
    moment = clock.now() - timedelta(hours=settings.REFERRALS_SWEEP_HOURS)
    wanted = AuditEntry.objects.filter(action=ASKED_FOR_ALL).order_by("-at").values_list("at", flat=True)
    return max(wanted.first() or moment, moment)


def _queries_owed() -> int:
    owed = Call.objects.filter(channel__operation=GET_ASSETS, state=Call.State.PENDING)
    return owed[:MOST_SWEPT].count()


def _due(most: int, until: datetime) -> list[int]:
    """Those that were never asked for first, then those that were asked longest ago."""
    waiting = _in_reach().alias(lane=_lane(), under_way=Subquery(_query_under_way()))
    waiting = waiting.filter(status=Status.AVAILABLE, under_way=None).order_by("queried_at")
    # Two queries, each of which reads just a part of the index; the database would read all for one with OR.
    never = list(waiting.filter(queried_at=None).values_list("pk", flat=True)[:most])
    asked_before = waiting.filter(queried_at__lte=until).values_list("pk", flat=True)
    return never + list(asked_before[: most - len(never)])


def _in_reach() -> QuerySet[ReferralAccount]:
    """Of companies that we may call: none that has uninstalled or suspended the app."""
    return ReferralAccount.objects.filter(tenant__in=Tenant.objects.active())


def _lane() -> Concat:
    """That of the account's calls, as ``outbox.models.lane_of`` makes it, for the database."""
    tenant = Cast("tenant_id", CharField()) if settings.FEISHU_APP_TYPE == "store" else Value("")
    return Concat(tenant, Value(lane_of(None, target_of(""))), "account_id", output_field=CharField())


def _query_under_way() -> QuerySet[Call, int]:
    owed = Call.objects.filter(lane=OuterRef("lane"), operation=GET_ASSETS, state=Call.State.PENDING)
    return owed.values_list("pk", flat=True)[:1]


def _sweep_past_mistakes(pk: int, until: datetime) -> bool:
    """An account that can't be asked for, whatever the reason, keeps no other one from being asked for."""
    try:
        return _sweep_one(pk, until)
    except (OperationalError, InterfaceError):
        raise  # not this account's fault: it would be the same with all
    except Exception as error:  # noqa: BLE001 - whatever it is
        where = error_location(error)
        logger.error("referral account %d can't be asked for: %s", pk, where)  # noqa: TRY400 - a trace quotes values
        return False


def _sweep_one(pk: int, until: datetime) -> bool:
    """False if somebody else has asked, or the account was deactivated, since it was found."""
    with transaction.atomic():
        account = ledger.lock(pk)
        asked_lately = account.queried_at is not None and account.queried_at > until
        if account.status != Status.AVAILABLE or asked_lately:
            return False
        enqueue_query(account, by=None)
        return True
