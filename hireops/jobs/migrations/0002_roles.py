from django.db import migrations

from hireops.desk.roles import ROLES, grant


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("desk", "0002_roles")]

    # Each sees the kinds of work that belong to what he may see.
    operations = [
        *(grant(role, "jobs", "view_job") for role in ROLES),
        grant("administrator", "jobs", "manage_job"),
    ]
