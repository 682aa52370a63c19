from django.db import migrations
from django.utils import timezone

from hireops.desk.roles import grant

ROLES = ("hr_officer", "hr_approver", "vendor_operator", "auditor", "administrator")


def open_channels(apps, editor):
    """One for each operation and tenant that calls are there for."""
    call, channel = apps.get_model("outbox", "Call"), apps.get_model("outbox", "Channel")
    now = timezone.now()
    for operation, tenant_id in call.objects.order_by().values_list("operation", "tenant_id").distinct():
        opened = channel.objects.create(
            operation=operation, tenant_id=tenant_id, open_from=now, served_at=now
        )
        call.objects.filter(operation=operation, tenant_id=tenant_id).update(channel=opened)


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_channels"), ("desk", "0002_roles")]

    operations = [
        migrations.RunPython(open_channels, migrations.RunPython.noop),
        *(grant(role, "outbox", "view_channel") for role in ROLES),
        grant("vendor_operator", "outbox", "resolve_call"),
        grant("administrator", "outbox", "resolve_call"),
    ]
