"""The roles of staff. Each is a group; every app grants its permissions in its own migrations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps
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


class Grant(Operation):
    """Gives a role permissions of one app; backwards takes them again.

    Not a ``RunPython``, for which Django renders every historical model anew: a new database would wait long
    for that. Models of ``auth`` and the names of permissions are never among what it renders late.
    """

    reduces_to_sql = False
    is_additive = True
    atomic = True

    def __init__(self, role: str, app_label: str, codenames: Sequence[str]) -> None:
        self.role, self.app_label, self.codenames = role, app_label, codenames

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Rights are rows; the models stay as they are."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._permissions_of_the_role(to_state.apps).add(*self._rows(to_state.apps))

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._permissions_of_the_role(from_state.apps).remove(*self._rows(from_state.apps))

    def describe(self) -> str:
        return f"Give {self.role} {', '.join(self.codenames)} of {self.app_label}"

    def _permissions_of_the_role(self, apps: StateApps) -> Any:
        group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=ROLES[self.role])
        return group.permissions

    def _rows(self, apps: StateApps) -> list[object]:
        """Rows of the historical ``Permission`` model, made first where they are missing."""
        create_permissions(installed.get_app_config(self.app_label), verbosity=0, apps=apps)
        permission = apps.get_model("auth", "Permission")
        found = permission.objects.filter(content_type__app_label=self.app_label, codename__in=self.codenames)
        missing = set(self.codenames) - {row.codename for row in found}
        if missing:
            raise LookupError(
                f"{self.app_label} has no permission {', '.join(sorted(missing))} at this migration"
            )
        return list(found)


def grant(role: str, app_label: str, *codenames: str) -> Grant:
    """A migration operation that gives a role permissions of one app, such as ``"view_event"``.

    It works on a new database, where Django has made no permission rows yet. Let the migration depend on
    ``("desk", "0002_roles")`` and on the one that creates the models.
    """
    return Grant(role, app_label, codenames)
