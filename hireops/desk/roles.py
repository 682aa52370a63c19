"""The roles of staff. Each is a group; every app grants its permissions in its own migrations."""

from typing import TYPE_CHECKING

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils.translation import get_language

if TYPE_CHECKING:
    from django.contrib.auth.models import Group

# role -> name of its group. The name is data, in both languages at once; renaming one needs a migration.
ROLES = {
    "hr_officer": "人事专员 · HR officer",
    "hr_approver": "人事审批 · HR approver",
    "vendor_operator": "供应商运营 · Vendor operator",
    "auditor": "审计 · Auditor",
    "administrator": "管理员 · Administrator",
}


def role_name(group: "Group") -> str:
    """How staff read of a role: of ours the half in their language, of any other its name.

    It is ``str`` of every group (``hireops.desk.apps``).
    """
    if group.name not in ROLES.values():
        return group.name
    chinese, english = group.name.split(" · ")
    return english if get_language() == "en" else chinese


def grant(role: str, app_label: str, *codenames: str) -> migrations.RunPython:
    """A migration operation that gives a role permissions of one app, such as ``"view_event"``.

    It works on a new database, where Django has made no permission rows yet. Let the migration depend on
    ``("desk", "0002_roles")`` and on the one that creates the models.
    """

    def give(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=ROLES[role])
        group.permissions.add(*_permissions(apps, app_label, codenames))

    def take(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=ROLES[role])
        group.permissions.remove(*_permissions(apps, app_label, codenames))

    return migrations.RunPython(give, take)


def _permissions(apps: StateApps, app_label: str, codenames: tuple[str, ...]) -> list[object]:
    """Rows of the historical ``Permission`` model, made first where they are missing."""
    create_permissions(installed.get_app_config(app_label), verbosity=0, apps=apps)
    permission = apps.get_model("auth", "Permission")
    found = permission.objects.filter(content_type__app_label=app_label, codename__in=codenames)
    missing = set(codenames) - {row.codename for row in found}
    if missing:
        raise LookupError(f"{app_label} has no permission {', '.join(sorted(missing))} at this migration")
    return list(found)
