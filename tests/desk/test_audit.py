"""The audit: written with the change, never altered, readable by those with the right."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client

from hireops.desk.append_only import AppendOnlyError
from hireops.desk.audit import record
from hireops.desk.models import AuditEntry
from hireops.desk.roles import ROLES
from tests.selection import also_on_sqlite, on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

LIST = "/admin/desk/auditentry/"
Browser = Callable[[User], Client]


@pytest.fixture
def entry(ada: User) -> AuditEntry:
    return record(
        by=ada,
        action="approved",
        on=Group.objects.get(name=ROLES["auditor"]),
        reason="checked",
        mobile="13812345678",
    )


def test_an_entry_says_who_what_when_and_why(entry: AuditEntry) -> None:
    kept = AuditEntry.objects.get()
    group = Group.objects.get(pk=entry.target_id)

    assert (kept.actor_name, kept.action, kept.reason) == ("ada", "approved", "checked")
    assert (kept.target_type.model, kept.target_id, kept.target_label) == ("group", str(group.pk), str(group))
    assert kept.details == {"mobile": "13812345678"}
    assert kept.at == entry.at
    assert kept.at.tzinfo is not None


def test_what_hireops_does_by_itself_has_no_actor() -> None:
    entry = record(by=None, action="expired", on=Group.objects.create(name="x" * 150))

    assert (entry.actor, entry.actor_name) == (None, "")


def test_an_entry_goes_with_the_change_that_caused_it(ada: User) -> None:
    with transaction.atomic():
        record(by=ada, action="approved", on=ada)
        transaction.set_rollback(True)

    assert AuditEntry.objects.count() == 0


CHANGES: list[Callable[[AuditEntry], Any]] = [
    lambda entry: entry.save(),
    lambda entry: entry.delete(),
    lambda entry: AuditEntry.objects.update(reason="other"),
    lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
    lambda entry: AuditEntry.objects.bulk_update([entry], ["reason"]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_code_cannot_change_an_entry(entry: AuditEntry, change: Callable[[AuditEntry], Any]) -> None:
    entry.reason = "other"

    with pytest.raises(AppendOnlyError):
        change(entry)

    assert AuditEntry.objects.get(pk=entry.pk).reason == "checked"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE desk_auditentry SET reason = ''",
        "DELETE FROM desk_auditentry",
        pytest.param("INSERT OR REPLACE INTO desk_auditentry SELECT * FROM desk_auditentry", marks=on_sqlite),
    ],
)
def test_the_database_refuses_to_change_an_entry(entry: AuditEntry, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditEntry.objects.get(pk=entry.pk).reason == "checked"


def test_a_person_with_entries_cannot_be_deleted(entry: AuditEntry, ada: User) -> None:
    with pytest.raises(ProtectedError):
        ada.delete()

    assert User.objects.filter(pk=ada.pk).exists()


def test_what_is_edited_in_the_admin_is_audited(otto: User, client_of: Browser) -> None:
    browser = client_of(otto)

    browser.post("/admin/auth/group/add/", {"name": "Night shift"})
    group = Group.objects.get(name="Night shift")
    browser.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Day shift"})
    browser.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})

    entries = AuditEntry.objects.order_by("id")
    assert [(entry.actor_name, entry.action, entry.target_label) for entry in entries] == [
        ("otto", "added", "Night shift"),
        ("otto", "changed", "Day shift"),
        ("otto", "deleted", "Day shift"),
    ]
    assert entries[1].details == {"changes": [{"changed": {"fields": ["Name"]}}]}
    assert LogEntry.objects.count() == 0


def test_the_history_of_an_object_is_its_audit(entry: AuditEntry, otto: User, client_of: Browser) -> None:
    page = client_of(otto).get(f"/admin/auth/group/{entry.target_id}/history/").content.decode()

    assert "checked" in page
    assert "ada" in page


def test_the_auditor_reads_and_nobody_writes(entry: AuditEntry, audrey: User, client_of: Browser) -> None:
    root = User.objects.create_superuser("root")

    assert client_of(audrey).get(f"{LIST}?q=ada&action=approved").status_code == 200
    for person in (audrey, root):
        browser = client_of(person)
        assert browser.get(f"{LIST}{entry.pk}/change/").status_code == 200
        assert browser.get(f"{LIST}add/").status_code == 403
        assert browser.post(f"{LIST}{entry.pk}/change/", {"reason": "other"}).status_code == 403
        assert browser.post(f"{LIST}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.get(pk=entry.pk).reason == "checked"


def test_personal_data_in_details_is_masked(entry: AuditEntry, audrey: User, client_of: Browser) -> None:
    page = client_of(audrey).get(f"{LIST}{entry.pk}/change/").content.decode()

    assert "138****5678" in page
    assert "13812345678" not in page


def test_who_has_no_right_sees_no_audit(entry: AuditEntry, vera: User, eve: User, client_of: Browser) -> None:
    assert client_of(vera).get(LIST).status_code == 403
    assert client_of(eve).get(f"{LIST}{entry.pk}/change/").status_code == 403


def test_the_reasons_of_hireops_itself_are_read_in_the_readers_language(
    ada: User, audrey: User, client_of: Browser
) -> None:
    for by in (None, ada):
        record(by=by, action="call cancelled", on=ada, reason="given up with its order")
    page = client_of(audrey).get(LIST).content.decode()
    assert page.count("given up with its order") == 1
    assert page.count("随订单一并放弃") == 1
