from django.db import migrations

from hireops.desk.append_only import refuse_replacing


class Migration(migrations.Migration):
    dependencies = [("referrals", "0005_payments_guarded")]

    operations = [refuse_replacing("referrals_balancechange")]
