from django.db import migrations, models


class Migration(migrations.Migration):
    # Only what the choice is called: no change in the database. Guards of payouts ask desk_restoration.
    dependencies = [("referrals", "0025_steps_in_order"), ("desk", "0012_restoration")]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="kind",
            field=models.CharField(
                choices=[
                    ("points", "Points differ from Feishu's"),
                    ("cash", "Cash differs within hireops"),
                    ("drift", "Balance moved without an event"),
                    ("unasked", "Feishu names what was not asked for"),
                    ("unknown_account", "Feishu does not know the account"),
                    ("contact", "Contact differs from Feishu's"),
                    ("future", "An event tells of a change in the future"),
                    ("turned_out", "Ended as not done, and may be done"),
                    ("perhaps_paid", "Perhaps paid after the backup"),
                ],
                max_length=16,
                verbose_name="what",
            ),
        ),
    ]
