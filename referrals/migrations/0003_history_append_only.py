from django.db import migrations

from hireops.desk.append_only import refuse_changes


class Migration(migrations.Migration):
    dependencies = [("referrals", "0002_roles")]

    operations = [refuse_changes("referrals_balancechange")]
