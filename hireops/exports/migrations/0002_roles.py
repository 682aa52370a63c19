from django.db import migrations

from hireops.desk.roles import grant


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_initial"), ("desk", "0002_roles")]

    # Who works with the rows, and who looks at that work, may take them along. Administrators keep the house:
    # they see who has exported what.
    operations = [
        *(
            grant(role, "exports", "export")
            for role in ("hr_officer", "hr_approver", "vendor_operator", "auditor")
        ),
        *(grant(role, "exports", "view_export") for role in ("auditor", "administrator")),
    ]
