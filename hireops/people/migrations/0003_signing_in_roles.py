from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    dependencies = [("people", "0002_signing_in"), ("desk", "0002_roles")]

    operations = [
        grant("administrator", "people", "view_tally", "let_in"),
        grant("auditor", "people", "view_tally"),
    ]
