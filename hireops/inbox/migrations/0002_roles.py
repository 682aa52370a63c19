from django.db import migrations

from hireops.desk.roles import grant

VIEW = ("view_event", "view_attempt", "view_conflict")


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial"), ("desk", "0002_roles")]

    operations = [
        grant("hr_officer", "inbox", *VIEW),
        grant("hr_approver", "inbox", *VIEW),
        grant("vendor_operator", "inbox", *VIEW, "replay_event"),
        grant("auditor", "inbox", *VIEW),
        grant("administrator", "inbox", *VIEW, "replay_event"),
    ]
