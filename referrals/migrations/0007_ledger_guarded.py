from django.db import migrations

from hireops.desk.append_only import refuse_emptying
from referrals.ledger import guards as ledger_triggers


class Migration(migrations.Migration):
    dependencies = [("referrals", "0006_history_not_replaced")]

    operations = [
        ledger_triggers.guard_ledger(),
        ledger_triggers.write_one_after_the_other(),
        refuse_emptying(*ledger_triggers.KEPT),
    ]
