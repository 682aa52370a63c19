from django.db import migrations

from hireops.desk.roles import grant

SEE = ("view_call", "view_attempt")


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial"), ("desk", "0002_roles")]

    operations = [
        grant("hr_officer", "outbox", *SEE),
        grant("hr_approver", "outbox", *SEE),
        grant("vendor_operator", "outbox", *SEE, "resend_call", "cancel_call"),
        grant("auditor", "outbox", *SEE),
        grant("administrator", "outbox", *SEE, "resend_call", "cancel_call"),
    ]
