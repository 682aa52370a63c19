"""``python -m tests.drills.offering STEP``: what staff do in drills and benchmarks of offers.

``know`` reads account IDs from standard input, to which packages are offered. ``change`` has the catalogue
move on. ``begin`` brings all of them up to date and rings; it prints how many accounts there were to send to.
``ring`` only rings, ``told`` prints how it stands.
"""

import sys

import django

django.setup()

from django.conf import settings  # noqa: E402 - after setup
from django.contrib.auth.models import User  # noqa: E402
from django.db import transaction  # noqa: E402

from bindings.models import (  # noqa: E402
    AdditionalItem,
    CheckPackage,
    EcoAccount,
    Offer,
)
from bindings.offers import comparing, runs  # noqa: E402
from hireops.database import clock  # noqa: E402
from hireops.inbox import dispatch  # noqa: E402
from hireops.jobs.tasks import work  # noqa: E402
from hireops.outbox.tasks import drain  # noqa: E402
from tests.kept_events import keep_event  # noqa: E402


def know() -> None:
    User.objects.create_user("vera")
    for account_id in sys.stdin.read().split():
        _bind(account_id)
    while batch := dispatch.claim():
        dispatch.handle(batch)
    for code in ("basic", "full", "senior"):
        _offer(package=_package(code))
    _offer(item=AdditionalItem.objects.create(code="court", name="Court records"))
    comparing.compare(_accounts())


def _bind(account_id: str) -> None:
    """Feishu has told of it."""
    body = {"account_id": account_id, "account_name": f"Account {account_id}", "scope": 1}
    keep_event(
        app_id=settings.FEISHU_APP_ID,
        event_id=f"event-{account_id}",
        event_type="hire.eco_account.created_v1",
        tenant_key="2ca1d211f64f6438",
        created_at=clock.now(),
        subject=account_id,
        payload={"schema": "2.0", "header": {}, "event": body},
    )


def _package(code: str) -> CheckPackage:
    return CheckPackage.objects.create(code=code, name=f"Package {code}", description="As agreed.")


def _offer(**what: CheckPackage | AdditionalItem) -> None:
    Offer.objects.bulk_create([Offer(account=account, **what) for account in _accounts()])


def change() -> None:
    """One is new, one has another name, one goes: three calls for each account."""
    number = CheckPackage.objects.count()
    oldest = CheckPackage.objects.filter(offers__isnull=False).exclude(code="basic").earliest("pk")
    Offer.objects.filter(package=oldest).delete()
    _offer(package=_package(f"new-{number}"))
    CheckPackage.objects.filter(code="basic").update(name=f"Package {number}")
    comparing.compare(_accounts())


def begin() -> None:
    accounts = _accounts()
    now = runs.preview_run(accounts)
    print(len(now.accounts))  # noqa: T201 - for the drill
    if now.accounts:
        by = User.objects.get(username="vera")
        with transaction.atomic():
            runs.bring_all_up_to_date(accounts, by=by, fingerprint=now.fingerprint, deletes=now.deletes)
        work.delay()  # waits at the door until a worker comes


def ring() -> None:
    """A worker that was killed may have taken the ring with it."""
    work.delay()
    drain.delay()


def _accounts() -> list[EcoAccount]:
    return list(EcoAccount.objects.select_related("tenant").order_by("pk"))


if __name__ == "__main__":
    {"know": know, "change": change, "begin": begin, "ring": ring}[sys.argv[1]]()
