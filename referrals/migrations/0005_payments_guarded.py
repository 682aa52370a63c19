from django.db import migrations

from referrals.payments.guards import guard_payments


class Migration(migrations.Migration):
    dependencies = [("referrals", "0004_withdrawals_guarded")]

    operations = [guard_payments()]
