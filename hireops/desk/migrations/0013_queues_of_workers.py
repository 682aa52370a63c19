from django.db import migrations, models


class Migration(migrations.Migration):
    # A worker says which queues it takes up; one of a release before does not, and may write its row meanwhile,
    # so there is a default. Beat has a row for each host, and the one without a host would be a beat that stopped.
    changes_rows_of = ("desk_heartbeat",)
    dependencies = [("desk", "0012_restoration")]

    operations = [
        migrations.AddField(
            "heartbeat",
            "queues",
            models.CharField(blank=True, db_default="", max_length=200, verbose_name="queues"),
        ),
        migrations.RunSQL("DELETE FROM desk_heartbeat WHERE name = 'beat'", migrations.RunSQL.noop),
    ]
