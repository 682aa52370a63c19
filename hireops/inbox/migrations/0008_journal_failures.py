from django.db import migrations, models


class Migration(migrations.Migration):
    # One new table; nothing that is there is locked.
    dependencies = [("inbox", "0007_raw_is_encrypted")]

    operations = [
        migrations.CreateModel(
            name="JournalFailure",
            fields=[
                (
                    "host",
                    models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="host"),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
            ],
            options={
                "verbose_name": "failure of the event journal",
                "verbose_name_plural": "failures of the event journal",
                "default_permissions": (),
            },
        ),
    ]
