from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # What a day amounts to is counted by these, for the charts of the home page.
    dependencies = [("referrals", "0019_reversals")]

    operations = [
        migrations.AddIndex(
            model_name="balancechange",
            index=models.Index(fields=["created_at"], condition=Q(difference__gt=0), name="change_by_reward"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                fields=["state", "recorded_at"],
                condition=Q(recorded_at__isnull=False),
                name="payment_by_record",
            ),
        ),
    ]
