from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    # Each side looks after its own events and calls: what belongs to an app is shown, and left, to who may
    # see that app (``permission`` in the registries of the inbox and the outbox).
    dependencies = [
        ("referrals", "0008_reconciliation_guarded"),
        ("inbox", "0002_roles"),
        ("outbox", "0002_roles"),
    ]

    operations = [
        grant("hr_officer", "inbox", "replay_event"),
        grant("hr_officer", "outbox", "resend_call", "cancel_call"),
    ]
