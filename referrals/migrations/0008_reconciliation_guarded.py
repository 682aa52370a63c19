from django.db import migrations

from hireops.desk.append_only import refuse_emptying
from referrals.reconciliation.guards import KEPT, guard_reconciliation


class Migration(migrations.Migration):
    dependencies = [("referrals", "0007_ledger_guarded")]

    operations = [guard_reconciliation(), refuse_emptying(*KEPT)]
