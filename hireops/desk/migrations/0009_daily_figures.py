from django.db import migrations, models


class Migration(migrations.Migration):
    # Figures of days, for the charts of the home page. Empty at first: a worker counts the days that were.
    dependencies = [("desk", "0008_signing_in")]

    operations = [
        migrations.CreateModel(
            name="DailyFigures",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("series", models.CharField(max_length=64)),
                ("day", models.DateField()),
                ("figures", models.JSONField(default=dict)),
                ("counted_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("series", "day"), name="one_row_of_figures_a_day")
                ],
            },
        ),
    ]
