from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    # An auditor sees that somebody was given access, and neither link nor login.
    dependencies = [("bindings", "0022_exams_arranged_and_scored"), ("desk", "0002_roles")]

    operations = [
        grant("vendor_operator", "bindings", "view_examaccess"),
        grant("administrator", "bindings", "view_examaccess"),
    ]
