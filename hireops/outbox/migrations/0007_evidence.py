from django.db import migrations

from hireops.outbox.evidence_triggers import keep_evidence


class Migration(migrations.Migration):
    dependencies = [("outbox", "0006_quick_lists")]

    operations = [keep_evidence()]
