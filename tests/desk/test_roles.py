"""Five roles from the first migration on, and permissions given by migrations."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.migrations.state import ProjectState
from django.test import Client
from django.urls import reverse

from hireops.desk.roles import ROLES, Grant, grant

pytestmark = pytest.mark.django_db


def codenames(role: str, app_label: str) -> set[str]:
    group = Group.objects.get(name=ROLES[role])
    return set(group.permissions.filter(content_type__app_label=app_label).values_list("codename", flat=True))


def run(operation: Grant, *, backwards: bool = False) -> None:
    state, editor = ProjectState.from_apps(apps), connection.schema_editor()
    change = operation.database_backwards if backwards else operation.database_forwards
    change("desk", editor, state, state)


def test_the_roles_are_there() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES.values())


def test_the_administrator_manages_people_and_reads_the_audit() -> None:
    assert codenames("administrator", "auth") == {
        f"{verb}_{model}" for verb in ("add", "change", "delete", "view") for model in ("user", "group")
    }
    assert codenames("administrator", "desk") == {
        "release_restoration",
        "view_auditentry",
        "view_heartbeat",
        "view_personal_data",
        "view_restoration",
    }


def test_the_auditor_reads_the_audit_without_personal_data() -> None:
    assert codenames("auditor", "desk") == {"view_auditentry", "view_heartbeat", "view_restoration"}
    assert codenames("auditor", "auth") == set()


def test_a_grant_works_before_django_has_made_the_permission(vera: User) -> None:
    Permission.objects.filter(codename="view_personal_data").delete()

    run(grant("vendor_operator", "desk", "view_personal_data", "view_auditentry"))

    assert {"view_personal_data", "view_auditentry"} <= codenames("vendor_operator", "desk")
    assert User.objects.get(pk=vera.pk).has_perm("desk.view_personal_data")


def test_a_grant_can_be_taken_back() -> None:
    run(grant("auditor", "desk", "view_auditentry"), backwards=True)

    assert "view_auditentry" not in codenames("auditor", "desk")


def test_a_grant_of_what_does_not_exist_stops_the_migration() -> None:
    with pytest.raises(LookupError, match="desk has no permission fly"):
        run(grant("auditor", "desk", "view_auditentry", "fly"))


def test_an_administrator_hands_out_rights_but_not_to_himself(
    otto: User, vera: User, client_of: Callable[[User], Client]
) -> None:
    def make_approver(person: User) -> set[str]:
        approver = Group.objects.get(name=ROLES["hr_approver"])
        form = {"username": person.username, "is_active": "on", "is_staff": "on", "groups": [approver.pk]}
        client_of(otto).post(reverse("admin:auth_user_change", args=[person.pk]), form)
        return set(person.groups.values_list("name", flat=True))

    assert make_approver(vera) == {ROLES["hr_approver"]}
    assert make_approver(otto) == {ROLES["administrator"]}
