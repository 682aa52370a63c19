from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Coalesce

from hireops.database.empty_last import Downwards
from hireops.desk.roles import grant


class Migration(migrations.Migration):
    # Lists are narrowed and sorted by amounts and times. The changes of balances have one index by time in
    # the place of that of the rewards alone, whose days are counted by it as before: nearly all are rewards.
    dependencies = [("referrals", "0020_home_index"), ("desk", "0002_roles")]

    operations = [
        migrations.AddField(
            model_name="referralaccount",
            name="notes",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="notes"),
        ),
        migrations.AddIndex(
            model_name="balance", index=models.Index(fields=["asset", "amount"], name="balance_by_amount")
        ),
        migrations.RemoveIndex(model_name="balancechange", name="change_by_reward"),
        migrations.AddIndex(
            model_name="balancechange",
            index=models.Index(fields=["asset", "difference", "id"], name="change_by_amount"),
        ),
        migrations.AddIndex(
            model_name="balancechange", index=models.Index(fields=["created_at"], name="change_by_time")
        ),
        migrations.AddIndex(
            model_name="payment", index=models.Index(fields=["asset", "sum"], name="payment_by_sum")
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["recorded_at", "-id"], name="payment_oldest_record"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=Downwards(column="recorded_at", name="payment_newest_record"),
        ),
        migrations.AddIndex(
            model_name="withdrawalamount",
            index=models.Index(
                F("asset"),
                Coalesce("taken", "seen"),
                name="withdrawal_by_amount",
            ),
        ),
        # What is noted of an account is written by who works with it.
        grant("hr_officer", "referrals", "change_referralaccount"),
        grant("hr_approver", "referrals", "change_referralaccount"),
    ]
