"""A database with something in every table, which Django is connected to, and which a test may spoil."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from hireops.database import clock
from hireops.desk.models import Release, Restoration
from hireops.inbox.models import Event, EventContent
from hireops.people.models import Invitation
from referrals.models import Ending, Payment, PayoutBatch, ResultsFile, Reversal, SelfApproval, Withdrawal
from tests.databases import Database, new_database
from tests.guards.changes import Changes
from tests.guards.vendor import serve_a_customer
from tests.template import template
from tests.upgrade import dumps
from tests.upgrade.conftest import IS_SQLITE, KIND, opened

OLDEST = Path(dumps.__file__).with_name(f"f82b898{KIND}")


@pytest.fixture(scope="session")
def _former(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Database]:
    """As the oldest commit with a starting point has left it: its guards were made by migrations."""
    with new_database(tmp_path_factory.mktemp("former")) as database:
        if IS_SQLITE:
            dumps.load_sqlite(OLDEST, Path(urlsplit(database.url).path))
        else:
            with django_db_blocker.unblock(), opened(database), connection.cursor() as cursor:
                dumps.load_postgresql(OLDEST, cursor)
        yield database


@pytest.fixture(scope="session")
def _migrated(
    _former: Database, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Database]:
    database = _former.copy(tmp_path_factory.mktemp("company"))
    try:
        with django_db_blocker.unblock(), opened(database):
            call_command("migrate", verbosity=0)
            SelfApproval.objects.create(withdrawal=Withdrawal.objects.earliest("pk"))
            _endings()
            _reversals()
            _results_files()
            serve_a_customer()
            _restored()
            _events()
            ada = User.objects.get(username="ada")
            ada.groups.clear()  # her payout rights end
            ada.set_password("one of her own")
            ada.save()
            invitation = Invitation.objects.create(
                email="x@x.com", invited_by=ada, expires_at=ada.date_joined
            )
            Invitation.objects.filter(pk=invitation.pk).update(used_by=ada, used_at=ada.date_joined)
        yield database
    finally:
        database.drop()


def _endings() -> None:
    """One that waits for a second person, and one that was declined."""
    hira, ada = (User.objects.get(username=name) for name in ("hira", "ada"))
    for withdrawal in Withdrawal.objects.order_by("pk")[:2]:
        ending = Ending.objects.create(
            withdrawal=withdrawal, outcome=Ending.Outcome.NOT_DONE, proposed_by=hira, reason="refused"
        )
    ending.state, ending.decided_by, ending.decided_at = Ending.State.DECLINED, ada, clock.now()
    ending.save(update_fields=["state", "decided_by", "decided_at"])


def _reversals() -> None:
    """One that waits for a second person, and one that was declined."""
    hira, ada = (User.objects.get(username=name) for name in ("hira", "ada"))
    for payment in Payment.objects.filter(state=Payment.State.PAID).order_by("pk")[:2]:
        reversal = Reversal.objects.create(
            payment=payment, cause=Reversal.Cause.ACCOUNT_CLOSED, proposed_by=hira, reason="as the bank says"
        )
    reversal.state, reversal.decided_by, reversal.decided_at = Reversal.State.DECLINED, ada, clock.now()
    reversal.save(update_fields=["state", "decided_by", "decided_at"])


def _results_files() -> None:
    """One from which results were recorded, and one that was only looked at."""
    hira, batch = User.objects.get(username="hira"), PayoutBatch.objects.earliest("pk")
    for recorded_at in (clock.now(), None):
        ResultsFile.objects.create(batch=batch, content=b"x", uploaded_by=hira, recorded_at=recorded_at)


def _events() -> None:
    """One that is due in a hundred years, and one of which nobody knows any more what it said."""
    handled = Event.objects.filter(state=Event.State.HANDLED).order_by("-pk")
    due, old = handled.filter(content__isnull=False)[:2]
    Event.objects.filter(pk=due.pk).update(
        state=Event.State.PENDING, handled_at=None, not_before=clock.now() + timedelta(days=36_500)
    )
    EventContent.objects.filter(event=old).delete()


def _restored() -> None:
    """Once, and released: nothing is held back."""
    ada = User.objects.get(username="ada")
    restoration = Restoration.objects.create(stands=False, ended_at=clock.now())
    Release.objects.create(restoration=restoration, part="calls", by=ada, reason="1")


@pytest.fixture
def former(_former: Database, tmp_path: Path, django_db_blocker: Any) -> Iterator[Database]:
    yield from _copy(_former, tmp_path, django_db_blocker)


@pytest.fixture
def company(_migrated: Database, tmp_path: Path, django_db_blocker: Any) -> Iterator[Database]:
    yield from _copy(_migrated, tmp_path, django_db_blocker)


def _copy(original: Database, folder: Path, blocker: Any) -> Iterator[Database]:
    database = original.copy(folder)
    try:
        with blocker.unblock(), opened(database):
            yield database
    finally:
        database.drop()


@pytest.fixture
def fresh(tmp_path: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Database]:
    """One in which nobody has done anything yet."""
    yield from _copy(template(), tmp_path, django_db_blocker)


@pytest.fixture
def changes(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Changes:
    """More migrations than hireops has, for every app with guarded tables."""
    monkeypatch.syspath_prepend(tmp_path)
    return Changes(tmp_path, settings)
