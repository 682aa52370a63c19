from django.db import migrations

from hireops.desk.append_only import refuse_emptying


class Migration(migrations.Migration):
    dependencies = [("desk", "0006_audit_not_replaced")]

    operations = [refuse_emptying("desk_auditentry")]
