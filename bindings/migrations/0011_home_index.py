from django.db import migrations, models


class Migration(migrations.Migration):
    # The orders of a day are counted by it, for the charts of the home page. Exams have such an index.
    dependencies = [("bindings", "0010_announced_years")]

    operations = [
        migrations.AddIndex(
            model_name="backgroundcheck",
            index=models.Index(fields=["received_at"], name="check_by_receipt"),
        ),
    ]
