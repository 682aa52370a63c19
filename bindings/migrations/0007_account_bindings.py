from collections.abc import Iterator
from itertools import islice
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

AT_ONCE = 1000
BOUND = ["account bound", "account bound again"]


def read_from_audit(apps: Any, schema_editor: Any) -> None:
    """Until now only the audit knew which events an account had its data from, before the one it has now."""
    binding = apps.get_model("bindings", "AccountBinding")
    accounts_by_event = dict(_bound_by_the_audit(apps))
    accounts_by_event |= dict(apps.get_model("bindings", "EcoAccount").objects.values_list("event_id", "pk"))
    rows = (binding(account_id=account, event_id=event) for event, account in accounts_by_event.items())
    while some := list(islice(rows, AT_ONCE)):
        binding.objects.bulk_create(some)


def _bound_by_the_audit(apps: Any) -> Iterator[tuple[int, int]]:
    """(event, account) of each entry."""
    accounts = set(apps.get_model("bindings", "EcoAccount").objects.values_list("pk", flat=True))
    entries = apps.get_model("desk", "AuditEntry").objects.filter(
        action__in=BOUND, target_type__app_label="bindings", target_type__model="ecoaccount"
    )
    for target_id, details in entries.values_list("target_id", "details").iterator():
        if "event" in details and int(target_id) in accounts:
            yield details["event"], int(target_id)


class Migration(migrations.Migration):
    dependencies = [
        ("bindings", "0006_pushes_not_emptied"),
        ("desk", "0007_audit_not_emptied"),
        ("inbox", "0005_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountBinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bindings",
                        to="bindings.ecoaccount",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inbox.event"
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunPython(read_from_audit, migrations.RunPython.noop),
    ]
