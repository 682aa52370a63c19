from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    dependencies = [("bindings", "0026_announced_years"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", "view_workday", "change_workday"),
        grant("auditor", "bindings", "view_workday"),
        grant("administrator", "bindings", "view_workday", "change_workday"),
    ]
