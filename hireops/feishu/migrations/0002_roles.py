from django.db import migrations

from hireops.desk.roles import ROLES, grant


class Migration(migrations.Migration):
    dependencies = [("feishu", "0001_initial"), ("desk", "0002_roles")]

    operations = [grant(role, "feishu", "view_tenant") for role in ROLES]
