from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    dependencies = [("people", "0004_invitations"), ("desk", "0002_roles")]

    operations = [
        grant("administrator", "people", "view_invitation", "add_invitation", "withdraw_invitation"),
        grant("auditor", "people", "view_invitation"),
    ]
