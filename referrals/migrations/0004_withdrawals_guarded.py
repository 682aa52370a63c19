from django.db import migrations

from referrals.payouts.guards import guard_withdrawals


class Migration(migrations.Migration):
    dependencies = [("referrals", "0003_history_append_only")]

    operations = [guard_withdrawals()]
