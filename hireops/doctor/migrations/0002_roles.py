from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    dependencies = [("doctor", "0001_initial"), ("desk", "0002_roles")]

    operations = [
        grant("administrator", "doctor", "view_examination", "ask_examination"),
        grant("auditor", "doctor", "view_examination"),
    ]
