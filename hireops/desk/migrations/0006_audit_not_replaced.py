from django.db import migrations

from hireops.desk.append_only import refuse_replacing


class Migration(migrations.Migration):
    dependencies = [("desk", "0005_health_roles")]

    operations = [refuse_replacing("desk_auditentry")]
