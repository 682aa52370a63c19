from django.db import migrations

from hireops.desk.roles import ROLES, grant


class Migration(migrations.Migration):
    dependencies = [("desk", "0004_health")]

    operations = [grant(role, "desk", "view_heartbeat") for role in ROLES]
