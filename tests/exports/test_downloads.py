"""The file is for who asked for it, for as long as they may have it, and for some days."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from hireops.desk.models import AuditEntry
from hireops.desk.roles import ROLES
from hireops.exports import tasks
from hireops.exports.models import Export, ExportPiece
from referrals.models import ReferralAccount
from tests.clocks import Clock
from tests.exports.files import ask, content, download
from tests.long_work import work

Pages = Callable[[User], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def export(hira: User, pages: Pages, account: Callable[..., ReferralAccount]) -> Export:
    """One of hira's, written."""
    account()
    export = ask(pages(hira), in_the_clear="on", reason="for the tax office")
    work()
    export.refresh_from_db()
    assert export.state == Export.State.READY
    return export


def page_of(export: Export) -> str:
    return reverse("admin:exports_export_change", args=[export.pk])


@pytest.mark.parametrize("whose", ["ada", "audrey", "admin_user"])
def test_nobody_else_has_it(whose: str, export: Export, pages: Pages, request: pytest.FixtureRequest) -> None:
    other = pages(request.getfixturevalue(whose))

    assert "Download" not in other.get(page_of(export)).content.decode()
    assert download(other, export).status_code in {403, 404}
    assert not AuditEntry.objects.filter(action="export downloaded").exists()


def test_it_is_called_by_the_day_of_the_reader(export: Export, hira: User, pages: Pages) -> None:
    evening = datetime(2026, 11, 24, 20, tzinfo=UTC)  # the morning after in China
    Export.objects.filter(pk=export.pk).update(asked_at=evening)

    answer = download(pages(hira), export)

    assert f"referralaccount-20261125-{export.pk}.csv" in answer["Content-Disposition"]


def test_each_download_is_in_the_audit(export: Export, hira: User, pages: Pages) -> None:
    content(pages(hira), export)
    content(pages(hira), export)

    entries = AuditEntry.objects.filter(action="export downloaded", actor=hira)

    assert entries.count() == 2
    details = entries[0].details
    assert (details["rows"], details["sha256"], details["masked"]) == (1, export.sha256, False)


def test_a_link_alone_downloads_nothing(export: Export, hira: User, pages: Pages) -> None:
    answer = pages(hira).get(reverse("admin:exports_export_download", args=[export.pk]))

    assert answer.status_code == 302
    assert not AuditEntry.objects.filter(action="export downloaded").exists()


@pytest.mark.parametrize("right", ["view_referralaccount", "view_personal_data", "export"])
def test_who_has_lost_the_right_has_lost_the_file(
    right: str, export: Export, hira: User, pages: Pages
) -> None:
    role = Group.objects.get(name=ROLES["hr_officer"])
    lost = [right, "change_referralaccount"] if right == "view_referralaccount" else [right]
    role.permissions.remove(*role.permissions.filter(codename__in=lost))

    answer = download(pages(hira), export)

    assert answer.status_code in {302, 403}
    assert not AuditEntry.objects.filter(action="export downloaded").exists()


def test_rights_are_asked_again_while_it_is_written(
    hira: User, pages: Pages, account: Callable[..., ReferralAccount]
) -> None:
    account()
    export = ask(pages(hira))
    hira.groups.clear()

    work()

    export.refresh_from_db()
    assert export.state == Export.State.FAILED
    assert export.problem == "Whoever asked for it may not export this list any more."
    assert not ExportPiece.objects.exists()


def test_after_some_days_the_file_is_gone_and_later_all_of_it(
    export: Export, hira: User, pages: Pages, clock: Clock
) -> None:
    clock.advance(days=6)
    tasks.trim()
    assert ExportPiece.objects.exists()

    clock.advance(days=2)
    tasks.trim()
    assert not ExportPiece.objects.exists()
    assert "The file has been removed." in pages(hira).get(page_of(export)).content.decode()
    assert download(pages(hira), export).status_code == 302

    clock.advance(days=180)
    tasks.trim()
    assert not Export.objects.exists()
