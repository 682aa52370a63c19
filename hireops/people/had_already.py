"""For migrations of business apps that declare who can approve or pay."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Q

from hireops.database import clock


def had_already(app_label: str, *codenames: str) -> migrations.RunPython:
    """A migration operation: whoever has these permissions now has had them for long, so there is no delay.

    Let the migration depend on ``("people", "0001_rights_and_sessions")`` and on those that grant them.
    """

    def write(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        for codename in codenames:
            _write(apps, app_label, codename)

    return migrations.RunPython(write, migrations.RunPython.noop)


def _write(apps: StateApps, app_label: str, codename: str) -> None:
    user_model, right = apps.get_model("auth", "User"), apps.get_model("people", "PayoutRight")
    permissions = apps.get_model("auth", "Permission").objects
    rows = permissions.filter(content_type__app_label=app_label, codename=codename)
    has_it = Q(groups__permissions__in=rows) | Q(user_permissions__in=rows)
    by_role = set(user_model.objects.filter(has_it, is_active=True).values_list("pk", flat=True))
    superusers = user_model.objects.filter(is_superuser=True, is_active=True)
    everybody = sorted(by_role | set(superusers.values_list("pk", flat=True)))
    now, permission = clock.now(), f"{app_label}.{codename}"
    known = right.objects.filter(permission=permission, ended_at=None).values_list("user", flat=True)
    right.objects.bulk_create(
        right(user_id=pk, permission=permission, as_superuser=pk not in by_role, in_effect_at=now)
        for pk in everybody
        if pk not in set(known)
    )
