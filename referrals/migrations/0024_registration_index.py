from django.db import migrations, models


class Migration(migrations.Migration):
    # Registrations are narrowed by the day on which they were made.
    dependencies = [("referrals", "0021_lists")]

    operations = [
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["created_at"], name="registration_by_creation"),
        ),
    ]
