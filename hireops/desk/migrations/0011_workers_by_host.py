from django.db import migrations, models


class Migration(migrations.Migration):
    # Each worker has a row of its own, with its host and version. The row of a worker of before stays until
    # that worker has been silent for an hour; it may write it meanwhile, so the new columns have defaults.
    dependencies = [("desk", "0010_saved_filters")]

    operations = [
        migrations.AlterField(
            "heartbeat",
            "name",
            models.CharField(max_length=128, primary_key=True, serialize=False, verbose_name="process"),
        ),
        migrations.AddField(
            "heartbeat",
            "host",
            models.CharField(blank=True, db_default="", max_length=64, verbose_name="host"),
        ),
        migrations.AddField(
            "heartbeat",
            "version",
            models.CharField(blank=True, db_default="", max_length=32, verbose_name="version"),
        ),
    ]
