from django.db import migrations, models

from hireops.database.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("inbox", "0901_remark")]

    operations = [AddIndexConcurrently("event", models.Index(fields=["remark"], name="event_by_remark"))]
