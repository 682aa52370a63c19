from django.db import migrations

from hireops.desk.roles import grant

ROLES = ("hr_officer", "hr_approver", "vendor_operator", "auditor", "administrator")


class Migration(migrations.Migration):
    dependencies = [("inbox", "0003_event_list"), ("desk", "0002_roles")]

    operations = [grant(role, "inbox", "view_replay") for role in ROLES]
